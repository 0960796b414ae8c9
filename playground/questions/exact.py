"""Questions that one or two latent dimensions let us answer exactly: log p(x), the true posterior, the gap and its parts."""

from __future__ import annotations

import copy
import math

import numpy as np
import torch

from playground.config import ConfigError
from playground.questions.answers import Arrays
from playground.questions.arguments import Exactly
from playground.questions.space import Space, floats
from playground.vae.gaps import Dissection, dissect, kl_to_posterior
from playground.vae.quadrature import log_joint

SHARES = {1: (0.6827, 0.9545, 0.9973), 2: (0.3935, 0.8647, 0.9889)}
"""What 1, 2 and 3 standard deviations hold of a Gaussian in so many dimensions."""
REACH = 4.5
"""Standard deviations of the posterior (and of q) that the drawn field shows to each side."""


def exact(space: Space, args: Exactly) -> Arrays:
    """One image of the map, with numbers in nats: `log_p`, `elbo`, `best_elbo`, each with `..._error` (numerical), `gap` =
    `approximation_gap` + `amortisation_gap`, and `kl_to_posterior`, which the gap must be, found in another way.

    `q_mean`, `q_std`, `best_mean`, `best_std`, `posterior_mean`, `posterior_std` (d,), `posterior_covariance` (d, d); `field` (n, n),
    the log density of p(z|x) on the box `extent` [x0, x1, y0, y1], row = second coordinate, ascending ((n,) and [x0, x1] for d = 1);
    `levels` (3,), the log densities within which lies as much of the posterior as within 1, 2, 3 standard deviations of a
    Gaussian; `evaluations` of the decoder."""
    x = _image(space, args)
    double = copy.deepcopy(space.vae).double()
    found = dissect(space.vae, double, x)
    kl, kl_error = kl_to_posterior(double, x.double(), found.q, found.evidence.log_p)
    numbers = {
        "log_p": found.log_p,
        "log_p_error": found.log_p_error,
        "elbo": found.elbo,
        "elbo_error": found.elbo_error,
        "best_elbo": found.best_elbo,
        "best_elbo_error": found.best_elbo_error,
        "gap": found.log_p - found.elbo,
        "approximation_gap": found.approximation_gap,
        "amortisation_gap": found.amortisation_gap,
        "kl_to_posterior": float(kl),
        "kl_to_posterior_error": float(kl_error) + found.log_p_error,
        "evaluations": found.evidence.evaluations,
    }
    vectors = {
        "q_mean": found.q.mean[0],
        "q_std": found.q.std[0],
        "best_mean": found.best.mean[0],
        "best_std": found.best.std[0],
        "posterior_mean": found.mean,
        "posterior_std": found.covariance.diagonal().sqrt(),
        "posterior_covariance": found.covariance,
    }
    return (
        {name: np.asarray(value, np.float32) for name, value in numbers.items()}
        | {name: floats(value) for name, value in vectors.items()}
        | _field(space, x, found, args.n)
    )


def _image(space: Space, args: Exactly) -> torch.Tensor:
    """The image asked about, (1, C, H, W). Raises `ConfigError` where nothing can be integrated."""
    if not space.variational:
        raise ConfigError("An autoencoder defines no p(x): only a VAE has a likelihood to tell.")
    if space.d > 2:
        raise ConfigError(
            f"This latent space has {space.d} dimensions: log p(x) is integrated on a grid in one or two only. "
            "The bounds and the importance-sampled estimate work in any number of dimensions."
        )
    return space.image(args)


def _field(space: Space, x: torch.Tensor, found: Dissection, n: int) -> Arrays:
    """The posterior's log density around the posterior and q."""
    spread = found.covariance.diagonal().sqrt()
    low = torch.minimum(found.mean - REACH * spread, (found.q.mean - REACH * found.q.std)[0])
    high = torch.maximum(found.mean + REACH * spread, (found.q.mean + REACH * found.q.std)[0])
    axes = [torch.linspace(float(a), float(b), n, device=x.device) for a, b in zip(low, high)]
    if space.d == 1:
        z = axes[0][:, None]
    else:
        z = torch.stack([axes[0].repeat(n), axes[1].repeat_interleave(n)], dim=1)
    field = log_joint(space.vae, x, z)[0] - found.log_p
    cell = math.prod(float(axis[1] - axis[0]) for axis in axes)
    return {
        "field": floats(field.reshape((n,) * space.d)),
        "extent": floats(torch.stack([low, high], dim=1).flatten()),
        "levels": floats(density_levels(field, cell, SHARES[space.d])),
    }


def density_levels(field: torch.Tensor, cell: float, shares: tuple[float, ...]) -> torch.Tensor:
    """Log densities (len(shares),): where the log density `field` (m,) of cells of size `cell` is above the k-th, there lies
    `shares[k]` of all the mass. Between two cells the levels are interpolated."""
    highest = field.double().sort(descending=True).values
    mass = (highest.exp() * cell).cumsum(0)
    above = torch.searchsorted(mass, mass.new_tensor(shares)).clamp(1, len(mass) - 1)
    share = ((mass.new_tensor(shares) - mass[above - 1]) / (mass[above] - mass[above - 1])).clamp(0.0, 1.0)
    return torch.lerp(highest[above - 1], highest[above], share)
