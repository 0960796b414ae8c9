"""What a sampler may look at when it takes one step, and the two formulas that several of them need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from playground.diffusion.denoiser import Prediction
from playground.diffusion.noise import Coefficients

DenoiserFn = Callable[[Tensor, Tensor], Prediction]


@dataclass(frozen=True)
class Past:
    """What the step before this one saw; multistep samplers build on it."""

    coefficients: Coefficients
    prediction: Prediction


@dataclass(frozen=True)
class Step:
    """All that a sampler may look at for one step from `t` to `s`; `now`, `next` are the coefficients at `t` and `s`, float64
    scalars. `past` is None in the first step."""

    x: Tensor
    prediction: Prediction
    t: Tensor
    s: Tensor
    now: Coefficients
    next: Coefficients
    denoiser: DenoiserFn
    eta: float
    noise: Callable[[], Tensor]
    past: Past | None = None


def ancestral_variance(now: Coefficients, next: Coefficients) -> Tensor:
    """Variance of `q(x_s | x_t, x_0)`: `(sigma_t² - (alpha_t / alpha_s)² sigma_s²) sigma_s² / sigma_t²`."""
    forward = now.sigma**2 - (now.alpha / next.alpha) ** 2 * next.sigma**2
    return (forward * next.sigma**2 / now.sigma**2).clamp_min(0.0)


def velocity(prediction: Prediction, c: Coefficients) -> Tensor:
    """Right-hand side of the probability-flow ODE: `dx/dt = alpha'(t) x_hat_0 + sigma'(t) eps_hat`, which equals
    `f x - ½ g² score` (Song et al. 2021, eq. 13; Albergo et al. 2023)."""
    return c.d_alpha * prediction.x_0 + c.d_sigma * prediction.eps
