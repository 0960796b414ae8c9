"""The loop around a sampler's step: from noise to data, and, for those that draw no noise, from data to noise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from playground.diffusion.denoiser import Prediction
from playground.diffusion.noise import Schedule
from playground.diffusion.sampling.solvers import ddim, ddpm, dpmpp_2m, edm_heun, euler, heun
from playground.diffusion.sampling.step import DenoiserFn, Past, Step

SAMPLERS: dict[str, Callable[[Step], Tensor]] = {
    "ddpm": ddpm,
    "ddim": ddim,
    "euler": euler,
    "heun": heun,
    "edm_heun": edm_heun,
    "dpmpp_2m": dpmpp_2m,
}


@dataclass(frozen=True)
class SamplerState:
    """`x` at time `t` after `index` of `total` steps, and the model's latest estimate of the clean data."""

    index: int
    total: int
    t: float
    x: Tensor
    x_0: Tensor


class Counted:
    """A denoiser that counts: `evaluations` is how often the network was evaluated for each sample, so that methods can be
    compared at equal cost. A guided denoiser asks its network twice, and says so in its own `evaluations`."""

    def __init__(self, denoiser: DenoiserFn) -> None:
        self.denoiser, self.evaluations = denoiser, 0

    def __call__(self, x_t: Tensor, t: Tensor) -> Prediction:
        self.evaluations += getattr(self.denoiser, "evaluations", 1)
        return self.denoiser(x_t, t)


def initial_noise(schedule: Schedule, shape: tuple[int, ...], generator: torch.Generator, t: float | None = None) -> Tensor:
    """`x` at `t`, the first time of a grid (else `t_max`): `N(0, sigma² I)`, shape (n, ...), on the generator's device."""
    eps = torch.randn(shape, generator=generator, device=generator.device)
    return (schedule.prior_std() if t is None else float(schedule.sigma(torch.tensor(float(t), dtype=torch.float64)))) * eps


@torch.no_grad()
def reverse(
    denoiser: DenoiserFn,
    schedule: Schedule,
    x: Tensor,
    times: Tensor,
    sampler: str = "ddim",
    eta: float = 0.0,
    generator: torch.Generator | None = None,
) -> Iterator[SamplerState]:
    """States from `times[0]` to `times[-1]`, the start included: `len(times)` states for `len(times) - 1` steps.

    `x`: (n, ...) at `times[0]`; `times`: falling, in [0, 1]; `generator`: for the samplers that draw noise on the way.
    Raises `KeyError` for an unknown sampler, `ValueError` for times that do not fall.
    """
    if not bool((times[1:] < times[:-1]).all()):
        raise ValueError("times must fall strictly, from noise (1) to data (0).")
    yield from _states(denoiser, schedule, x, times, SAMPLERS[sampler], eta, generator)


@torch.no_grad()
def invert(denoiser: DenoiserFn, schedule: Schedule, x_0: Tensor, times: Tensor, sampler: str = "ddim") -> Iterator[SamplerState]:
    """The way back from data to the noise that it is made from: the probability-flow ODE solved from `times[0]`, a little above
    0, to `times[-1]` (DDIM inversion: Song et al. 2021, section 4.3). `reverse` from the last state leads to `x_0` again, as
    far as the steps are small enough. The first state is `alpha x_0`: no noise is added.

    `x_0`: (n, ...); `times`: rising, in [t_min, t_max]. Raises `ValueError` for times that do not rise and for `ddpm`.
    """
    if not bool((times[1:] > times[:-1]).all()):
        raise ValueError("times must rise strictly, from data (0) to noise (1).")
    if sampler == "ddpm":
        raise ValueError("DDPM draws noise at each step, which cannot be undone: invert with a sampler that draws none.")
    x = schedule.alpha(times[:1].double()).to(x_0) * x_0
    yield from _states(denoiser, schedule, x, times, SAMPLERS[sampler], 0.0, None)


def _states(
    denoiser: DenoiserFn,
    schedule: Schedule,
    x: Tensor,
    times: Tensor,
    advance: Callable[[Step], Tensor],
    eta: float,
    generator: torch.Generator | None,
) -> Iterator[SamplerState]:
    times, total = times.double().cpu(), len(times) - 1  # float64: some coefficients are differences of nearly equal squares
    coefficients, past = [schedule.at(t) for t in times], None
    yield SamplerState(0, total, float(times[0]), x, torch.zeros_like(x))
    for i in range(total):
        prediction = denoiser(x, times[i].to(x).reshape(1))
        x = advance(
            Step(
                x,
                prediction,
                times[i],
                times[i + 1],
                coefficients[i],
                coefficients[i + 1],
                denoiser,
                eta,
                lambda: torch.randn(x.shape, generator=generator, device=x.device, dtype=x.dtype),
                past,
            )
        )
        past = Past(coefficients[i], prediction)
        yield SamplerState(i + 1, total, float(times[i + 1]), x, prediction.x_0)
