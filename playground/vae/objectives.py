"""What an autoencoder and a VAE minimise. A loss is its total and its named terms, so that what is on screen adds up.

`total` is what the gradient is taken of. It is a mean over the batch *and* over the dimensions of `x`, so that learning
rate and gradient clip mean the same for 64 pixels as for 784; the terms are in the units that their names promise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from playground.vae.autoencoder import VAE, Autoencoder
from playground.vae.bounds import log_likelihoods, log_prior_ratios
from playground.vae.likelihoods import Gaussian


@dataclass(frozen=True)
class Loss:
    """`total`: scalar to minimise. `terms`: name -> detached scalar."""

    total: Tensor
    terms: dict[str, Tensor]


def reconstruction_error(
    model: Autoencoder,
    x: Tensor,
    seen: Tensor | None = None,
    sparsity: float = 0.0,
    contraction: float = 0.0,
    probe: Tensor | None = None,
) -> Loss:
    """`|x - D(E(seen))|²` as a mean over pixels, plus `sparsity · mean |z|` (Ng 2011) and `contraction · |dE/dx|_F²` (Rifai et
    al. 2011).

    `x`: (n, C, H, W) in [0, 1]; `seen`: what the encoder is shown in its place, `x` with noise for a denoising autoencoder
    (Vincent et al. 2008); `probe`: (n, d) of random signs, needed for the contraction (see `squared_slopes`). Terms: `mse`,
    `sparsity`, `contraction` (weights included) and their sum, `objective`.
    """
    z = model.encode(x if seen is None else seen)
    mse = (model.decode(z) - x).square().mean()
    sparse, slopes = sparsity * z.abs().mean(), torch.zeros_like(mse)
    if contraction > 0.0:
        assert probe is not None
        slopes = contraction * squared_slopes(model, x if seen is None else seen, probe).mean()
    total = mse + sparse + slopes
    terms = {"mse": mse, "sparsity": sparse, "contraction": slopes, "objective": total}
    return Loss(total, {name: value.detach() for name, value in terms.items()})


def squared_slopes(model: Autoencoder, x: Tensor, probe: Tensor) -> Tensor:
    """An unbiased estimate of `|dE/dx|_F²` of each example, (n,): `|Jᵀ v|²` with random signs `v` = `probe` (n, d), since
    `E v vᵀ = I` (Hutchinson 1990): one backward pass instead of d. Differentiable where gradients are on."""
    differentiable = torch.is_grad_enabled()
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        (slopes,) = torch.autograd.grad((model.encode(x) * probe).sum(), x, create_graph=differentiable)
    return slopes.flatten(1).square().sum(1)


def negative_elbo(
    model: VAE, x: Tensor, eps: Tensor, beta: float = 1.0, free_bits: float = 0.0, seen: Tensor | None = None
) -> Loss:
    """`reconstruction + beta Σ_j max(free_bits, KL_j)` with `reconstruction = -E_q log p(x|z)`, by one reparametrised draw
    (Kingma & Welling 2014, eq. 10; the weight: Higgins et al. 2017; free bits, on means over the batch: Kingma et al. 2016).

    `x`: (n, C, H, W), `eps`: (n, latent_dim) standard normal, `seen`: what the encoder is shown in place of `x` - any q gives
    a bound, also one of a noisy image. Terms, in nats per example:

        neg_elbo   = reconstruction + kl                    always with weight 1: that is the bound on -log p(x)
        objective  = neg_elbo + weighting + free_bits       what is minimised
        weighting  = (beta - 1) kl
        free_bits  = beta Σ_j (max(free_bits, KL_j) - KL_j)     only where it is switched on

    and, in units of their own, `kl_weight` (beta), `mse`, and `observation_std` where the likelihood has learned one.
    """
    q = model.encode(x if seen is None else seen)
    raw = model.decoder(q.sample(eps))
    reconstruction = -model.likelihood.log_prob(x, raw).mean()
    per_dimension = q.kl_per_dimension().mean(0)
    kl = per_dimension.sum()
    terms = {"neg_elbo": reconstruction + kl, "reconstruction": reconstruction, "kl": kl, "weighting": (beta - 1.0) * kl}
    if free_bits > 0.0:
        terms["free_bits"] = beta * (per_dimension.clamp(min=free_bits) - per_dimension).sum()
    objective = terms["neg_elbo"] + terms["weighting"] + terms.get("free_bits", 0.0)
    terms |= {"objective": objective, "kl_weight": kl.new_full((), beta)}
    return _vae_loss(model, objective, terms, x, raw)


def importance_weighted(model: VAE, x: Tensor, eps: Tensor, seen: Tensor | None = None) -> Loss:
    """`-E log (1/k) Σ w`, the bound of Burda et al. 2016 (eq. 8) with `w = p(x|z) p(z) / q(z|x)`, by k reparametrised draws.

    `eps`: (n, k, latent_dim); the others as in `negative_elbo`. Terms, in nats per example: `neg_elbo = reconstruction + kl` of
    the same draws for comparison, `neg_iwae` = `objective`; and `mse` (and `observation_std`) as there.
    """
    q = model.encode(x if seen is None else seen)
    log_p, raw = log_likelihoods(model, x, q, eps)
    log_w = log_p + log_prior_ratios(q, eps)
    objective = math.log(eps.shape[1]) - log_w.logsumexp(1).mean()
    reconstruction, kl = -log_p.mean(), q.kl().mean()
    terms = {"neg_elbo": reconstruction + kl, "reconstruction": reconstruction, "kl": kl}
    terms |= {"neg_iwae": objective, "objective": objective}
    return _vae_loss(model, objective, terms, x.repeat_interleave(eps.shape[1], dim=0), raw)


def _vae_loss(model: VAE, objective: Tensor, terms: dict[str, Tensor], x: Tensor, raw: Tensor) -> Loss:
    """The loss of a VAE whose decoder said `raw` of `x`."""
    with torch.no_grad():
        terms = terms | {"mse": (model.likelihood.mean(raw) - x).square().mean()}
        if isinstance(model.likelihood, Gaussian) and model.likelihood.learns_spread:
            terms["observation_std"] = model.likelihood.spread(raw)
    return Loss(objective / math.prod(x.shape[1:]), {name: value.detach() for name, value in terms.items()})
