"""From noise to data: samplers as generators of `SamplerState`. They differ only in their step from `t` to `s < t`.

All see the model through `Prediction(x_0, eps)`, so any sampler runs under any schedule and parametrization.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from playground.denoiser import Prediction
from playground.noise import Coefficients, Schedule

DenoiserFn = Callable[[Tensor, Tensor], Prediction]


@dataclass(frozen=True)
class SamplerState:
    """`x` at time `t` after `index` of `total` steps, and the model's latest estimate of the clean data."""

    index: int
    total: int
    t: float
    x: Tensor
    x_0: Tensor


@dataclass(frozen=True)
class Step:
    """All that a sampler may look at for one step; `now`, `next` are the coefficients at `t` and `s`, float64 scalars."""

    x: Tensor
    prediction: Prediction
    t: Tensor
    s: Tensor
    now: Coefficients
    next: Coefficients
    denoiser: DenoiserFn
    eta: float
    noise: Callable[[], Tensor]


def ancestral_variance(now: Coefficients, next: Coefficients) -> Tensor:
    """Variance of `q(x_s | x_t, x_0)`: `(sigma_t² - (alpha_t / alpha_s)² sigma_s²) sigma_s² / sigma_t²`."""
    forward = now.sigma**2 - (now.alpha / next.alpha) ** 2 * next.sigma**2
    return (forward * next.sigma**2 / now.sigma**2).clamp_min(0.0)


def ddpm(step: Step) -> Tensor:
    """A draw from `q(x_s | x_t, x_0 = x_hat_0)` (Ho et al. 2020, eq. 6-7, with the smaller of their two variances)."""
    now, next = step.now, step.next
    ratio = now.alpha / next.alpha
    forward = now.sigma**2 - ratio**2 * next.sigma**2
    mean = (ratio * next.sigma**2 * step.x + next.alpha * forward * step.prediction.x_0) / now.sigma**2
    return mean + ancestral_variance(now, next).sqrt() * step.noise()


def ddim(step: Step) -> Tensor:
    """`alpha_s x_hat_0 + sqrt(sigma_s² - std²) eps_hat + std noise`, `std² = eta² Var q(x_s|x_t,x_0)` (Song et al. 2021,
    eq. 12 and 16). With `eta = 1` the same distribution as DDPM; with 0 no noise at all."""
    std = step.eta * ancestral_variance(step.now, step.next).sqrt()
    direction = (step.next.sigma**2 - std**2).clamp_min(0.0).sqrt()
    x_s = step.next.alpha * step.prediction.x_0 + direction * step.prediction.eps
    return x_s + std * step.noise() if step.eta > 0 else x_s


def velocity(prediction: Prediction, c: Coefficients) -> Tensor:
    """Right-hand side of the probability-flow ODE: `dx/dt = alpha'(t) x_hat_0 + sigma'(t) eps_hat`, which equals
    `f x - ½ g² score` (Song et al. 2021, eq. 13; Albergo et al. 2023)."""
    return c.d_alpha * prediction.x_0 + c.d_sigma * prediction.eps


def euler(step: Step) -> Tensor:
    """One Euler step of the probability-flow ODE in `t`. Under rectified flow this is DDIM with `eta = 0`."""
    return step.x + (step.s - step.t) * velocity(step.prediction, step.now)


def heun(step: Step) -> Tensor:
    """Euler, then again with the mean of the slopes at both ends: second order, two evaluations. The last step, to
    `t = 0`, stays an Euler step, as in Karras et al. 2022, algorithm 1."""
    guess = euler(step)
    if float(step.s) <= 0.0:
        return guess
    there = velocity(step.denoiser(guess, step.s.to(guess).reshape(1)), step.next)
    return step.x + 0.5 * (step.s - step.t) * (velocity(step.prediction, step.now) + there)


SAMPLERS: dict[str, Callable[[Step], Tensor]] = {"ddpm": ddpm, "ddim": ddim, "euler": euler, "heun": heun}


def time_grid(schedule: Schedule, n_steps: int) -> Tensor:
    """`n_steps + 1` times, evenly from `t_max` down to 0, float64."""
    return torch.linspace(schedule.t_max, 0.0, n_steps + 1, dtype=torch.float64)


def initial_noise(schedule: Schedule, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """`x` at `t_max`: `N(0, sigma² I)`, shape (n, ...), on the generator's device."""
    eps = torch.randn(shape, generator=generator, device=generator.device)
    return schedule.prior_std() * eps


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
    advance, total = SAMPLERS[sampler], len(times) - 1
    times = times.double().cpu()  # coefficients are float64 scalars: some are differences of nearly equal squares
    coefficients = [schedule.at(t) for t in times]
    yield SamplerState(0, total, float(times[0]), x, torch.zeros_like(x))
    for i in range(total):
        prediction = denoiser(x, times[i].to(x).reshape(1))
        x = advance(Step(
            x, prediction, times[i], times[i + 1], coefficients[i], coefficients[i + 1], denoiser, eta,
            lambda: torch.randn(x.shape, generator=generator, device=x.device, dtype=x.dtype),
        ))  # fmt: skip
        yield SamplerState(i + 1, total, float(times[i + 1]), x, prediction.x_0)

