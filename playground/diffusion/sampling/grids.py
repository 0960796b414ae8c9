"""Where on the way from noise to data a sampler stops: three rules that place the same number of steps differently.

A rule spaces noise levels evenly in some variable; the times follow by inverting the schedule's log-SNR, so each rule works under
every schedule. How many steps a sampler needs depends on the rule as much as on the sampler (Karras et al. 2022, section 3).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from playground.diffusion.noise import Schedule

RHO = 7.0
"""Exponent of Karras et al. 2022: larger puts more of the steps near the data; their choice for images."""
LEVELS = (0.002, 80.0)
"""Least and largest `σ/α` of Karras et al. 2022, table 1. A schedule may reach further (cosine from 0.0016 to 637 here): with their
rule a few steps would then all be spent where nothing of the data is to be seen."""


def karras(log_snr: Tensor, n: int) -> Tensor:
    """Even in `(σ/α)^(1/ρ)` (Karras et al. 2022, eq. 5, there with `α = 1`): n log-SNRs from the first to the second of `log_snr`."""
    ends = (-0.5 * log_snr / RHO).exp()
    return -2.0 * RHO * torch.linspace(float(ends[0]), float(ends[1]), n, dtype=torch.float64).log()


def even_log_snr(log_snr: Tensor, n: int) -> Tensor:
    """Even in log-SNR (Lu et al. 2022, section 3.3): n of them from the first to the second."""
    return torch.linspace(float(log_snr[0]), float(log_snr[1]), n, dtype=torch.float64)


IN_LOG_SNR: dict[str, Callable[[Tensor, int], Tensor]] = {"karras": karras, "log_snr": even_log_snr}
GRIDS = ("uniform_t", *IN_LOG_SNR)


def time_grid(schedule: Schedule, n_steps: int, start: float | None = None, grid: str = "uniform_t") -> Tensor:
    """`n_steps + 1` falling times from `start` (else `t_max`) to 0, float64.

    `uniform_t` is even in `t`. The others place n_steps levels within `LEVELS`, as far as the schedule reaches, so they may begin a
    little below `start`; they end with 0, where log-SNR is infinite, and where it is not (variance exploding ends at `t_min = 0`)
    that end is one of the levels. Raises `KeyError` for an unknown grid.
    """
    start = schedule.t_max if start is None else start
    if grid == "uniform_t":
        return torch.linspace(start, 0.0, n_steps + 1, dtype=torch.float64)
    rule, ends = IN_LOG_SNR[grid], _within_levels(schedule, start)
    if n_steps == 1:
        return torch.tensor([float(ends[0]), 0.0], dtype=torch.float64)
    to_zero = schedule.t_min > 0.0
    times = schedule.time_at(rule(schedule.log_snr(ends), n_steps if to_zero else n_steps + 1))
    times[0], times[-1] = ends
    return torch.cat([times, torch.zeros(1, dtype=torch.float64)]) if to_zero else times


def _within_levels(schedule: Schedule, start: float) -> Tensor:
    """The latest time up to `start` and the earliest from `t_min` on at which `σ/α` is within `LEVELS`, (2,) float64."""
    ends = torch.tensor([start, schedule.t_min], dtype=torch.float64)
    largest, least = -2.0 * torch.tensor(LEVELS[::-1], dtype=torch.float64).log()
    log_snr, limits = schedule.log_snr(ends), schedule.time_at(torch.stack([largest, least]))
    return limits.where(torch.stack([log_snr[0] < largest, log_snr[1] > least]), ends)
