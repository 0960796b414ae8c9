"""A clock for what must not cost a loop too much: pictures, readings, reports; and how quickly the loop goes."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

BESIDE = 0.15
"""Of all time, what pictures and readings of a training take once it is under way: about the sum of their shares."""
LONGEST = 20.0
"""Seconds of steps that an estimate of how quick they are looks back on."""


class Cadence:
    """Says when something is due: at most `rate` times a second, and within `share` of all time."""

    def __init__(self, share: float, warms_up: bool = True) -> None:
        self.share, self.warms_up, self.ready, self.last, self.cost = share, warms_up, -math.inf, -math.inf, 0.0

    def due(self, rate: float) -> bool:
        now = time.perf_counter()
        return rate > 0 and now >= self.ready and now - self.last >= 1.0 / rate

    def done(self, began: float) -> None:
        """Call when the thing is made; it began at `began` (`perf_counter`). The first is not counted where it warms up."""
        now = time.perf_counter()
        self.cost = now - began
        if self.last > -math.inf or not self.warms_up:
            self.ready = now + self.cost * (1.0 / self.share - 1.0)
        self.last = began


class Pace:
    """Steps a second, over the last half of the steps, or as many as took `LONGEST` seconds: long enough not to swing with what a machine does
    beside, and what came first is soon forgotten. What was done beside steps counts for no more than its share: the first picture and the
    first readings take seconds, once, and would make a run of a minute seem one of ten."""

    def __init__(self, seconds: float, step: int) -> None:
        self.beside, self.first = 0.0, step
        self.window: deque[tuple[float, float, int]] = deque([(seconds, 0.0, step)])

    @contextmanager
    def aside(self) -> Iterator[None]:
        """What is done meanwhile is no step."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.beside += time.perf_counter() - began

    def rate(self, seconds: float, step: int) -> float:
        """Steps a second, where `step` is reached after so many seconds; 0 while that cannot be said."""
        if step != self.window[-1][2]:
            self.window.append((seconds, self.beside, step))
        (s1, b1, n1), half = self.window[-1], (self.first + self.window[-1][2]) / 2
        while len(self.window) > 2 and (self.window[1][2] <= half or s1 - self.window[1][0] >= LONGEST):
            self.window.popleft()
        s0, b0, n0 = self.window[0]
        stepping = (s1 - s0) - (b1 - b0)
        taken = stepping + min(b1 - b0, stepping * BESIDE / (1.0 - BESIDE))
        return (n1 - n0) / taken if taken > 0.0 else 0.0
