"""A few Gaussians fitted to any data, and their exact denoiser: what a network may start from that knows of clusters.

The best linear denoiser is the exact one of a single Gaussian. That of `p(x_0) = Σ_k w_k N(x_0; m_k, U_k diag(λ_k) U_kᵀ)` is, as for the mixture of
`oracle.py` but with a covariance each,

    r_k(x_t)      = softmax_k(log w_k + log N(x_t; α m_k, U_k diag(α² λ_k + σ²) U_kᵀ))
    E[x_0 | x_t]  = Σ_k r_k (m_k + U_k diag(α λ_k / (α² λ_k + σ²)) U_kᵀ (x_t - α m_k)),

linear answers, each as far as `x_t` is likely to have come from its Gaussian. The Gaussians are those of clusters found by k-means (Lloyd 1982) in the
leading principal axes of the data; along all other axes, which vary least, they share the variance of the data, and the answer stays linear.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from playground.diffusion.linear import LEAST, LinearDenoiser
from playground.diffusion.noise import Coefficients

LEADING = 128
"""Principal axes along which each Gaussian has a mean and a covariance of its own, at most."""
SHARED = 16
"""A cluster's covariance is estimated as if it had so many more examples, spread as those of all clusters are around their own means."""
ROUNDS = 20
"""Of k-means."""


class GaussiansDenoiser(LinearDenoiser):
    """As the best linear denoiser, with `k` Gaussians in the place of one. Buffers beside its own, in the r leading axes, `axes[:, leading]`:
    `weights` (k,), `centers` (k, r), `turns` (k, r, r) and `spreads` (k, r), the `w_k`, `m_k` (less the mean of the data), `U_k` and `λ_k`.
    `error` is still what the best linear denoiser leaves: what this one leaves is less, and no closed form."""

    leading: Tensor
    weights: Tensor
    centers: Tensor
    turns: Tensor
    spreads: Tensor

    def __init__(self, shape: tuple[int, ...], k: int) -> None:
        super().__init__(shape)
        r = min(LEADING, len(self.variances))
        self.register_buffer("leading", torch.arange(r))
        self.register_buffer("weights", torch.full((k,), 1.0 / k))
        self.register_buffer("centers", torch.zeros(k, r))
        self.register_buffer("turns", torch.eye(r).repeat(k, 1, 1))
        self.register_buffer("spreads", torch.ones(k, r))

    @torch.no_grad()
    def divide(self, data: Tensor) -> GaussiansDenoiser:
        """Takes the Gaussians from `data` (N, *shape), whose mean and covariance are known already."""
        k, r = self.centers.shape
        self.leading.copy_(self.variances.topk(r).indices)
        y = (data.flatten(1).float() - self.mean) @ self.axes[:, self.leading]
        own = F.one_hot(clusters(y, k), k).float()
        n = own.sum(0)
        self.weights.copy_(n / n.sum())
        self.centers.copy_(own.T @ y / n.clamp_min(1.0)[:, None])
        away = y - own @ self.centers
        scatter = torch.stack([(away * mine[:, None]).T @ away for mine in own.T])
        covariances = (scatter + SHARED * scatter.sum(0) / n.sum()) / (n + SHARED)[:, None, None]
        spreads, turns = torch.linalg.eigh(covariances.cpu().double())
        self.spreads.copy_(spreads.clamp_min(LEAST))
        self.turns.copy_(turns)
        return self

    def forward(self, x_t: Tensor, c: Coefficients) -> Tensor:
        linear, axes = super().forward(x_t, c).flatten(1), self.axes[:, self.leading]
        alpha, sigma = c.alpha.reshape(-1, 1), c.sigma.reshape(-1, 1)
        mixed = self._mixed((x_t.flatten(1) - alpha * self.mean) @ axes, alpha[:, None], sigma[:, None])
        return (linear + (mixed - (linear - self.mean) @ axes) @ axes.T).reshape(x_t.shape)

    def _mixed(self, y: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
        """The answer to noisy coordinates `y` along the leading axes, both (n, r), from the mean of the data; `alpha`, `sigma`: (n or 1, 1, 1)."""
        variances = alpha.square() * self.spreads + sigma.square()
        away = torch.einsum("nkr,krs->nks", y[:, None] - alpha * self.centers, self.turns)
        logits = self.weights.log() - 0.5 * (away.square() / variances + variances.log()).sum(2)
        share = logits.softmax(1)
        back = share[:, :, None] * (alpha * self.spreads / variances) * away
        return share @ self.centers + torch.einsum("nks,krs->nr", back, self.turns)


def clusters(y: Tensor, k: int) -> Tensor:
    """Which of at most `k` clusters each of `y` (N, r) belongs to, (N,), by k-means from distant beginnings (Arthur & Vassilvitskii 2007); always the
    same."""
    generator = torch.Generator(y.device).manual_seed(0)
    centers = y[torch.randint(len(y), (1,), generator=generator, device=y.device)]
    while len(centers) < k:
        far = torch.cdist(y, centers).amin(1).square() + LEAST
        centers = torch.cat([centers, y[torch.multinomial(far, 1, generator=generator)]])
    for _ in range(ROUNDS):
        own = F.one_hot(torch.cdist(y, centers).argmin(1), k).float()
        n = own.sum(0)[:, None]
        centers = torch.where(n > 0, own.T @ y / n.clamp_min(1.0), centers)
    return torch.cdist(y, centers).argmin(1)
