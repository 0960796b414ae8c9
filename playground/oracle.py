"""The exact answer: the best possible denoiser of a Gaussian mixture, at every `t`, under any schedule.

If the data are `p(x_0) = Σ_k w_k N(x_0; m_k, s² I)`, then everything that a diffusion model has to learn is known:

    p_t(x)        = Σ_k w_k N(x; α m_k, var_t I),   var_t = α² s² + σ²
    r_k(x)        = w_k N(x; α m_k, var_t I) / p_t(x)                    how likely it is that x came from component k
    E[x_0 | x_t]  = Σ_k r_k (m_k + (α s² / var_t) (x_t - α m_k))
    ∇ log p_t(x)  = Σ_k r_k (α m_k - x) / var_t

The mean and the score say the same: `α E[x_0|x_t] = x_t + σ² ∇ log p_t(x_t)` (Tweedie's formula: Efron 2011, eq. 1.4), and
no denoiser has a smaller squared error than the mean (cf. Karras et al. 2022, appendix B.3, where the mixture is the finite
data set itself: `means` the data and `std = 0`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from playground.denoiser import Parametrization, Prediction
from playground.noise import Coefficients, Schedule


@dataclass(frozen=True, eq=False)
class MixtureDenoiser:
    """`(x_t, t) -> Prediction(E[x_0|x_t], E[eps|x_t])`, to be used wherever a trained `Denoiser` is.

    `means`: (k, d); `std`: the `s` that all components share, 0 for points; `weights`: (k,), positive, summing to 1.
    Everywhere `x`: (n, d) and `t`: (n,), or (1,) where all share one time. Answers have the type and device of `x`.
    """

    means: Tensor
    std: float
    weights: Tensor
    schedule: Schedule

    def __call__(self, x_t: Tensor, t: Tensor) -> Prediction:
        """The mean of what the clean data and the noise may have been, both (n, d)."""
        c, var, means, r = self._parts(x_t, t)
        mean, square = r @ means, self.std**2
        x_0 = mean + (c.alpha * square / var) * (x_t - c.alpha * mean)
        return Prediction(x_0, c.sigma * (x_t - c.alpha * mean) / var)

    def score(self, x: Tensor, t: Tensor) -> Tensor:
        """`∇ log p_t(x) = -E[eps|x_t] / σ`, (n, d); finite at `σ = 0` too, where `std > 0`."""
        c, var, means, r = self._parts(x, t)
        return (c.alpha * (r @ means) - x) / var

    def log_density(self, x: Tensor, t: Tensor) -> Tensor:
        """`log p_t(x)` in nats, (n,)."""
        c, var, means = self._components(x, t)
        return self._log_joint(x, c, var, means).logsumexp(1)

    def _parts(self, x: Tensor, t: Tensor) -> tuple[Coefficients, Tensor, Tensor, Tensor]:
        """Coefficients and `var_t`, (n, 1) or (1, 1); means, (k, d); responsibilities `r`, (n, k)."""
        c, var, means = self._components(x, t)
        return c, var, means, self._log_joint(x, c, var, means).softmax(1)

    def _components(self, x: Tensor, t: Tensor) -> tuple[Coefficients, Tensor, Tensor]:
        c = self.schedule.at(t).like(x)
        return c, c.alpha**2 * self.std**2 + c.sigma**2, self.means.to(x)

    def _log_joint(self, x: Tensor, c: Coefficients, var: Tensor, means: Tensor) -> Tensor:
        """`log w_k + log N(x; α m_k, var_t I)`, (n, k)."""
        squares = (x[:, None] - c.alpha[..., None] * means).square().sum(2)
        normaliser = 0.5 * x.shape[1] * (2.0 * math.pi * var).log()
        return self.weights.to(x).log() - 0.5 * squares / var - normaliser


def mixture_denoiser(mixture, schedule: Schedule) -> MixtureDenoiser:
    """The exact denoiser of `playground.data.points.Mixture` (anything with `means`, `std` and `weights` as arrays)."""
    return MixtureDenoiser(torch.tensor(mixture.means), float(mixture.std), torch.tensor(mixture.weights), schedule)


class Exact:
    """An exact denoiser in the place of a network: its `raw` answers are what a perfect network would say, so the loss of
    `objectives.denoising_error` with it is the lowest that any network can reach."""

    def __init__(self, denoiser: MixtureDenoiser, parametrization: Parametrization) -> None:
        self.denoiser, self.schedule, self.parametrization = denoiser, denoiser.schedule, parametrization

    def raw(self, x_t: Tensor, t: Tensor, c: Coefficients) -> Tensor:
        """The expected target in units of its scale (see `Denoiser.raw`)."""
        exact = self.denoiser(x_t, t)
        return self.parametrization.target(exact.x_0, exact.eps, c) / self.parametrization.scale(c)
