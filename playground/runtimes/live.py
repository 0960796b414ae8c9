"""One run of the registry: its record, the thread that reads its events, and whoever waits for news of it."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from playground.config import parse_config
from playground.runs.control import SNAPSHOT_RATE
from playground.runs.events import Answer, Event, Failed, Finished, Paused
from playground.runtimes.attempt import Attempt
from playground.runtimes.base import Lasting, LastingRun, RegistryError, Run, Runtime, WorkerDied
from playground.runtimes.moments import MomentHistory
from playground.runtimes.records import History, RunRecord, advance, best_step
from playground.runtimes.thinning import ended
from playground.runtimes.waiters import Waiters

UNWATCHED = "Paused: nobody was watching."
LET_GO = "Its weights were let go to make room for those of newer runs."


class LiveRun:
    """A record that changes. Every public method may be called from any thread. With `kept`, which is called after each
    event, it is a training: it keeps moments, and can be continued; where it `lasts`, it is on the disk, and may outlast this program."""

    def __init__(
        self, run_id: str, config: Any, now: float, kept: Callable[[LiveRun], None] | None = None, lasts: bool = False
    ) -> None:
        values = config.model_dump() if hasattr(config, "model_dump") else {}
        self.config, self.trains, self.lasts = config, kept is not None, lasts and kept is not None
        self.record = RunRecord(run_id, values, moments=MomentHistory() if kept else None)
        self.changed = threading.Condition()
        self.attempt = Attempt()
        self.thread: threading.Thread | None = None
        self.touched = now
        self.quiet = False  # the loop was told that nobody looks
        self.resting = False  # we paused it, not a person
        self.held = False  # a person paused it, not we
        self.checkpoints = 0
        self.began = now  # when it was let in last
        self.ended: float | None = None  # when it ended here last
        self.stood: float | None = None  # since when it is paused, as far as the sweeper has seen
        self.visitor = ""  # who asked for it last
        self.returns = False  # its turn ends: then it gets in line again by itself
        self.over: Callable[[LiveRun], None] = lambda live: None  # called when an attempt has ended, with no lock held
        self._task = ""
        self._ready: dict[str, Any] | None = None  # what its task is to be given, while it waits in line
        self._kept = kept or (lambda live: None)  # called after each event, with no lock held
        self._history = History()
        self._note = ""
        self._waiters = Waiters(self.changed)

    @classmethod
    def opened(cls, record: RunRecord, history: History, now: float, kept: Callable[[LiveRun], None]) -> LiveRun:
        """A training that has ended, with all that is known of it."""
        live = cls(record.run_id, parse_config(record.config), now, kept, lasts=True)
        live.record, live._history = record, history
        return live

    def line_up(self, kwargs: dict[str, Any], task: str = "", **changes: Any) -> None:
        """Wait for `launch`, which starts `task`, or that of the time before, with `kwargs`. `changes` are made to the record at once."""
        with self.changed:
            self.attempt = Attempt()
            self.quiet = self.resting = self.held = self.returns = False
            self.stood, self._note, self._task, self._ready = None, "", task or self._task, kwargs
            self._put(status="waiting", message="", suggestion="", place=0, wait=None, **changes)

    def launch(self, runtime: Runtime, now: float) -> None:
        """Start what was lined up in a worker, from a thread of its own: the first start may take seconds."""
        with self.changed:
            kwargs, self._ready, self.began = self._ready, None, now
            self._put(status="starting", message="", place=0, wait=None)
            task, run = self._task, self.record.run_id
            begin = partial(runtime.start_lasting, run) if self.lasts and isinstance(runtime, Lasting) else runtime.start
            self._follow(lambda: begin(task, self.config, **(kwargs or {})))

    def take_up(self, run: LastingRun, task: str, now: float) -> None:
        """Go on with what another program began, from where the disk ends."""
        with self.changed:
            self._task, self.began = task, now
            stands, said = self.record.status == "paused", self.record.message
            self.resting, self.held = stands and said == UNWATCHED, stands and said != UNWATCHED
            self._put(status="paused" if stands else "running", message=said if stands else "")
            self.reconfigure(run.settings)
            self.attempt.send({"kind": "watch", "rate": SNAPSHOT_RATE})
            self._follow(lambda: run)

    def _follow(self, begin: Callable[[], Run]) -> None:
        self.thread = threading.Thread(target=self._read, args=(self.attempt, begin), name="run", daemon=True)
        self.thread.start()

    def stand(self, place: int, wait: float | None, message: str) -> None:
        """Say where in line it is; no news where that is as before."""
        with self.changed:
            if self.record.waiting and (place, message) != (self.record.place, self.record.message):
                self._put(place=place, wait=wait, message=message)

    def leave_line(self, note: str) -> None:
        """It will not be let in any more."""
        with self.changed:
            if not self.record.waiting:
                return
            self._ready = None
            self._put(status="stopped", message=note, place=0, wait=None)
        if self.record.checkpoint:
            self._kept(self)

    def end_or_leave(self, note: str) -> None:
        """This program ends: so does it, unless it can outlast it."""
        self.leave_line(note)
        if not self.attempt.leave():
            self.say(self.record.message, note=note)
            self.attempt.cancel()

    def seconds_left(self) -> float | None:
        """For how long it will go on, as far as that is known."""
        rate = self.record.progress.steps_per_second if self.record.progress else 0.0
        return max(0.0, (self.record.steps - self.record.step) / rate) if rate > 0 else None

    def inherit(self, parent: LiveRun, step: int, origin: str) -> None:
        """Begin with the curves and moments of `parent` up to `step`, before the launch."""
        with parent.changed:
            self._history, moments = deepcopy(parent._history), parent.record.moments
        self._history.truncate(step)
        with self.changed:
            version, moments, history = self.record.version + 1, moments and moments.until(step), self._history.curves()
            self._put(history=history, history_version=version, moments=moments, moments_version=version, origin=origin)

    def forget(self, before: MomentHistory, left: MomentHistory) -> None:
        """Keep only what is `left` of its moments, unless they are no longer those of `before`."""
        with self.changed:
            if self.record.moments is before:
                self._put(moments=left, moments_version=self.record.version + 1)

    def weights(self, none: str) -> bytes:
        """The newest checkpoint. Raises `RegistryError` with the sentence `none` where there was none, or says what became of it."""
        if self.record.let_go:
            raise RegistryError(f"This run cannot be used any more. {LET_GO} Please train it again.")
        if not self.record.checkpoint:
            raise RegistryError(none)
        return self.record.checkpoint

    def let_go(self) -> None:
        """Forget all weights of a run that has ended; its pictures and curves stay."""
        with self.changed:
            if self.record.active or not self.record.weights_bytes:
                return
            moments = self.record.moments and replace(self.record.moments, checkpoints=())
            message = " ".join(filter(None, (self.record.message, LET_GO)))
            self._put(checkpoint=None, let_go=True, message=message, moments=moments, moments_version=self.record.version + 1)

    def nudge(self) -> None:
        """A new version, for a change outside the record."""
        with self.changed:
            self._put()

    def awaken(self, now: float) -> None:
        """Somebody watches: pictures come again, and so does a run that was paused because nobody did."""
        with self.changed:
            self.touched = now
            quiet, self.quiet = self.quiet, False
            resting, self.resting = self.resting, False
            if quiet:
                self.attempt.send({"kind": "watch", "rate": SNAPSHOT_RATE})
            if resting:
                self.attempt.send({"kind": "resume"})
                self.say("", note="")

    def unseen(self, quieten: bool, rest: bool, note: str) -> None:
        """Nobody looks: no more pictures, or no more steps, for which `note` is the reason."""
        with self.changed:
            quieten = quieten and not self.quiet
            rest = rest and not self.resting and not self.held and self.record.status == "running"
            self.quiet |= quieten
            self.resting |= rest
            if quieten:
                self.attempt.send({"kind": "watch", "rate": 0})
            if rest:
                self.say(self.record.message, note=note)
                self.attempt.send({"kind": "pause"})

    def hold(self, paused: bool, note: str | None = None) -> None:
        """A person lets it stand still, for which `note` is the reason, or go on."""
        self.say(self.record.message, note)
        self.held = paused
        self.attempt.send({"kind": "pause" if paused else "resume"})

    def say(self, message: str, note: str | None = None) -> None:
        """Show `message` now; show `note` once the run has done what it was asked to."""
        with self.changed:
            if note is not None:
                self._note = note
            if self.record.active:
                self._put(message=message)

    def state(self) -> tuple[RunRecord, dict[str, np.ndarray]]:
        """The record, and the curves that belong to it, as in `History.packed`."""
        with self.changed:
            return self.record, self._history.packed()

    def warn(self, sentence: str) -> None:
        """Say that this run is not written to the disk, and why; or, with an empty sentence, no longer."""
        with self.changed:
            if self.record.unkept != sentence:
                self._put(unkept=sentence)

    @property
    def watched(self) -> bool:
        """Whether somebody waits for news at this moment."""
        return bool(self._waiters)

    async def wait(self, version: int, timeout: float) -> RunRecord:
        """The record as soon as it is newer than `version`, or as it is after `timeout` seconds."""
        await self._waiters.wait(lambda: self.record.version > version, timeout)
        return self.record

    def _read(self, attempt: Attempt, begin: Callable[[], Run]) -> None:
        try:
            if not attempt.cancelled:
                run = begin()
                attempt.adopt(run)
                for event in run.events():
                    self._take(attempt, event)
                    self._kept(self)
        except Exception as error:  # the runtime's own failure, not the task's
            traceback.print_exc(file=sys.stderr)
            self._take(attempt, Failed(self.record.step, f"No worker could run this: {type(error).__name__}: {error}"))
        attempt.questions.close()
        with self.changed:
            if attempt is self.attempt and self.record.active and not attempt.left:
                self._put(status="stopped", message=self._note or "Stopped.")
        self._kept(self)
        self._thin(attempt)

    def _thin(self, attempt: Attempt) -> None:
        """It has ended: of its earlier moments it needs less from now on."""
        moments = self.record.moments
        if attempt is self.attempt and moments is not None and not self.record.active:
            left = ended(moments, best_step(self.record))
            if left is not moments:
                self.forget(moments, left)
                self._kept(self)
        self.over(self)

    def _take(self, attempt: Attempt, event: Event) -> None:
        if isinstance(event, Answer):  # is for whoever asked, and no news of the run
            attempt.questions.take(event)
            return
        with self.changed:
            if attempt is not self.attempt:
                return
            if isinstance(event, Paused) and not event.paused:
                self._note = self._note if attempt.stopping else ""
            if isinstance(event, WorkerDied):
                event = replace(event, suggestion=f"{self.again()} {event.suggestion}")
            record = replace(advance(self.record, event, self._history, self._note), mark=attempt.mark)
            if not isinstance(event, Finished) and attempt.stopping and record.active:
                record = replace(record, message=self.record.message)  # it still says that it is stopping
            self.checkpoints += record.checkpoint is not self.record.checkpoint
            if self.returns and record.status == "stopped" and record.checkpoint:  # at once, so that nobody takes it for its end
                self.record = record
                self.line_up({"resume": record.checkpoint})
                return
            self.record = record
            self._waiters.wake()

    def again(self) -> str:
        """What to press once it has ended early: only a training has the button Continue."""
        return "Press Continue to go on from the last checkpoint." if self.trains and self.record.checkpoint else "Start it again."

    def reconfigure(self, values: dict[str, Any]) -> None:
        """The settings of this run are others from now on."""
        with self.changed:
            if hasattr(self.config, "replace"):
                self.config = self.config.replace(**values)
                self._put(config=self.config.model_dump())

    def _put(self, **changes: Any) -> None:
        self.record = replace(self.record, version=self.record.version + 1, **changes)
        self._waiters.wake()
