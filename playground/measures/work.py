"""Long work in small pieces, so that whoever drives it can pause it, give it up, or time it."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any, TypeVar

T = TypeVar("T")
Work = Generator[None, Any, T]
"""Long work in small pieces: yields often, and nothing, so that it can be paused or given up there; returns a `T`."""


def whole(work: Work[T]) -> T:
    """All of some work at once."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def timed(work: Generator[Any, Any, T]) -> Generator[Any, Any, tuple[T, float]]:
    """`work` as it is, and with its result the seconds that it took; what passes while it is left at a `yield`, such as a pause, is
    not counted."""
    seconds, sent = 0.0, None
    try:
        while True:
            began = time.perf_counter()
            try:
                found = work.send(sent)
            except StopIteration as end:
                return end.value, seconds + time.perf_counter() - began
            seconds += time.perf_counter() - began
            sent = yield found
    finally:
        work.close()
