"""The noise schedules as tables, for a page that has no torch: one short job, before any training."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from playground.diffusion.noise import SCHEDULES
from playground.runs.control import Control
from playground.runs.driver import Step, Study, drive
from playground.runs.events import Event

N_TIMES = 201


def forward_run(control: Control | None = None) -> Iterator[Event]:
    """The tables of all schedules as a job: one `Snapshot`, as `tables` says."""
    return drive(tables(), control)


def tables() -> Study:
    """The study behind `forward_run`, of one step: `times` (201,), evenly from 0 to 1, and `alpha`, `sigma`, `log_snr` (k, 201),
    float32, a row for each of `SCHEDULES`, in their order. A time outside a schedule's [t_min, t_max] stands for the nearer end, so that all is finite."""
    times = torch.linspace(0.0, 1.0, N_TIMES, dtype=torch.float64)
    rows = []
    for schedule in SCHEDULES.values():
        t = times.clamp(schedule.t_min, schedule.t_max)
        rows.append(torch.stack([schedule.alpha(t), schedule.sigma(t), schedule.log_snr(t)]))
    alpha, sigma, log_snr = torch.stack(rows).transpose(0, 1).float().numpy()
    yield Step(1, 1, lambda: {"times": times.float().numpy(), "alpha": alpha, "sigma": sigma, "log_snr": log_snr})
