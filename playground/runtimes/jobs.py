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
    """At most `places` of them at a time. Every method may be called from any thread."""

    def __init__(self, runtime: Runtime, places: int) -> None:
        self._runtime, self._n = runtime, places
        self._places, self._runs, self._closing = threading.Semaphore(places), set[Run](), threading.Event()

    def run(self, task: str, *args: Any, **kwargs: Any) -> Generator[Event, None, None]:
        """The events of a task in a worker of its own, which ends when this generator is closed.

        Raises `RegistryFull` at the first event when too many jobs are under way. Blocks from event to event.
        """
        if not self._places.acquire(blocking=False):
            raise RegistryFull(f"{self._n} jobs are already under way here: please try again in a moment.")
        run = None
        try:
            if self._closing.is_set():
                raise RegistryError(CLOSING)
            run = self._runtime.start(task, *args, **kwargs)
            self._runs.add(run)
            if not self._closing.is_set():
                yield from run.events()
        finally:
            self._places.release()
            if run is not None:
                run.cancel()
                self._runs.discard(run)

    def close(self) -> None:
        """End every worker."""
        self._closing.set()
        for run in list(self._runs):
            run.cancel()
