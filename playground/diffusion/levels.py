"""All noise schedules are one: they differ by a scale and by when they reach which log-SNR.

`x_t = α_t x_0 + σ_t ε` and `x = a x_0 + s ε` with the same ratio `a / s` are the same variable in two units, so a denoiser trained
under one schedule serves every scheduler that can say `(a, s)` (Karras et al. 2022, section 2; Kingma et al. 2021, section 5.1).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from playground.diffusion.noise import Schedule

TABLE = 1000
"""Discrete noise levels of an exported or compared model, as in Ho et al. 2020."""


class Level(NamedTuple):
    """`x = a x_0 + s eps`."""

    a: float
    s: float

    @property
    def norm(self) -> float:
        """`sqrt(a² + s²)`, the standard deviation of `x` where the data have unit variance."""
        return math.hypot(self.a, self.s)

    @property
    def log_ratio(self) -> float:
        """`log(s / a)`, minus half the log-SNR; infinite where nothing is left of the data."""
        return math.inf if self.a <= 0.0 else -math.inf if self.s <= 0.0 else math.log(self.s) - math.log(self.a)


def level_at(schedule: Schedule, t: float) -> Level:
    """`(alpha_t, sigma_t)` in double precision."""
    at = torch.tensor(t, dtype=torch.float64)
    return Level(float(schedule.alpha(at)), float(schedule.sigma(at)))


@lru_cache(maxsize=4096)
def time_of(schedule: Schedule, level: Level) -> float:
    """The `t` in [t_min, t_max] at which `schedule` has the log-SNR of `level`; the nearer end where it never has."""
    low, high, wanted = schedule.t_min, schedule.t_max, level.log_ratio
    if wanted <= _log_ratio(schedule, torch.tensor([low], dtype=torch.float64))[0]:
        return low
    if wanted >= _log_ratio(schedule, torch.tensor([high], dtype=torch.float64))[0]:
        return high
    for _ in range(4):  # each round narrows the bracket 1000 times
        grid = torch.linspace(low, high, 1001, dtype=torch.float64)
        k = int(torch.searchsorted(_log_ratio(schedule, grid), wanted).clamp(1, 1000))
        low, high = float(grid[k - 1]), float(grid[k])
    return 0.5 * (low + high)


def _log_ratio(schedule: Schedule, t: Tensor) -> Tensor:
    return schedule.sigma(t).log() - schedule.alpha(t).log()


def table_times(schedule: Schedule, n: int = TABLE) -> Tensor:
    """The times of the discrete levels 0 (least noise) to n - 1: evenly from t_min to t_max, float64 (n,)."""
    return torch.linspace(schedule.t_min, schedule.t_max, n, dtype=torch.float64)


def alphas_cumprod(schedule: Schedule, n: int = TABLE) -> Tensor:
    """`α² / (α² + σ²)` at `table_times`, float64 (n,): the variance-preserving twin of any schedule."""
    times = table_times(schedule, n)
    alpha, sigma = schedule.alpha(times), schedule.sigma(times)
    return alpha**2 / (alpha**2 + sigma**2)


def betas_of(cumprod: Tensor) -> list[float]:
    """`β_i = 1 - ᾱ_i / ᾱ_{i-1}`, so that their running product gives `cumprod` back (Ho et al. 2020, eq. 4)."""
    before = torch.cat([torch.ones(1, dtype=torch.float64), cumprod[:-1]])
    return (1.0 - cumprod / before).tolist()


class LevelSchedule(Schedule):
    """A schedule that knows only given levels: `t = k / n` is the k-th, counted from data (0) to noise (1).

    It lets our samplers walk on exactly the levels that somebody else's scheduler walked on.
    """

    title = "levels"

    def __init__(self, levels: list[Level]) -> None:
        """`levels` from noise to data, the last one data itself."""
        self.a = torch.tensor([level.a for level in reversed(levels)], dtype=torch.float64)
        self.s = torch.tensor([level.s for level in reversed(levels)], dtype=torch.float64)

    @property
    def times(self) -> Tensor:
        """From noise to data, (n + 1,) float64."""
        return torch.linspace(1.0, 0.0, len(self.a), dtype=torch.float64)

    def _index(self, t: Tensor) -> Tensor:
        return (t.double() * (len(self.a) - 1)).round().long()

    def alpha(self, t: Tensor) -> Tensor:
        return self.a[self._index(t)].to(t)

    def sigma(self, t: Tensor) -> Tensor:
        return self.s[self._index(t)].to(t)

    def derivatives(self, t: Tensor) -> tuple[Tensor, Tensor]:
        return t * math.nan, t * math.nan  # unknown between the levels
