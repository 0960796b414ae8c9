"""The exact answer: the best possible denoiser of a Gaussian mixture, and of a finite data set, at every `t`, under any schedule.

If the data are `p(x_0) = Σ_k w_k N(x_0; m_k, s² I)`, then everything that a diffusion model has to learn is known:

    p_t(x)        = Σ_k w_k N(x; α m_k, var_t I),   var_t = α² s² + σ²
    r_k(x)        = w_k N(x; α m_k, var_t I) / p_t(x)                    how likely it is that x came from component k
    E[x_0 | x_t]  = Σ_k r_k (m_k + (α s² / var_t) (x_t - α m_k))
    ∇ log p_t(x)  = Σ_k r_k (α m_k - x) / var_t

The mean and the score say the same: `α E[x_0|x_t] = x_t + σ² ∇ log p_t(x_t)` (Tweedie's formula: Efron 2011, eq. 1.4), and
no denoiser has a smaller squared error than the mean. With `s = 0` and the examples of a data set in place of the `m_k` these
are the formulas of the ideal denoiser of that set (Karras et al. 2022, appendix B.3), which leads every noise back to one of the
examples: what is best on the training set has learned it by heart.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from playground.diffusion.denoiser import Parametrization, Prediction
from playground.diffusion.linear import LinearDenoiser
from playground.diffusion.noise import Coefficients, Schedule

KEPT = 2**24
"""Numbers in a data set that is small enough to be kept as numbers, not turned into them again at each call."""
CACHED = 2**19
"""Distances that are held at once: about as many as the cache of a processor takes, which is twice as fast as more."""


@dataclass(frozen=True, eq=False)
class MixtureDenoiser:
    """`(x_t, t) -> Prediction(E[x_0|x_t], E[eps|x_t])`, to be used wherever a trained `Denoiser` is.

    `means`: (k, d); `std`: the `s` that all components share, 0 for points; `weights`: (k,), positive, summing to 1.
    Everywhere `x`: (n, d), `t`: (n,), or (1,) where all share one time, and `label`: (n,) or (1,), the component that the data
    come from, where that is known, else -1; None is -1 for all. Answers have the type and device of `x`.
    """

    means: Tensor
    std: float
    weights: Tensor
    schedule: Schedule

    def __call__(self, x_t: Tensor, t: Tensor, label: Tensor | None = None) -> Prediction:
        """The mean of what the clean data and the noise may have been, both (n, d)."""
        c, var, means, r = self._parts(x_t, t, label)
        mean, square = r @ means, self.std**2
        x_0 = mean + (c.alpha * square / var) * (x_t - c.alpha * mean)
        return Prediction(x_0, c.sigma * (x_t - c.alpha * mean) / var)

    def score(self, x: Tensor, t: Tensor, label: Tensor | None = None) -> Tensor:
        """`∇ log p_t(x) = -E[eps|x_t] / σ`, (n, d); finite at `σ = 0` too, where `std > 0`."""
        c, var, means, r = self._parts(x, t, label)
        return (c.alpha * (r @ means) - x) / var

    def log_density(self, x: Tensor, t: Tensor, label: Tensor | None = None) -> Tensor:
        """`log p_t(x)` in nats, (n,); with a `label` that of its component alone, `log p_t(x | label)`."""
        c, var, means = self._components(x, t)
        joint, prior = self._log_joint(x, c, var, means), self.weights.to(x).log().expand(len(x), -1)
        if label is not None:
            other = _other(label, torch.arange(len(means), device=label.device))
            joint, prior = joint.masked_fill(other, -torch.inf), prior.masked_fill(other, -torch.inf)
        return joint.logsumexp(1) - prior.logsumexp(1)

    def given(self, known: Tensor, missing: Tensor) -> MixtureDenoiser:
        """The distribution of the `missing` coordinates (d,), bool, of clean data of which the others are `known` (d,): again a mixture,
        `p(x_m | x_k) = Σ_i w'_i N(x_m; m_i, s² I)` with `w'_i ∝ w_i N(x_k; m_i, s² I)`."""
        squares = (known[~missing] - self.means[:, ~missing]).square().sum(1)
        weights = (self.weights.log() - 0.5 * squares / self.std**2).softmax(0)
        return replace(self, means=self.means[:, missing], weights=weights)

    def _parts(self, x: Tensor, t: Tensor, label: Tensor | None) -> tuple[Coefficients, Tensor, Tensor, Tensor]:
        """Coefficients and `var_t`, (n, 1) or (1, 1); means, (k, d); responsibilities `r`, (n, k)."""
        c, var, means = self._components(x, t)
        joint = self._log_joint(x, c, var, means)
        if label is not None:
            joint = joint.masked_fill(_other(label, torch.arange(len(means), device=label.device)), -torch.inf)
        return c, var, means, joint.softmax(1)

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


class IdealDenoiser:
    """The best possible denoiser of the finite set `data` (N, ...): `E[x_0|x_t] = Σ_i r_i x_i`, `r = softmax(-|x_t - α x_i|² / 2σ²)`.

    `data` may be stored as something smaller than what a model sees, such as bytes: `scale` turns a part of it into numbers. The
    data pass by in parts of at most `chunk` with a running softmax, so memory hardly grows with N, and the squares are matrix
    products around the mean of the data. In double precision up to 64 dimensions; in many, where examples are far apart, single
    precision is enough. `x`, `t`, `label` as for `MixtureDenoiser` (`x`: (n, ...)); labels need the `labels` (N,) of the data.
    """

    def __init__(
        self,
        data: Tensor,
        schedule: Schedule,
        scale: Callable[[Tensor], Tensor] = lambda x: x,
        labels: Tensor | None = None,
        chunk: int = 4096,
    ) -> None:
        self.data, self.schedule, self.scale, self.labels, self.chunk = data, schedule, scale, labels, chunk
        self.size = math.prod(data.shape[1:])
        self.dtype = torch.float64 if self.size <= 64 and data.device.type != "mps" else torch.float32
        self.center, self.ready = torch.zeros(self.size, dtype=self.dtype, device=data.device), None
        self.center = sum(self._part(i, chunk).sum(0) for i in range(0, len(data), chunk)) / len(data)
        if data.numel() <= KEPT:
            self.ready = self._part(0, len(data))

    def __call__(self, x_t: Tensor, t: Tensor, label: Tensor | None = None) -> Prediction:
        """The weighted mean of the data, and the noise that goes with it, both (n, ...)."""
        flat, c = self._enter(x_t, t)
        _, x_0 = self._pass(flat, c, label)
        eps = (flat - c.alpha * x_0) / c.sigma
        return Prediction(x_0.reshape(x_t.shape).to(x_t), eps.reshape(x_t.shape).to(x_t))

    def score(self, x: Tensor, t: Tensor, label: Tensor | None = None) -> Tensor:
        """`∇ log p_t(x) = -E[eps|x_t] / σ`, (n, ...)."""
        return -self(x, t, label).eps / self._enter(x, t)[1].sigma.reshape(-1, *[1] * (x.ndim - 1)).to(x)

    def log_density(self, x: Tensor, t: Tensor, label: Tensor | None = None) -> Tensor:
        """`log p_t(x) = log 1/N Σ_i N(x; α x_i, σ² I)` in nats, (n,); with a `label` over the N examples of that class."""
        flat, c = self._enter(x, t)
        total, _ = self._pass(flat, c, label)
        normaliser = 0.5 * self.size * (2.0 * math.pi * c.sigma**2).log() + self._count(label)
        return (total - normaliser)[:, 0].to(x)

    def _count(self, label: Tensor | None) -> Tensor | float:
        """`log N`, of the examples that a label leaves; (n, 1) where there are labels."""
        if label is None or self.labels is None:
            return math.log(len(self.data))
        return (~_other(label, self.labels)).sum(1, keepdim=True).to(self.dtype).log()

    def _part(self, i: int, size: int) -> Tensor:
        """Some of the data as numbers around their mean, (size, D)."""
        if self.ready is not None:
            return self.ready[i : i + size]
        return self.scale(self.data[i : i + size]).flatten(1).to(self.dtype) - self.center

    def _enter(self, x: Tensor, t: Tensor) -> tuple[Tensor, Coefficients]:
        """`x` as (n, size), and the coefficients as (n, 1) or (1, 1); `σ = 0` as the smallest that can be divided by."""
        flat = x.flatten(1).to(self.dtype)
        c = self.schedule.at(t.to(self.dtype)).like(flat)
        return flat, replace(c, sigma=c.sigma.clamp_min(1e-6))

    def _pass(self, x: Tensor, c: Coefficients, label: Tensor | None) -> tuple[Tensor, Tensor]:
        """`log Σ_i exp(-|x - α x_i|² / 2σ²)`, (n, 1), and the mean of the data with these weights, (n, size)."""
        x, size = x - c.alpha * self.center, min(self.chunk, max(64, CACHED // len(x)))
        scaled, weight = x * (c.alpha / c.sigma**2), -0.5 * (c.alpha / c.sigma) ** 2
        highest, total, mean = x.new_full((len(x), 1), -torch.inf), x.new_zeros(len(x), 1), torch.zeros_like(x)
        for i in range(0, len(self.data), size):
            part = self._part(i, size)
            logits = torch.addmm(weight * part.square().sum(1), scaled, part.T)  # less |x|² / 2σ², which is the same for all
            if label is not None and self.labels is not None:
                logits = logits.masked_fill(_other(label, self.labels[i : i + size]), -torch.inf)
            new = torch.maximum(highest, logits.amax(1, keepdim=True))
            weights, keep = logits.sub_(new).exp_(), (highest - new).exp()
            if label is not None:  # NaN: nothing of this class has come by yet
                weights, keep = weights.nan_to_num(0.0), keep.nan_to_num(0.0)
            total, mean = keep * total + weights.sum(1, keepdim=True), keep * mean + weights @ part
            highest = new
        highest = highest - 0.5 * x.square().sum(1, keepdim=True) / c.sigma**2
        return highest + total.log(), mean / total + self.center


def _other(label: Tensor, labels: Tensor) -> Tensor:
    """Which of `labels` (m,) are of another class than `label` (n,) asks for, (n, m); -1 asks for none."""
    return (label[:, None] >= 0) & (label[:, None] != labels)


class LinearAnswer:
    """A `LinearDenoiser` under one schedule in the place of any other denoiser, `(x_t, t) -> Prediction`; it knows no classes."""

    def __init__(self, linear: LinearDenoiser, schedule: Schedule) -> None:
        self.linear, self.schedule = linear, schedule

    def __call__(self, x_t: Tensor, t: Tensor, label: Tensor | None = None) -> Prediction:
        c = self.schedule.at(t).like(x_t)
        x_0 = self.linear(x_t, c)
        return Prediction(x_0, (x_t - c.alpha * x_0) / c.sigma)


class Exact:
    """An exact denoiser in the place of a network: its `raw` answers are what a perfect network would say, so the loss of
    `objectives.denoising_error` with it is the lowest that any network can reach."""

    def __init__(self, denoiser: MixtureDenoiser | IdealDenoiser | LinearAnswer, parametrization: Parametrization) -> None:
        self.denoiser, self.schedule, self.parametrization = denoiser, denoiser.schedule, parametrization

    def raw(self, x_t: Tensor, t: Tensor, c: Coefficients, label: Tensor | None = None) -> Tensor:
        """The expected target in units of its scale (see `Denoiser.raw`)."""
        exact = self.denoiser(x_t, t, label)
        return self.parametrization.target(exact.x_0, exact.eps, c) / self.parametrization.scale(c)
