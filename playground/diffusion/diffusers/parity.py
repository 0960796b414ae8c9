"""The same method twice: diffusers' scheduler and our own sampler, on the same levels, from the same noise.

Several of diffusers' classes are one method under different names: Euler's method in σ / α is DDIM (Song et al. 2021, eq. 13-14),
and its ancestral variant is DDPM. All of them are held against our one implementation.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from playground.diffusion.denoiser import Prediction
from playground.diffusion.diffusers.driving import Driver, Evaluation
from playground.diffusion.levels import Level, LevelSchedule, time_of
from playground.diffusion.noise import SCHEDULES, Schedule
from playground.diffusion.sampling import SAMPLERS, reverse

OURS: dict[str, str] = {
    "DDPMScheduler": "ddpm",
    "DDPMParallelScheduler": "ddpm",
    "EulerAncestralDiscreteScheduler": "ddpm",
    "DDIMScheduler": "ddim",
    "DDIMParallelScheduler": "ddim",
    "CogVideoXDDIMScheduler": "ddim",
    "EulerDiscreteScheduler": "ddim",
    "EDMEulerScheduler": "ddim",
    "HeunDiscreteScheduler": "edm_heun",
    "DPMSolverMultistepScheduler": "dpmpp_2m",
    "EDMDPMSolverMultistepScheduler": "dpmpp_2m",
    "FlowMatchEulerDiscreteScheduler": "euler",
    "FlowMapEulerDiscreteScheduler": "euler",
    "MiniMaxH3Scheduler": "euler",
    "FlowMatchHeunDiscreteScheduler": "heun",
}
"""Their class -> our sampler of the same method."""


def our_sampler(name: str) -> str | None:
    """Our sampler of the same method as the class `name`, where we have one."""
    ours = OURS.get(name)
    return ours if ours in SAMPLERS else None


def ours_on_their_levels(
    driver: Driver, first: Evaluation, denoiser: Callable[[Tensor, Tensor], Prediction], n_steps: int, seed: int
) -> Tensor:
    """Our sampler of the same method on the levels of `driver`, from what its network saw first; clean data, (n, ...).

    Raises `KeyError` where we have no such sampler.
    """
    levels = _each_once(driver.levels(n_steps))
    schedule, times = _schedule(driver, levels)
    x = first.x_t / driver.to_ours(first.level, first.t)
    generator = torch.Generator(x.device).manual_seed(seed)
    model = InTheirUnits(denoiser, driver, schedule)
    for state in reverse(model, schedule, x, times, OURS[driver.entry.name], generator=generator):
        pass
    return state.x


def difference(theirs: Tensor, ours: Tensor) -> float:
    """The largest difference of any number in any sample, in the units of the data as the model sees it."""
    return float((theirs - ours).abs().max())


class InTheirUnits:
    """A denoiser for `x = a x_0 + s eps` in the units of a scheduler."""

    def __init__(self, denoiser: Callable[[Tensor, Tensor], Prediction], driver: Driver, schedule: Schedule) -> None:
        self.denoiser, self.driver, self.schedule = denoiser, driver, schedule

    def __call__(self, x: Tensor, t: Tensor) -> Prediction:
        at = t.detach().double().reshape(-1)[0].cpu()
        level = Level(float(self.schedule.alpha(at)), float(self.schedule.sigma(at)))
        time = time_of(self.driver.schedule, level)
        x_0 = self.denoiser(x * self.driver.to_ours(level, time), torch.full((1,), time, dtype=x.dtype, device=x.device)).x_0
        return Prediction(x_0, (x - level.a * x_0) / level.s)


def _each_once(levels: list[Level]) -> list[Level]:
    """Second-order methods ask twice at a level."""
    return [level for i, level in enumerate(levels) if i == 0 or level != levels[i - 1]]


def _schedule(driver: Driver, levels: list[Level]) -> tuple[Schedule, Tensor]:
    """A schedule with these levels, and the times at which it has them, from noise to data."""
    if driver.entry.convention.startswith("flow"):
        return SCHEDULES["rectified_flow"], torch.tensor([level.s for level in levels], dtype=torch.float64)
    schedule = LevelSchedule(levels)
    return schedule, schedule.times
