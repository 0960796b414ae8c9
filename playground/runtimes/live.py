"""One run of the registry: its record, the thread that reads its events, and whoever waits for news of it."""

from __future__ import annotations

import asyncio
import sys
import threading
import traceback
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import replace
from typing import Any

from playground.runs.control import SNAPSHOT_RATE, Message, check_message
from playground.runs.events import Answer, Event, Failed, Finished, Paused
from playground.runtimes.asking import Questions
from playground.runtimes.base import RegistryError, Run, Runtime, WorkerDied
from playground.runtimes.moments import MomentHistory, to_shed
from playground.runtimes.records import History, RunRecord, advance

MAX_WEIGHTS = 2**30
"""Bytes of checkpoints that all runs that have ended may keep together."""
LET_GO = "Its weights were let go to make room for those of newer runs."


class Attempt:
    """One worker's part in a run: `continue_` makes a further one. Messages wait here until the worker has started."""

    def __init__(self) -> None:
        self._run: Run | None = None
        self._lock = threading.Lock()
        self._pending: list[Message] = []
        self.cancelled = False
        self.stopping = False
        self.questions = Questions(self.send)

    def adopt(self, run: Run) -> None:
        """The worker has started."""
        with self._lock:
            self._run = run
            for message in self._pending:
                run.send(message)
        if self.cancelled:
            run.cancel()

    def send(self, message: Message) -> None:
        check_message(message)
        with self._lock:
            if self._run is None:
                self._pending.append(message)
            else:
                self._run.send(message)

    def cancel(self) -> None:
        self.cancelled = True
        if self._run is not None:
            self._run.cancel()


class LiveRun:
    """A record that changes. Every public method may be called from any thread. With `kept`, which is called after each
    event, it is a training: it keeps moments, and can be continued."""

    def __init__(self, run_id: str, config: Any, now: float, kept: Callable[[], None] | None = None) -> None:
        values = config.model_dump() if hasattr(config, "model_dump") else {}
        self.config, self.trains = config, kept is not None
        self.record = RunRecord(run_id, values, moments=MomentHistory() if kept else None)
        self.changed = threading.Condition()
        self.attempt = Attempt()
        self.thread: threading.Thread | None = None
        self.touched = now
        self.quiet = False  # the loop was told that nobody looks
        self.resting = False  # we paused it, not a person
        self.held = False  # a person paused it, not we
        self.checkpoints = 0
        self._kept = kept or (lambda: None)  # called after each event, with no lock held
        self._history = History()
        self._note = ""
        self._waiters: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    def launch(self, runtime: Runtime, task: str, kwargs: dict[str, Any], **changes: Any) -> None:
        """Start `task` in a worker, from a thread of its own: the first start may take seconds.

        `changes` are made to the record at once.
        """
        with self.changed:
            self.attempt = attempt = Attempt()
            self.quiet = self.resting = self.held = False
            self._note = ""
            self._put(status="starting", message="", suggestion="", **changes)
            args = (attempt, runtime, task, kwargs)
            self.thread = threading.Thread(target=self._read, args=args, name="run", daemon=True)
            self.thread.start()

    def inherit(self, parent: LiveRun, step: int, origin: str) -> None:
        """Begin with the curves and moments of `parent` up to `step`, before the launch."""
        with parent.changed:
            self._history, moments = deepcopy(parent._history), parent.record.moments
        self._history.truncate(step)
        with self.changed:
            version, moments = self.record.version + 1, moments and moments.until(step)
            self._put(
                history=self._history.curves(), history_version=version, moments=moments, moments_version=version, origin=origin
            )

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

    def hold(self, paused: bool) -> None:
        """A person lets it stand still, or go on."""
        self.held = paused
        self.attempt.send({"kind": "pause" if paused else "resume"})

    def say(self, message: str, note: str | None = None) -> None:
        """Show `message` now; show `note` once the run has done what it was asked to."""
        with self.changed:
            if note is not None:
                self._note = note
            if self.record.active:
                self._put(message=message)

    @property
    def watched(self) -> bool:
        """Whether somebody waits for news at this moment."""
        return bool(self._waiters)

    async def wait(self, version: int, timeout: float) -> RunRecord:
        """The record as soon as it is newer than `version`, or as it is after `timeout` seconds."""
        waiter = (asyncio.get_running_loop(), asyncio.Event())
        with self.changed:
            if self.record.version > version:
                return self.record
            self._waiters.add(waiter)
        try:
            await asyncio.wait_for(waiter[1].wait(), timeout)
        except TimeoutError:
            pass
        finally:
            with self.changed:
                self._waiters.discard(waiter)
        return self.record

    def _read(self, attempt: Attempt, runtime: Runtime, task: str, kwargs: dict[str, Any]) -> None:
        try:
            if not attempt.cancelled:
                run = runtime.start(task, self.config, **kwargs)
                attempt.adopt(run)
                for event in run.events():
                    self._take(attempt, event)
                    self._kept()
        except Exception as error:  # the runtime's own failure, not the task's
            traceback.print_exc(file=sys.stderr)
            self._take(attempt, Failed(self.record.step, f"No worker could run this: {type(error).__name__}: {error}"))
        attempt.questions.close()
        with self.changed:
            if attempt is self.attempt and self.record.active:
                self._put(status="stopped", message=self._note or "Stopped.")

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
            record = advance(self.record, event, self._history, self._note)
            if not isinstance(event, Finished) and attempt.stopping and record.active:
                record = replace(record, message=self.record.message)  # it still says that it is stopping
            self.checkpoints += record.checkpoint is not self.record.checkpoint
            self.record = record
            self._wake()

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
        self._wake()

    def _wake(self) -> None:
        self.changed.notify_all()
        for loop, event in self._waiters:
            try:
                loop.call_soon_threadsafe(event.set)
            except RuntimeError:  # that loop has ended
                pass


def bound_moments(runs: Iterable[LiveRun], limit: int) -> None:
    """Forget moments while `runs`, the oldest first, keep more than `limit` bytes of them: those of the oldest run go first,
    and of runs that have ended before those that go on. Needs no lock of the registry's."""
    kept = [(live, live.record.moments) for live in sorted(runs, key=lambda live: live.record.active)]
    found = [(live, moments) for live, moments in kept if moments is not None]
    for i, left in to_shed([moments for _, moments in found], limit).items():
        live, moments = found[i]
        live.forget(moments, left)


def bound_weights(runs: Iterable[LiveRun], limit: int) -> None:
    """Let weights go while `runs` that have ended keep more than `limit` bytes of them: first of those that nobody watches, of them
    first those that were looked at longest ago. The last one of this order keeps its weights in any case."""
    ended = [live for live in runs if not live.record.active and live.record.weights_bytes]
    ended.sort(key=lambda live: (live.watched, live.touched))
    total = sum(live.record.weights_bytes for live in ended)
    for live in ended[:-1]:
        if total <= limit:
            return
        total -= live.record.weights_bytes
        live.let_go()
