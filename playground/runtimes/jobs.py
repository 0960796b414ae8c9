"""Short tasks in workers of their own, whose events go to whoever waits for them: lists, exports, tables."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import closing
from typing import Any

import numpy as np

from playground.config import ConfigError
from playground.runs.events import Event, Failed, Snapshot
from playground.runtimes.base import CLOSING, RegistryError, RegistryFull, Run, Runtime

LONGEST = 300.0
"""Seconds after which a job is ended, whatever it does, so that no file from elsewhere keeps a place."""
TOO_LONG = "This took longer than {:.0f} min, which is all the time that it gets here."


def first_arrays(events: Generator[Event, None, None]) -> dict[str, np.ndarray]:
    """The arrays of the first snapshot of a job, which ends with it. Raises `ConfigError` with the sentence with which it failed."""
    with closing(events):
        for event in events:
            if isinstance(event, Snapshot):
                return event.arrays
            if isinstance(event, Failed):
                raise ConfigError(event.message)
    raise RegistryError("The worker did not answer: please try again.")


class Jobs:
    """At most `places` of them at a time, each for at most `longest` seconds. Every method may be called from any thread."""

    def __init__(self, runtime: Runtime, places: int, longest: float = LONGEST) -> None:
        self._runtime, self._n, self._longest = runtime, places, longest
        self._places, self._runs, self._closing = threading.Semaphore(places), dict[Run, threading.Timer](), threading.Event()

    def run(self, task: str, *args: Any, **kwargs: Any) -> Generator[Event, None, None]:
        """The events of a task in a worker of its own, which ends when this generator is closed.

        Raises `RegistryFull` at the first event when too many jobs are under way, `RegistryError` when its time is over. Blocks from event to event.
        """
        if not self._places.acquire(blocking=False):
            raise RegistryFull(f"{self._n} jobs are already under way here: please try again in a moment.")
        run, late = None, threading.Event()
        try:
            if self._closing.is_set():
                raise RegistryError(CLOSING)
            run = self._runtime.start(task, *args, **kwargs)
            self._runs[run] = ended_after(self._longest, run, late)
            if not self._closing.is_set():
                yield from run.events()
            if late.is_set():
                raise RegistryError(TOO_LONG.format(self._longest / 60))
        finally:
            self._places.release()
            if run is not None:
                self._end(run)

    def close(self) -> None:
        """End every worker."""
        self._closing.set()
        for run in list(self._runs):
            self._end(run)

    def _end(self, run: Run) -> None:
        if timer := self._runs.pop(run, None):
            timer.cancel()
        run.cancel()


def ended_after(seconds: float, run: Run, late: threading.Event) -> threading.Timer:
    """Ends a run that is not done after so long, and says so in `late`, unless it is cancelled before."""

    def end() -> None:
        late.set()
        run.cancel()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    return timer
