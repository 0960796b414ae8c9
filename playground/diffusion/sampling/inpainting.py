"""Inpainting: sample a part of the data where the rest is given, with a denoiser that knows nothing of the task."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from playground.diffusion.noise import Schedule
from playground.diffusion.sampling.loop import SamplerState
from playground.diffusion.sampling.solvers import ddpm
from playground.diffusion.sampling.step import DenoiserFn, Step


@torch.no_grad()
def inpaint(
    denoiser: DenoiserFn,
    schedule: Schedule,
    known: Tensor,
    missing: Tensor,
    n: int,
    times: Tensor,
    generator: torch.Generator,
    resample: int = 3,
) -> Iterator[SamplerState]:
    """States of `n` samples in which everything but `missing` stays `known` (RePaint: Lugmayr et al. 2022, algorithm 1).

    After each DDPM step from `t` to `s` the known part is replaced by `alpha_s known + sigma_s eps`. What was drawn and what was
    put in do not fit together yet, so noise takes the sample back from `s` to `t` and the step is made again, `resample` times
    in all. Nor is the end a draw from `p(missing | known)`, even with the exact denoiser: what is drawn early does not know of what is
    known. `known`, `missing` (bool): (1, ...); `times` falling to 0; the last state holds the known part itself.
    """
    times, total = times.double().cpu(), len(times) - 1
    coefficients = [schedule.at(t) for t in times]

    def noise() -> Tensor:
        shape = (n, *known.shape[1:])
        return torch.randn(shape, generator=generator, device=known.device, dtype=known.dtype)

    x = coefficients[0].alpha * known * ~missing + coefficients[0].sigma * noise()
    yield SamplerState(0, total, float(times[0]), x, torch.zeros_like(x))
    for i in range(total):
        now, next = coefficients[i], coefficients[i + 1]
        ratio, last = now.alpha / next.alpha, i + 1 == total
        for turn in range(1 if last else resample):
            if turn > 0:
                x = ratio * x + (now.sigma**2 - ratio**2 * next.sigma**2).sqrt() * noise()
            prediction = denoiser(x, times[i].to(x).reshape(1))
            drawn = ddpm(Step(x, prediction, times[i], times[i + 1], now, next, denoiser, 1.0, noise))
            given = known if last else next.alpha * known + next.sigma * noise()
            x = torch.where(missing, drawn, given)
        yield SamplerState(i + 1, total, float(times[i + 1]), x, prediction.x_0)
