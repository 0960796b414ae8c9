"""Noise schedules: `x_t = alpha_t x_0 + sigma_t eps`, for `t` from 0 (data) to 1 (noise).

A schedule is two functions of time and their derivatives. Everything else (log-SNR, the forward process, the
probability-flow ODE) follows from them, so a new schedule is four short lines.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Coefficients:
    """`alpha`, `sigma` and their derivatives by time at some `t`, each with the shape of `t`."""

    alpha: Tensor
    sigma: Tensor
    d_alpha: Tensor
    d_sigma: Tensor

    def like(self, x: Tensor) -> Coefficients:
        """The same, shaped so that they broadcast over `x` of shape (n, ...)."""
        shape = (-1,) + (1,) * (x.ndim - 1)
        return Coefficients(*(c.reshape(shape) for c in (self.alpha, self.sigma, self.d_alpha, self.d_sigma)))


class Schedule(ABC):
    """`alpha(t)` falls or stays, `sigma(t)` rises, and the signal-to-noise ratio `alpha² / sigma²` strictly falls."""

    title: str
    t_min: float = 1e-3
    """Training and sampling stay in [t_min, t_max]: at 0 and 1 some parametrizations divide by zero."""
    t_max: float = 1.0 - 1e-3

    @abstractmethod
    def alpha(self, t: Tensor) -> Tensor:
        """How much of the data is left at `t`."""

    @abstractmethod
    def sigma(self, t: Tensor) -> Tensor:
        """Standard deviation of the noise at `t`."""

    @abstractmethod
    def derivatives(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """`(d alpha / dt, d sigma / dt)`."""

    def at(self, t: Tensor) -> Coefficients:
        """All four coefficients at `t`."""
        return Coefficients(self.alpha(t), self.sigma(t), *self.derivatives(t))

    def log_snr(self, t: Tensor) -> Tensor:
        """`log(alpha_t² / sigma_t²)`."""
        return 2.0 * (self.alpha(t).log() - self.sigma(t).log())

    def perturb(self, x_0: Tensor, t: Tensor, eps: Tensor) -> Tensor:
        """`x_t = alpha_t x_0 + sigma_t eps`; `x_0`, `eps`: (n, ...), `t`: (n,)."""
        c = self.at(t).like(x_0)
        return c.alpha * x_0 + c.sigma * eps

    def time_at(self, log_snr: Tensor) -> Tensor:
        """The `t` in [t_min, t_max] at which log-SNR is as given, the same shape, float64: by bisection, since it falls strictly."""
        target = log_snr.double()
        low, high = target * 0.0 + self.t_min, target * 0.0 + self.t_max
        for _ in range(60):
            middle = 0.5 * (low + high)
            above = self.log_snr(middle) > target  # then the noise is too small: later
            low, high = middle.where(above, low), high.where(above, middle)
        return 0.5 * (low + high)

    def prior_std(self) -> float:
        """Standard deviation of the noise that sampling starts from: `sigma` at `t_max`."""
        import torch

        return float(self.sigma(torch.tensor(self.t_max, dtype=torch.float64)))


class Linear(Schedule):
    """Variance preserving, `beta(t) = beta_0 + t (beta_1 - beta_0)`, `alpha = exp(-½ ∫ beta)` (Ho et al. 2020;
    in continuous time Song et al. 2021, eq. 32-33)."""

    title = "linear β"
    beta_0, beta_1 = 0.1, 20.0
    t_max = 1.0

    def _log_alpha(self, t: Tensor) -> Tensor:
        return -0.25 * t**2 * (self.beta_1 - self.beta_0) - 0.5 * t * self.beta_0

    def alpha(self, t: Tensor) -> Tensor:
        return self._log_alpha(t).exp()

    def sigma(self, t: Tensor) -> Tensor:
        return (-(2.0 * self._log_alpha(t)).expm1()).sqrt()

    def derivatives(self, t: Tensor) -> tuple[Tensor, Tensor]:
        alpha = self.alpha(t)
        d_alpha = -0.5 * (self.beta_0 + t * (self.beta_1 - self.beta_0)) * alpha
        return d_alpha, -alpha * d_alpha / self.sigma(t)


class Cosine(Schedule):
    """Variance preserving, `alpha = cos(π t / 2)`, `sigma = sin(π t / 2)` (Nichol & Dhariwal 2021, without their
    offset; Salimans & Ho 2022)."""

    title = "cosine"

    def alpha(self, t: Tensor) -> Tensor:
        return (0.5 * math.pi * t).cos()

    def sigma(self, t: Tensor) -> Tensor:
        return (0.5 * math.pi * t).sin()

    def derivatives(self, t: Tensor) -> tuple[Tensor, Tensor]:
        return -0.5 * math.pi * self.sigma(t), 0.5 * math.pi * self.alpha(t)


class RectifiedFlow(Schedule):
    """A straight line from data to noise, `alpha = 1 - t`, `sigma = t` (Liu et al. 2023; Lipman et al. 2023)."""

    title = "rectified flow"

    def alpha(self, t: Tensor) -> Tensor:
        return 1.0 - t

    def sigma(self, t: Tensor) -> Tensor:
        return t.clone()

    def derivatives(self, t: Tensor) -> tuple[Tensor, Tensor]:
        one = t * 0.0 + 1.0
        return -one, one


class VarianceExploding(Schedule):
    """The data stays, the noise grows: `alpha = 1`, `sigma = sigma_min (sigma_max / sigma_min)^t` (Song et al. 2021,
    eq. 30-31)."""

    title = "variance exploding"
    sigma_min, sigma_max = 0.01, 50.0
    t_min, t_max = 0.0, 1.0

    def alpha(self, t: Tensor) -> Tensor:
        return t * 0.0 + 1.0

    def sigma(self, t: Tensor) -> Tensor:
        return self.sigma_min * (math.log(self.sigma_max / self.sigma_min) * t).exp()

    def derivatives(self, t: Tensor) -> tuple[Tensor, Tensor]:
        return t * 0.0, math.log(self.sigma_max / self.sigma_min) * self.sigma(t)


SCHEDULES: dict[str, Schedule] = {
    "linear": Linear(),
    "cosine": Cosine(),
    "rectified_flow": RectifiedFlow(),
    "variance_exploding": VarianceExploding(),
}
