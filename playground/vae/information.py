"""What the KL of a VAE is made of: what codes tell of their images, and how far all codes together are from the prior.

    E_x KL(q(z|x) || p(z))  =  I(x; z)  +  KL(q(z) || p(z)),        q(z) = E_x q(z|x)        Hoffman & Johnson 2016, eq. 6-7

Here x is one of N given images, each as likely as any other, so that q(z) is a mixture of N Gaussians. It is summed exactly at
each of M draws z ~ q(z|x), and the two parts are the means of `log q(z|x) - log q(z)` and of `log q(z) - log p(z)`: unbiased for
these N images, with standard errors from the M draws. That I(x; z) cannot exceed log N, however sharp the encoder is. Of images
without end it is a lower bound (Poole et al. 2019, eq. 12), and the other part, what is left of the KL, an upper one.

The same holds of every dimension with its own q(z_j); their KLs add up, and the sum of their I(x; z_j) exceeds I(x; z) by
the total correlation of q(z) (Chen et al. 2018, eq. 2). Nats an image throughout.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from playground.vae.autoencoder import DiagonalGaussian

MOST_DRAWS = 1000
WORK = 2e8
"""Densities of one dimension that are looked at in all: fewer draws where there are more images or dimensions, but ..."""
LEAST_DRAWS = 100
CHUNK = 50
"""Draws at once: bounds the memory."""


@dataclass(frozen=True)
class Estimated:
    """Means over M draws, and their standard errors; of all dimensions together, scalars, or of each of them, (d,)."""

    mean: Tensor
    error: Tensor

    @classmethod
    def of(cls, draws: Tensor) -> Estimated:
        """From `draws` (M, ...)."""
        return cls(draws.mean(0), draws.std(0) / math.sqrt(len(draws)))


@dataclass(frozen=True)
class Information:
    """The two parts of a KL, in nats an image."""

    information: Estimated
    """I(x; z)"""
    mismatch: Estimated
    """KL(q(z) || p(z))"""


def split_kl(q: DiagonalGaussian, generator: torch.Generator, draws: int | None = None) -> tuple[Information, Information]:
    """The parts of all dimensions together, and those of each of them. `q`: the posteriors of N images, (N, d); `draws`: M, with as many
    images at random. Randomness comes from `generator`, which lives on the CPU."""
    n, d = q.mean.shape
    m = draws or int(min(MOST_DRAWS, max(LEAST_DRAWS, WORK / (n * d))))
    which = torch.randint(n, (m,), generator=generator).to(q.mean.device)
    eps = torch.randn(m, d, generator=generator).to(q.mean)
    z = q.mean[which] + q.std[which] * eps
    own = _log_normal(eps) - q.log_std[which]
    together, each = (torch.cat(parts) for parts in zip(*(_log_aggregate(q, part) for part in z.split(CHUNK))))
    prior = _log_normal(z)
    both = ((own.sum(1), together, prior.sum(1)), (own, each, prior))
    whole, single = (Information(Estimated.of((a - b).double()), Estimated.of((b - c).double())) for a, b, c in both)
    return whole, single


def _log_normal(z: Tensor) -> Tensor:
    """`log N(z; 0, 1)` of each number."""
    return -0.5 * (z.square() + math.log(2.0 * math.pi))


def _log_aggregate(q: DiagonalGaussian, z: Tensor) -> tuple[Tensor, Tensor]:
    """`log q(z)`, (m,), and `log q(z_j)`, (m, d), at `z` (m, d): means over the N Gaussians, all of them summed."""
    n, joint, marginals = len(q.mean), torch.zeros(()).to(z), []
    for j in range(z.shape[1]):
        log_q = _log_normal((z[:, j, None] - q.mean[:, j]) * (-q.log_std[:, j]).exp()) - q.log_std[:, j]  # (m, N)
        marginals.append(log_q.logsumexp(1) - math.log(n))
        joint = joint + log_q
    return joint.logsumexp(1) - math.log(n), torch.stack(marginals, dim=1)
