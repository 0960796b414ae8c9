"""What a training measures of itself, each on its own clock and within its share of all time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection

from torch import nn

from playground.data import Dataset
from playground.runs.cadence import Cadence
from playground.runs.quality import Quality
from playground.runs.tasks import Task

RATES = {"held_out": 2.0, "bounds": 0.5, "quality": 1 / 3}
"""Readings, and how many of them a second at most."""
SETTLED, FIRST_STEPS = 1.0, 10
"""Seconds and steps of training before samples are worth measuring; the first steps are slow, and say little of how long a run takes."""


class Readings:
    """Losses on held-out data, bounds where the task has them, and the quality of samples where it draws images."""

    def __init__(self, task: Task, dataset: Dataset, interrupted: Callable[[], Callable[[], bool]]) -> None:
        self.quality, self.interrupted = Quality(task, dataset), interrupted
        shares = {"held_out": 0.02 if task.has_bounds else 0.04, "bounds": 0.02, "quality": 0.05}
        self.clocks = {name: Cadence(share, warms_up=name != "quality") for name, share in shares.items() if self._has(name)}
        self.reads = {"held_out": task.held_out, "bounds": task.live_bounds, "quality": self._quality}

    def _has(self, name: str) -> bool:
        return name != "quality" or self.quality.measures

    def quick(self, seconds: float = math.inf) -> list[str]:
        """Those that took no longer than `seconds` last time."""
        return [name for name, clock in self.clocks.items() if clock.cost <= seconds]

    def read(self, model: nn.Module, wanted: Collection[str], moving: bool, settled: bool, expected: float) -> dict[str, float]:
        """Those `wanted`, and those that are due where it is `moving`: `held_out/kl` and the like; the whole run is `expected` to take so many
        seconds."""
        found: dict[str, float] = {}
        for name, clock in self.clocks.items():
            if (name in wanted or (moving and clock.due(RATES[name]))) and (settled or name != "quality"):
                first = self.quality.begin(model, expected) if name == "quality" and self.quality.gallery is None else {}
                began = time.perf_counter()
                values = self.reads[name](model) | first
                found |= {f"{name}/{term}": value for term, value in values.items()}
                clock.done(began)
        return found

    def _quality(self, model: nn.Module) -> dict[str, float]:
        return self.quality.read(model, self.interrupted())
