"""A service whose runs are on a shelf, for tests, and the moment at which they are written there whole."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playground.page.service import Service
from playground.runtimes import InProcessRuntime
from playground.runtimes.store import RunStore
from playground.views.thumbnail import thumbnail

DEADLINE = 60.0


@contextmanager
def shelved(folder: Path) -> Iterator[Service]:
    """A service of one's own that keeps its runs in `folder`, with their pictures."""
    store = RunStore(folder, picture=thumbnail)
    service = Service(InProcessRuntime(), device="cpu", own=True, sweep_seconds=None, store=store)
    yield service
    service.registry.close()


def written(service: Service, *runs: str) -> None:
    """Waits until these are over and whole on the disk."""
    deadline = time.monotonic() + DEADLINE
    while not all(service.registry.store.whole(service.registry._find(run)) for run in runs):
        assert time.monotonic() < deadline
        time.sleep(0.01)
