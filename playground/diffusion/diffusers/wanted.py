"""The levels at which one of our time grids wants a scheduler of diffusers to ask."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from playground.diffusion.levels import Level, level_at
from playground.diffusion.noise import Schedule
from playground.diffusion.sampling import time_grid


class Wanted(NamedTuple):
    """Levels that a scheduler shall ask at, from noise to data, the data themselves not among them."""

    grid: str
    levels: tuple[Level, ...]

    @property
    def cumprod(self) -> Tensor:
        """`a² / (a² + s²)` from the least noise to the most, float64 (n,): a table of just these levels."""
        return torch.tensor([(level.a / level.norm) ** 2 for level in reversed(self.levels)], dtype=torch.float64)

    def among(self, asked: list[Level]) -> bool:
        """Whether each is among those `asked`: a method of higher order may ask between them, too. Single precision knows a small
        `s` to a few per cent."""
        there = torch.tensor([level.log_ratio for level in asked], dtype=torch.float64)
        return all(float((there - level.log_ratio).abs().min()) < 0.05 for level in self.levels)


@lru_cache(maxsize=256)
def wanted(schedule: Schedule, grid: str, n: int) -> Wanted:
    """The levels at which our own sampler asks in n steps on one of `sampling.GRIDS`."""
    return Wanted(grid, tuple(level_at(schedule, float(t)) for t in time_grid(schedule, n, grid=grid)[:-1]))
