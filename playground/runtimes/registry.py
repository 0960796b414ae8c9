"""All runs of this server: who trains, what is new, who watches, and what happens when nobody does.

A page holds a run's unguessable id and asks `wait(run_id, version)` for news; the run does not depend on the page.
Trainings are kept by a `RunStore`, and found again there; without one a record lives as long as the server, or until `max_runs` newer ones
were started, as all others do.
"""

from __future__ import annotations

import asyncio
import atexit
import threading
import time
from collections.abc import Callable, Generator, Iterable
from typing import Any

from playground.config import Settings, parse_config
from playground.runs.events import Checkpoint, Event
from playground.runtimes.admission import Admission, no_pause
from playground.runtimes.asking import Arrays
from playground.runtimes.base import CLOSING, RegistryError, Runtime
from playground.runtimes.inspectors import Inspectors
from playground.runtimes.jobs import Jobs
from playground.runtimes.kept import KeptRun
from playground.runtimes.line import Limits, minutes
from playground.runtimes.links import Links, to_steer
from playground.runtimes.live import UNWATCHED, LiveRun
from playground.runtimes.log import reported
from playground.runtimes.memory import MAX_WEIGHTS, Memory
from playground.runtimes.moments import MAX_BYTES, MomentHistory
from playground.runtimes.records import Origin, RunRecord, new_id
from playground.runtimes.returning import take_up
from playground.runtimes.store import RunStore

TRAIN = "playground.questions.training:train"
QUIET_SECONDS = 3.0  # unwatched for this long: no more snapshots
STOP_SECONDS = 5.0  # a worker has this long to stop by itself
MAX_WAIT = 60.0
STOPPED = "Stopped."
CLOSED = "Stopped, because the server was shut down."
ENDED = "Stopped: the worker did not answer, so it was ended; {} kept."
ONLY_TRAININGS = "Only a training can be continued: this run measures a model, or draws from it. Start it again."


class RunRegistry:
    """Runs by id, or, for whoever looks on, by watch id. Every method may be called from any thread, and returns at once unless it says otherwise.

    `grace_seconds` without a watcher pause a run, `idle_stop_seconds` stop it; `clock` returns seconds. Where
    `sweep_seconds` is None nothing is swept unless `sweep` is called. `kept` came with the project, and count as none of those here.
    `limits` say how many go on at once, all others wait in line; `visitor` says who asks at this moment, as far as there is a difference.
    """

    def __init__(
        self,
        runtime: Runtime,
        max_runs: int = 64,
        limits: Limits = Limits(),
        grace_seconds: float = 60,
        idle_stop_seconds: float = 600,
        clock: Callable[[], float] = time.monotonic,
        *,
        max_jobs: int = 4,
        max_inspectors: int = 3,
        task: str = TRAIN,
        stop_seconds: float = STOP_SECONDS,
        sweep_seconds: float | None = 1.0,
        max_moment_bytes: int = MAX_BYTES,
        max_weight_bytes: int = MAX_WEIGHTS,
        kept: Iterable[RunRecord] = (),
        store: RunStore | None = None,
        visitor: Callable[[], str] = str,
    ) -> None:
        self._task, self._clock, self._visitor, self._max_runs = task, clock, visitor, max_runs
        self._grace, self._idle_stop, self._stop_seconds = grace_seconds, idle_stop_seconds, stop_seconds
        self.store, self._runs = store, dict[str, LiveRun]()
        self.memory = Memory(self._runs, store, max_moment_bytes, max_weight_bytes, clock)
        self.admission = Admission(self._runs, runtime, limits, self.stop, clock)
        self.kept = {record.run_id: KeptRun(record, clock()) for record in kept}
        self.links = Links(lambda: list(self._runs), store.shelf.ids if store else list)
        self._jobs = Jobs(runtime, max_jobs)
        self._inspectors = Inspectors(runtime, max_inspectors)
        self._lock = threading.RLock()
        self._closing = threading.Event()
        take_up(runtime, task, self.memory, self.admission)
        atexit.register(self.close)
        self._sweeper = threading.Thread(target=self._sweep_forever, args=(sweep_seconds,), name="sweeper", daemon=True)
        if sweep_seconds is not None:
            self._sweeper.start()

    def __len__(self) -> int:
        return len(self._runs)

    @property
    def active(self) -> int:
        """How many runs hold a worker."""
        return sum(live.record.active and not live.record.waiting for live in list(self._runs.values()))

    def start(
        self,
        config: Settings | dict[str, Any],
        resume: bytes | None = None,
        *,
        task: str | None = None,
        parent: tuple[str, int, str] | None = None,
        of: tuple[Origin, ...] = (),
        **kwargs: Any,
    ) -> str:
        """Start a run, or put it in line, and return its id; a training, or another `task(config, control=..., **kwargs)`. With `parent`, a run
        id, a step and a sentence, it begins with the curves and moments of that run up to that step. Trainings keep moments.
        `of` says which models it measures.

        Raises `ConfigError` or `RegistryFull`, with a sentence.
        """
        config = parse_config(config) if isinstance(config, dict) else config
        with self._lock:
            self._refuse_when_closed()
            live = LiveRun(new_id(), config, self._clock(), self.memory.noted if task is None else None, self.store is not None)
            if parent is not None:
                live.inherit(self._find(parent[0]), *parent[1:])
            given = kwargs if resume is None else {"resume": resume, **kwargs}

            def begin() -> None:
                self._runs[live.record.run_id] = live
                live.line_up(given, task or self._task, checkpoint=resume, of=of)

            self.admission.join(live, self._visitor(), begin)
            self.memory.leave_beyond(self._max_runs)
        return live.record.run_id

    def fork(self, run_id: str, step: int, config: Settings, origin: str = "") -> str:
        """Start a new run with `config` from the checkpoint that `checkpoint_at` finds, and return its id."""
        kept = self.checkpoint_at(run_id, step)
        return self.start(config, kept.data, parent=(run_id, kept.step, origin))

    def checkpoint_at(self, run_id: str, step: int) -> Checkpoint:
        """The last kept checkpoint of a run at or before `step`. Raises `RegistryError` where there is none."""
        kept = (self._find(run_id).record.moments or MomentHistory()).checkpoint_at(step)
        if kept is None:
            raise RegistryError(f"No checkpoint of this run is kept at or before step {step:,}: please pick a later moment.")
        return kept

    def continue_(self, run_id: str) -> None:
        """Go on from the newest checkpoint of a training that stopped or failed, under the same id."""
        with self._lock:
            live = self._find(to_steer(run_id))
            if live.record.active:
                raise RegistryError("This run is already under way.")
            if not live.trains:
                raise RegistryError(ONLY_TRAININGS)
            if live.record.status == "finished":
                raise RegistryError("This run has finished: there is nothing left to continue.")
            checkpoint = live.weights("This run left no checkpoint to continue from: please start it anew.")
            self._refuse_when_closed()
            if self.store is not None:
                self.store.claim(run_id)
            live.touched = self._clock()
            self.admission.join(live, self._visitor(), lambda: live.line_up({"resume": checkpoint}, self._task))

    def holds(self, run_id: Any) -> bool:
        """Whether a run is in memory: others are read from the disk, which takes a while."""
        run_id = self.links.run_of(run_id)
        return isinstance(run_id, str) and (run_id in self._runs or run_id in self.kept)

    def knows(self, run_id: Any) -> bool:
        """Whether a run is here, or on the disk."""
        return self.holds(run_id) or (self.store is not None and self.links.run_of(run_id) in self.store.shelf)

    def get(self, run_id: str) -> RunRecord:
        """The run as it is now. Raises `UnknownRun`."""
        return self._find(run_id).record

    async def wait(self, run_id: str, version: int, timeout: float = 20.0) -> RunRecord:
        """The run once it is newer than `version`, or after `timeout` seconds as it is. Counts as watching."""
        live = self._find(run_id)
        self.touch(run_id)
        record = await live.wait(version, min(max(timeout, 0.0), MAX_WAIT))
        live.touched = self._clock()
        return record

    def touch(self, run_id: str) -> None:
        """Somebody watches: pictures come again, and so does a run that was paused because nobody did."""
        self._find(run_id).awaken(self._clock())

    def nudge(self, run_id: str) -> None:
        """Give a run a new version, and so wake who waits: something belonging to it changed that its record does not hold."""
        self._find(to_steer(run_id)).nudge()

    def pause(self, run_id: str, note: str | None = None) -> None:
        """Let the run stand still until `resume`, and say why with `note`. Raises `RegistryError` for one that waits in line."""
        live = self._find(to_steer(run_id))
        no_pause(live)
        live.awaken(self._clock())
        live.hold(True, note)

    def resume(self, run_id: str) -> None:
        """Let a paused run go on."""
        self.touch(to_steer(run_id))
        self._find(run_id).hold(False)

    def set(self, run_id: str, /, **values: Any) -> None:
        """Change live settings; the caller has checked them. A page that comes back and a Continue find them changed."""
        self.touch(to_steer(run_id))
        live = self._find(run_id)
        live.attempt.send({"kind": "set", "values": values})
        live.reconfigure(values)

    def stop(self, run_id: str, note: str = STOPPED) -> None:
        """Ask the run to stop; end its worker if it does not within some seconds. Its last checkpoint is kept. From the line it goes at once."""
        live = self._find(to_steer(run_id))
        if self.admission.leave(live, note):
            return
        attempt = live.attempt
        with live.changed:
            if not live.record.active or attempt.stopping:
                live.returns = False
                return
            attempt.stopping, live.resting = True, False
        live.say("Stopping …", note)
        attempt.send({"kind": "stop"})
        timer = threading.Timer(self._stop_seconds, self._cancel_if_active, [live, attempt])
        timer.daemon = True
        timer.start()

    def checkpoint(self, run_id: str, timeout: float = 10.0) -> bytes:
        """A fresh checkpoint of an active run, else the newest one. Blocks up to `timeout` seconds."""
        live = self._find(run_id)
        with live.changed:
            before = live.checkpoints
            if not live.record.waiting:
                live.attempt.send({"kind": "checkpoint"})
                live.changed.wait_for(lambda: live.checkpoints > before or not live.record.active, timeout)
        return live.weights("This run has no checkpoint yet: please try again once it trains.")

    async def ask(self, run_id: str, name: str, args: dict[str, Any], *, moment: int | None = None, timeout: float = 5.0) -> Arrays:
        """What a run's model answers (`questions/catalogue.py`), now or as it was at the kept checkpoint at or before step `moment`.

        Raises `RegistryError` with the model's refusal, or when no answer comes within `timeout` seconds.
        """
        live = self._find(run_id)
        kept = None if moment is None else self.checkpoint_at(run_id, moment).data
        try:
            return await asyncio.wait_for(self._inspectors.ask(live, name, args, kept), min(max(timeout, 0.0), MAX_WAIT))
        except TimeoutError:
            raise RegistryError(f"No answer came within {timeout:g} seconds: the machine is busy, please try again.") from None

    def run_job(self, task: str, *args: Any, **kwargs: Any) -> Generator[Event, None, None]:
        """The events of a task in a worker of its own, see `Jobs.run`."""
        return self._jobs.run(task, *args, **kwargs)

    def sweep(self) -> None:
        """Apply the rules for runs that nobody watches, and for what may be kept of those that have ended, once."""
        self.memory.rest()
        for live in list(self._runs.values()):
            if not live.record.active or live.record.waiting or live.watched or live.attempt.stopping:
                continue
            self._sweep_one(live, self._clock() - live.touched)
        self.admission.sweep()

    def close(self) -> None:
        """End every worker and thread, but runs that outlast this program. Blocks for a moment."""
        self._closing.set()
        atexit.unregister(self.close)
        with self._lock:
            runs = list(self._runs.values())
        self.admission.close()
        for live in runs:
            live.end_or_leave(CLOSED)
        self._jobs.close()
        self._inspectors.close()
        for thread in (self._sweeper, *(live.thread for live in runs)):
            if thread is not None and thread.is_alive() and thread is not threading.current_thread():
                thread.join(5)
        if self.store is not None:
            self.store.close()

    def _find(self, run_id: Any) -> LiveRun:
        run_id = self.links.run_of(run_id)
        return (self.kept.get(run_id) if isinstance(run_id, str) else None) or self.memory.find(run_id)

    def _refuse_when_closed(self) -> None:
        if self._closing.is_set():
            raise RegistryError(CLOSING)

    def _cancel_if_active(self, live: LiveRun, attempt: Any) -> None:
        if live.attempt is attempt and live.record.active:
            live.say("Stopping …", note=ENDED.format("the last checkpoint is" if live.trains else "the results so far are"))
            attempt.cancel()

    def _sweep_forever(self, seconds: float | None) -> None:
        while not self._closing.wait(seconds):
            with reported():
                self.sweep()

    def _sweep_one(self, live: LiveRun, unwatched: float) -> None:
        if unwatched >= self._idle_stop:
            then = "press Continue" if live.trains else "start it again"
            self.stop(live.record.run_id, f"Stopped after {minutes(self._idle_stop)} with nobody watching; {then}.")
            return
        live.unseen(unwatched >= QUIET_SECONDS, unwatched >= self._grace, UNWATCHED)
