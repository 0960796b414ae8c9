"""A clock for what must not cost a loop too much: pictures, readings, reports."""

from __future__ import annotations

import math
import time


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
