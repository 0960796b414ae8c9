"""t-SNE and UMAP beside the runs: one process a server, of low priority, that always works on the newest latents.

Both ends are here. `serve` is the task in that process: an "ask" named `embed` carries latents and settings, the `Answer`
the embedding. `Projector` is the server's end: it starts the process when an embedding is first wanted, lets it rest
between two, starts it again when it died, and keeps the newest embedding of every run.
"""

from __future__ import annotations

import atexit
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from playground.measures.projection import NAMES, Embedding, ProjectionSettings, embed
from playground.runs.control import Control
from playground.runs.events import Answer, Event, Failed
from playground.runtimes.base import Run, Runtime
from playground.runtimes.worker import WorkerRuntime

TASK = "playground.runtimes.projector:serve"
NICE = 15  # a training worker has 10
IDLE_SECONDS = 120.0
REST = 3.0
"""Seconds of rest for every second of work, while a run trains: an embedding shares caches and cores with the training."""
MAX_FAILURES = 3  # of a run, one after the other; then it is left alone until somebody chooses a projection again
MAX_PAST = 60
"""Embeddings kept of a run, for its replay."""


def serve(control: Control, idle_seconds: float = IDLE_SECONDS) -> Iterator[Event]:
    """Answers questions until it is stopped or nobody asked for a while. See `embed` in `projection.py`."""
    while not control.stopped and control.wait(idle_seconds):
        for number, _, args in control.pop_asks():
            yield answer(number, args)


def answer(number: int, args: dict[str, Any]) -> Answer:
    """`args`: latent (n, d), settings, previous or None, fresh. Arrays: `points` (n, k) and `scale` ()."""
    began = time.perf_counter()
    try:
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):
            found = embed(args["latent"], args["settings"], args["previous"], args["fresh"])
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        return Answer(number, None, f"{NAMES[args['settings'].method]} failed: {type(error).__name__}: {error}")
    seconds = time.perf_counter() - began
    return Answer(number, {"points": found.points, "scale": np.array(found.scale), "seconds": np.array(seconds)})


@dataclass(frozen=True)
class Embedded:
    """The embedding of a run's latents at `step`, as they were when it began. `error` says why there is none newer."""

    step: int
    settings: ProjectionSettings
    embedding: Embedding | None
    latent: np.ndarray | None
    seconds: float = 0.0
    serial: int = 0
    """Grows with every embedding and every error of this server."""
    error: str = ""


@dataclass(frozen=True)
class Wanted:
    """A request; a newer one of the same run takes its place."""

    step: int
    latent: np.ndarray
    settings: ProjectionSettings
    rest: bool


class Projector:
    """The newest embedding of each run. Every method may be called from any thread and returns at once.

    `tell(run_id)` is called, from a thread of its own, when `newest(run_id)` has changed.
    """

    def __init__(
        self, tell: Callable[[str], None] = lambda run_id: None, runtime: Runtime | None = None, *, rest: float = REST
    ) -> None:
        self._tell, self._runtime, self._rest = tell, runtime, rest
        self._changed = threading.Condition()
        self._wanted: dict[str, Wanted] = {}
        self._done: dict[str, Embedded] = {}
        self._past: dict[str, list[Embedded]] = {}
        self._failures: dict[str, int] = {}
        self._thread: threading.Thread | None = None
        self._run: Run | None = None
        self._events: Iterator[Event] = iter(())
        self._serial = 0
        self._closed = False

    def submit(self, run_id: str, step: int, latent: np.ndarray, settings: ProjectionSettings, rest: bool = True) -> None:
        """Asks for the embedding of `latent` (n, d), in place of what this run asked before and has not begun yet.

        With `rest` it may wait a little, for the sake of a training.
        """
        with self._changed:
            if self._closed or self._failures.get(run_id, 0) >= MAX_FAILURES:
                return
            self._wanted[run_id] = Wanted(step, latent, settings, rest)
            if self._thread is None:
                atexit.register(self.close)
                self._thread = threading.Thread(target=self._work, name="projector", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def newest(self, run_id: str) -> Embedded | None:
        """What was found last for this run, or None."""
        return self._done.get(run_id)

    def at(self, run_id: str, step: int) -> Embedded | None:
        """The last embedding at or before `step` that is kept of this run and has the newest one's settings, or None."""
        return next((past for past in reversed(self._past.get(run_id, [])) if past.step <= step), None)

    def retry(self, run_id: str) -> None:
        """Somebody chose a projection: forget what went wrong before."""
        with self._changed:
            self._failures.pop(run_id, None)
            if run_id in self._done:
                self._done[run_id] = replace(self._done[run_id], error="")

    def forget(self, run_id: str) -> None:
        """The run is no longer kept."""
        with self._changed:
            for kept in (self._wanted, self._done, self._past, self._failures):
                kept.pop(run_id, None)

    def close(self) -> None:
        """Ends the process."""
        atexit.unregister(self.close)
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            run = self._run
        if run is not None:
            run.cancel()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(5)

    @property
    def pid(self) -> int | None:
        """The process, where there is one."""
        return getattr(self._run, "pid", None)

    def _work(self) -> None:
        ready = 0.0
        while (chosen := self._next(ready)) is not None:
            run_id, wanted = chosen
            began = time.monotonic()
            try:
                done = self._embedded(run_id, wanted)
            except Exception as error:  # no process could be started
                traceback.print_exc(file=sys.stderr)
                done = self._failure(run_id, wanted, f"No process could compute this: {type(error).__name__}: {error}")
            ready = time.monotonic() + self._rest * (time.monotonic() - began)
            with self._changed:
                if self._closed:
                    return
                self._keep(run_id, done, wanted)
            self._tell(run_id)

    def _keep(self, run_id: str, done: Embedded, wanted: Wanted) -> None:
        """Takes note of what was found; what failed is tried again, unless it did too often or something newer is wanted."""
        before, self._done[run_id] = self._done.get(run_id), done
        if done.error:
            self._failures[run_id] = self._failures.get(run_id, 0) + 1
            if self._failures[run_id] < MAX_FAILURES:
                self._wanted.setdefault(run_id, wanted)
            return
        self._failures.pop(run_id, None)
        same = before is not None and before.settings == done.settings
        past = [kept for kept in self._past.get(run_id, []) if kept.step < done.step] if same else []
        past.append(replace(done, latent=None))
        self._past[run_id] = past if len(past) <= MAX_PAST else [*past[:-1:2], past[-1]]

    def _next(self, ready: float) -> tuple[str, Wanted] | None:
        """Waits for the next request: first of runs that have no embedding yet, then the others in turn. None at the end."""
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                new = [run for run, wanted in self._wanted.items() if not self._follows(run, wanted)]
                due = new or [run for run, wanted in self._wanted.items() if now >= ready or not wanted.rest]
                if due:
                    return due[0], self._wanted.pop(due[0])
                self._changed.wait(max(0.0, ready - now) if self._wanted else None)
            return None

    def _follows(self, run_id: str, wanted: Wanted) -> bool:
        """Whether this goes on from an embedding with the same settings."""
        before = self._done.get(run_id)
        return before is not None and before.embedding is not None and before.settings == wanted.settings

    def _embedded(self, run_id: str, wanted: Wanted) -> Embedded:
        before, follows = self._done.get(run_id), self._follows(run_id, wanted)
        self._serial += 1
        if before is not None and before.latent is not None and follows:
            if np.array_equal(before.latent, wanted.latent, equal_nan=True):  # an unchanged model: nothing moves
                return replace(before, step=wanted.step, serial=self._serial, error="")
        args = {
            "latent": wanted.latent,
            "settings": wanted.settings,
            "fresh": not follows,
            "previous": before.embedding if before else None,
        }
        reply = self._ask(args)
        if isinstance(reply, Failed):
            again = self._failures.get(run_id, 0) + 1 < MAX_FAILURES
            how = "and is started again." if again else "several times: choose it again to retry."
            return self._failure(run_id, wanted, f"The process that computes it ended unexpectedly, {how}")
        if reply is None or reply.arrays is None:
            return self._failure(run_id, wanted, reply.error if reply else "The process that computes it did not answer.")
        found = Embedding(reply.arrays["points"], float(reply.arrays["scale"]))
        return Embedded(wanted.step, wanted.settings, found, wanted.latent, float(reply.arrays["seconds"]), self._serial)

    def _failure(self, run_id: str, wanted: Wanted, error: str) -> Embedded:
        """What there was before, if it fits, with the reason why there is nothing newer."""
        if self._follows(run_id, wanted):
            return replace(self._done[run_id], serial=self._serial, error=error)
        return Embedded(wanted.step, wanted.settings, None, None, serial=self._serial, error=error)

    def _ask(self, args: dict[str, Any]) -> Answer | Failed | None:
        """The answer of the process, started if there is none; `Failed` if it died, None if this is closed."""
        for _ in range(2):  # it may just have ended because nobody asked
            run = self._run or self._start()
            if run is None:
                return None
            number = self._serial
            run.send({"kind": "ask", "id": number, "name": "embed", "args": args})
            for event in self._events:
                if isinstance(event, Answer) and event.id == number:
                    return event
                if isinstance(event, Failed):
                    self._run = None
                    return event
            self._run = None
            if self._closed:
                return None
        return None

    def _start(self) -> Run | None:
        """A new process, or None if this is closed."""
        self._runtime = self._runtime or WorkerRuntime(nice=NICE)
        run = self._runtime.start(TASK)
        with self._changed:
            if self._closed:
                run.cancel()
                return None
            self._run, self._events = run, iter(run.events())
        return run
