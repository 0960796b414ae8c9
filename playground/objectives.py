"""What each model minimises. A loss is its total and its named terms, so that what is on screen adds up.

`total` is what the gradient is taken of. It is a mean over the batch *and* over the dimensions of `x`, so that learning
rate and gradient clip mean the same for 64 pixels as for 784; the terms are in the units that their names promise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from playground.autoencoder import VAE, Autoencoder
from playground.denoiser import Denoiser


@dataclass(frozen=True)
class Loss:
    """`total`: scalar to minimise. `terms`: name -> detached scalar."""

    total: Tensor
    terms: dict[str, Tensor]


def reconstruction_error(model: Autoencoder, x: Tensor) -> Loss:
    """`|x - D(E(x))|²`, as a mean over pixels; `x`: (n, C, H, W) in [0, 1]. Term: `mse`."""
    mse = (model.decode(model.encode(x)) - x).square().mean()
    return Loss(mse, {"mse": mse.detach()})


def gaussian_nll(x: Tensor, mean: Tensor, std: float) -> Tensor:
    """`-log N(x; mean, std² I)` in nats per example, normaliser included, (n,): a squared error in disguise."""
    error = (x - mean).square().flatten(1).sum(1)
    return 0.5 * error / std**2 + math.prod(x.shape[1:]) * (math.log(std) + 0.5 * math.log(2.0 * math.pi))


def negative_elbo(model: VAE, x: Tensor, eps: Tensor, beta: float = 1.0) -> Loss:
    """`reconstruction + beta KL` with `reconstruction = -E_q log p(x|z)`, by one reparametrised draw (Kingma & Welling
    2014, eq. 10; the weight: Higgins et al. 2017).

    `x`: (n, C, H, W), `eps`: (n, latent_dim) standard normal. Terms, in nats per example: `reconstruction`, `kl`,
    `neg_elbo = reconstruction + kl` (always with weight 1, since that is the bound on `-log p(x)`), and `mse`.
    """
    posterior = model.encode(x)
    mean = model.decode(posterior.sample(eps))
    reconstruction = gaussian_nll(x, mean, model.observation_std).mean()
    kl = posterior.kl().mean()
    terms = {"neg_elbo": reconstruction + kl, "reconstruction": reconstruction, "kl": kl, "mse": (mean - x).square().mean()}
    total = (reconstruction + beta * kl) / math.prod(x.shape[1:])
    return Loss(total, {name: value.detach() for name, value in terms.items()})


def denoising_error(model: Denoiser, x_0: Tensor, t: Tensor, eps: Tensor) -> Loss:
    """Mean squared error of the network's target in units of the target's own scale: `|y_hat - y|² / (a² + b²)`.

    For `eps` this is the simple loss of Ho et al. 2020 (eq. 14); for `velocity` under rectified flow half the flow-matching
    loss of Lipman et al. 2023. `x_0`, `eps`: (n, ...), `t`: (n,). Terms: `denoising`.
    """
    c = model.schedule.at(t).like(x_0)
    p = model.parametrization
    x_t = c.alpha * x_0 + c.sigma * eps
    error = (model.raw(x_t, t, c) - p.target(x_0, eps, c) / p.scale(c)).square().mean()
    return Loss(error, {"denoising": error.detach()})


def stratified_times(n: int, low: float, high: float, u: Tensor) -> Tensor:
    """`n` times spread evenly over [low, high) from one uniform draw `u` (Kingma et al. 2021, appendix I.1), (n,): the same
    expectation as independent draws, with less variance."""
    offsets = torch.arange(n, device=u.device, dtype=u.dtype) / n
    return low + (high - low) * ((u + offsets) % 1.0)
