"""The best linear denoiser of any data: a closed form, and what a network's answer is added to.

For data with mean `μ` and covariance `U diag(λ) Uᵀ`, no linear function of `x_t = α x_0 + σ ε` is nearer to `x_0` than

    x_0(x_t) = μ + U diag(α λ / (α² λ + σ²)) Uᵀ (x_t - α μ)                                            (Wiener 1949)

and what it leaves has variance `λ σ² / (α² λ + σ²)` along each axis. It is the exact denoiser of a Gaussian with this mean and
covariance, so sampling with it draws from that Gaussian: what a network adds is all that deep learning adds. In many dimensions
the directions of least variance share one `λ`, the mean of theirs (Tipping & Bishop 1999): the best linear denoiser of that Gaussian.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from playground.diffusion.noise import Coefficients

WHOLE = 1024
"""Up to so many dimensions every direction has a variance of its own."""
RANK = 256
"""In more dimensions, so many directions have one."""
EXAMPLES = 20_000
"""Examples that are enough to measure mean and covariance on."""
LEAST = 1e-6
"""Least variance of a direction."""


class LinearDenoiser(nn.Module):
    """`(x_t, c) -> x_0`, both (n, *shape). Buffers: `mean` (D,), `axes` (D, r), their `variances` (r,), and that of each of the
    other D - r directions, `rest`; before `fit` those of white noise."""

    mean: Tensor
    axes: Tensor
    variances: Tensor
    rest: Tensor

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.size = math.prod(shape)
        rank = self.size if self.size <= WHOLE else RANK
        self.register_buffer("mean", torch.zeros(self.size))
        self.register_buffer("axes", torch.eye(self.size)[:, :rank].clone())
        self.register_buffer("variances", torch.ones(rank))
        self.register_buffer("rest", torch.ones(()))

    @torch.no_grad()
    def fit(self, data: Tensor) -> LinearDenoiser:
        """Takes mean and covariance from `data` (N, *shape)."""
        x, r = data.flatten(1).float(), len(self.variances)
        mean = x.mean(0)
        x = x - mean
        if r == self.size:
            variances, axes = torch.linalg.eigh((x.T.double() @ x.double() / len(x)).cpu())
        else:
            _, singular, axes = torch.svd_lowrank(x, q=r, niter=4)
            variances = singular.square() / len(x)
        total = float(x.square().mean()) * self.size
        rest = (total - float(variances.sum())) / max(self.size - r, 1)
        for buffer, value in ((self.mean, mean), (self.axes, axes), (self.variances, variances.clamp_min(LEAST))):
            buffer.copy_(value)
        self.rest.fill_(max(rest, LEAST))
        return self.divide(data)

    def divide(self, data: Tensor) -> LinearDenoiser:
        """What a denoiser of several Gaussians does with `data`, once it has mean and covariance: nothing, of one."""
        return self

    def forward(self, x_t: Tensor, c: Coefficients) -> Tensor:
        """`c`: coefficients shaped like `x_t`, of one time each or of one for all."""
        alpha, sigma = c.alpha.reshape(-1, 1), c.sigma.reshape(-1, 1)
        away = x_t.flatten(1) - alpha * self.mean
        own, rest = (alpha * lam / (alpha.square() * lam + sigma.square()) for lam in (self.variances, self.rest))
        x_0 = self.mean + rest * away + ((own - rest) * (away @ self.axes)) @ self.axes.T
        return x_0.reshape(x_t.shape)

    def error(self, c: Coefficients) -> Tensor:
        """`E|x_0 - x_0(x_t)|² / D`, what this denoiser leaves, shaped like `c.alpha`."""
        alpha, sigma = c.alpha.reshape(-1, 1), c.sigma.reshape(-1, 1)
        own, rest = (lam * sigma.square() / (alpha.square() * lam + sigma.square()) for lam in (self.variances, self.rest))
        left = self.size - len(self.variances)
        return ((own.sum(1, keepdim=True) + left * rest) / self.size).reshape(c.alpha.shape)
