"""Reflow: straightening a rectified flow by training it again on its own pairs of noise and sample (Liu, Gong & Liu 2023).

A rectified flow learns `dx/dt = v(x, t)` from straight lines between data and *independent* noise. Where two lines cross, `v`
can only be their mean, so the paths that it makes bend. But paths of an ODE never cross: joining each noise `x_1` to the
sample `x_0` that its own path leads to gives lines that cross less, and a flow trained on those is straighter, while its
samples stay the same (ibid.). A straight path needs one Euler step.

The straightness of a path, in squared units of the data (ibid.; 0 means straight, at constant speed):

    S = ∫_0^1 | dx/dt - (x_1 - x_0) |² dt
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from playground.diffusion.noise import Schedule
from playground.diffusion.sampling import DenoiserFn, velocity
from playground.measures.work import Work, whole
from playground.runs.tasks import thin

EULER_STEPS = (1, 2, 4, 8, 16)
"""With how many steps samples are drawn, before and after."""
FRAMES = 33
"""Points of a path that are kept for a picture."""


@dataclass(frozen=True)
class Paths:
    """Where Euler's method led from some noise: `x_0` (n, ...); `straightness`, S of each path, (n,); `length`, |x_1 - x_0|²,
    (n,), in the same unit; `frames`, the way there, (T, n, ...)."""

    x_0: Tensor
    straightness: Tensor
    length: Tensor
    frames: Tensor


def follow(denoiser: DenoiserFn, schedule: Schedule, noise: Tensor, n_steps: int, frames: int = 0) -> Paths:
    """As `following`, at once."""
    return whole(following(denoiser, schedule, noise, n_steps, frames))


@torch.no_grad()
def following(denoiser: DenoiserFn, schedule: Schedule, noise: Tensor, n_steps: int, frames: int = 0) -> Work[Paths]:
    """Solves `dx/dt = v(x, t)` from `noise` (n, ...) at `t_max` to `t = 0` by `n_steps` equal Euler steps, and measures how
    straight.

    With equal steps `x_1 - x_0` is the mean of the speeds (times t_max), so S is their variance along the path, summed over the
    dimensions of `x`. It is updated step by step (Welford 1962): nothing is stored, and nothing cancels where S is small.
    """
    times = torch.linspace(schedule.t_max, 0.0, n_steps + 1, dtype=torch.float64)
    keep = set(thin(n_steps + 1, frames).tolist()) if frames else set()
    x, mean, scatter = noise, torch.zeros_like(noise), noise.new_zeros(len(noise))
    way = [x] if keep else []
    for k in range(n_steps):
        t = times[k]
        speed = velocity(denoiser(x, t.to(x).reshape(1)), schedule.at(t))
        away = speed - mean
        mean = mean + away / (k + 1)
        scatter = scatter + (away * (speed - mean)).flatten(1).sum(1)
        x = x + float(times[k + 1] - t) * speed
        if k + 1 in keep:
            way.append(x)
        yield
    length = mean.square().flatten(1).sum(1)
    return Paths(x, scatter / n_steps, length, torch.stack(way) if way else noise.new_zeros(0, *noise.shape))
