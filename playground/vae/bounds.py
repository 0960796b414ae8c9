"""Lower bounds on `log p(x)` of a VAE in any number of dimensions, and an estimate of it, all from the same weights

    log w = log p(x|z) + log p(z) - log q(z|x),      z ~ q(z|x)

    ELBO           E log w                            Kingma & Welling 2014, eq. 2
    IWAE-k         E log (1/k) Σ w                    Burda et al. 2016, eq. 8: between the ELBO and log p(x), tighter with k
    log p(x)       log of the mean of very many w     with a standard error, and an effective number of draws

Everything is in nats per example.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from playground.vae.autoencoder import VAE, DiagonalGaussian

CHUNK = 4096
"""Draws decoded at once: bounds the memory of an estimate."""


def log_normal(z: Tensor) -> Tensor:
    """`log N(z; 0, I)` over the last axis, (...)."""
    return -0.5 * (z.square() + math.log(2.0 * math.pi)).sum(-1)


def log_likelihoods(model: VAE, x: Tensor, q: DiagonalGaussian, eps: Tensor) -> tuple[Tensor, Tensor]:
    """`log p(x|z)` at the draws `z = mean + std eps`, (n, k), and what the decoder's network said there, (n k, ...).

    `x`: (n, C, H, W); `q`: n Gaussians; `eps`: (n, k, d), standard normal."""
    n, k, _ = eps.shape
    raw = model.decoder((q.mean[:, None] + q.std[:, None] * eps).flatten(0, 1))
    repeated = x[:, None].expand(n, k, *x.shape[1:]).flatten(0, 1)
    return model.likelihood.log_prob(repeated, raw).reshape(n, k), raw


def log_prior_ratios(q: DiagonalGaussian, eps: Tensor) -> Tensor:
    """`log p(z) - log q(z|x)` at the same draws, (n, k). `log q` is taken from `eps`, so that nothing cancels for a narrow q."""
    z = q.mean[:, None] + q.std[:, None] * eps
    return log_normal(z) - log_normal(eps) + q.log_std.sum(-1, keepdim=True)


def log_weights(model: VAE, x: Tensor, q: DiagonalGaussian, eps: Tensor) -> Tensor:
    """`log w` of given draws, (n, k); arguments as in `log_likelihoods`."""
    return log_likelihoods(model, x, q, eps)[0] + log_prior_ratios(q, eps)


@torch.no_grad()
def draw_log_weights(model: VAE, x: Tensor, k: int, generator: torch.Generator) -> Tensor:
    """`k` fresh `log w` of each example, (n, k), float64, made in pieces. `generator` lives on the device of `x`."""
    q, parts = model.encode(x), []
    for count in torch.full((k,), 1).split(max(1, CHUNK // len(x))):
        eps = torch.randn(len(x), len(count), model.latent_dim, generator=generator, device=x.device, dtype=x.dtype)
        parts.append(log_weights(model, x, q, eps).double())
    return torch.cat(parts, dim=1)


def iwae(log_w: Tensor, k: int) -> Tensor:
    """The importance-weighted bound of `k` draws, (n,), from log weights (n, m), m >= k: its mean over the m // k groups."""
    groups = log_w.shape[1] // k
    return (log_w[:, : groups * k].unflatten(1, (groups, k)).logsumexp(2) - math.log(k)).mean(1)


@dataclass(frozen=True)
class Estimate:
    """`log p(x)` from m weighted draws, (n,) each."""

    log_p: Tensor
    error: Tensor
    """Standard error, in nats: `sqrt(1 / effective - 1 / m)`, that of the mean weight carried through the logarithm. It is
    itself an estimate, and too small where `effective` is a few: then the largest weights have not been met yet."""
    effective: Tensor
    """`(Σ w)² / Σ w²`: about how many draws from the true posterior they are worth (Kong 1992)."""


def importance_estimate(log_w: Tensor) -> Estimate:
    """`log (1/m) Σ w` from log weights (n, m): a lower bound on average, short of log p(x) by about half its squared error."""
    m = log_w.shape[1]
    total = log_w.logsumexp(1)
    effective = (2.0 * total - (2.0 * log_w).logsumexp(1)).exp()
    return Estimate(total - math.log(m), (1.0 / effective - 1.0 / m).clamp(min=0.0).sqrt(), effective)
