"""How many threads a training on the processor takes: found by timing its own steps, so that nothing is computed for the timing alone."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import torch

WARM, TIMED = 2, 6
"""Steps with each number of threads: not counted, since new threads have to start, and timed, of which the quickest counts."""
WORTH = 1.5
"""Twice the threads are taken if a step is this many times as quick: with fewer gained, the page and other runs have more of them."""
AGAIN_SECONDS = 30.0
"""Until all is tried again: meanwhile other runs may have begun, or ended."""

most = 1
"""What a training in this process may take; who starts the process sets it. With one, runs are the same to the last bit each time."""


class Threads:
    """Makes the steps of a training, with 1, 2, 4, ... threads while that is worth it, at most `at_most`, or as many as this process may take."""

    def __init__(self, at_most: int | None = None, clock: Callable[[], float] = time.perf_counter) -> None:
        self.counts = [2**k for k in range((at_most or most).bit_length())]
        self.clock, self.again = clock, -math.inf
        self.trying, self.seconds, self.quickest = 0, [], math.inf

    def step(self, work: Callable[[], None]) -> None:
        """Makes one step of it."""
        if len(self.counts) == 1:
            return work()
        began = self.clock()
        if self.trying == len(self.counts) and began >= self.again:
            self._try(0)
        work()
        if self.trying < len(self.counts):
            self.seconds.append(self.clock() - began)
            if len(self.seconds) == WARM + TIMED:
                self._judge(min(self.seconds[WARM:]))

    def _try(self, k: int) -> None:
        self.trying, self.seconds = k, []
        torch.set_num_threads(self.counts[k])

    def _judge(self, quickest: float) -> None:
        """Goes on to more threads, or settles for these, or for fewer."""
        k, worth = self.trying, self.trying == 0 or self.quickest >= WORTH * quickest
        self.quickest = quickest
        if worth and k + 1 < len(self.counts):
            return self._try(k + 1)
        torch.set_num_threads(self.counts[k if worth else k - 1])
        self.trying, self.again = len(self.counts), self.clock() + AGAIN_SECONDS
