"""The reparametrisation trick, drawn: where a draw of z comes from, and what its gradient is worth against the alternative."""

from __future__ import annotations

import torch
from torch import Tensor

from playground.autoencoder import DiagonalGaussian
from playground.config import ConfigError
from playground.gaps import gauss_hermite
from playground.inspection.answers import Arrays
from playground.inspection.arguments import Arguments
from playground.inspection.space import Space, floats, integers
from playground.likelihoods import Likelihood

MOST_DRAWS = 1024


def reparametrisation(space: Space, args: Arguments) -> Arrays:
    """Draws `z = mean + std eps` from q(z|x) of one image of the map: `mean`, `std` (d,), `eps`, `z` (n, d), `log_p` (n,) = log p(x|z),
    and for each draw the gradient of `E_q log p(x|z)` by the mean and the log standard deviation, (n, 2d), d of each:

        path             ∂ log p(x|z)/∂z · (1, std eps)                  through the draw (Kingma & Welling 2014, §2.4)
        score            log p(x|z) · ∂ log q(z)/∂(mean, log std)        around it (Williams 1992): (eps / std, eps² - 1)
        score_baseline   the same with the mean log p(x|z) of all other draws taken off first: as unbiased, and fairer

    Each has `..._mean`, `..._se` (of that mean), `..._variance` of a single draw and `..._variance_se`, (2d,). `truth` (2d,): the
    gradient by quadrature where d <= 2, else NaN. `order` (d,): dimensions by their KL, largest first."""
    if not space.variational:
        raise ConfigError("An autoencoder draws nothing: only a VAE has a q(z|x) to draw z from.")
    x = space.map_x[args.whole("index", 0, len(space.map_x) - 1)][None]
    n, seed = args.whole("n", 8, MOST_DRAWS, default=256), args.whole("seed", 0, 2**31 - 1, default=0)
    q = space.model.encode(x)
    eps = torch.randn(n, space.d, generator=torch.Generator().manual_seed(seed)).to(space.device)
    z = q.sample(eps)
    log_p, slope = _log_p_and_slope(space, x, z)
    score = torch.cat([eps / q.std, eps.square() - 1.0], dim=1)
    others = (log_p.sum() - log_p) / (n - 1)
    gradients = {
        "path": torch.cat([slope, slope * q.std * eps], dim=1),
        "score": log_p[:, None] * score,
        "score_baseline": (log_p - others)[:, None] * score,
    }
    found = {"mean": floats(q.mean[0]), "std": floats(q.std[0]), "eps": floats(eps), "z": floats(z), "log_p": floats(log_p)}
    for name, draws in gradients.items():
        found |= {f"{name}{suffix}": floats(value) for suffix, value in _told(draws).items()}
    order = q.kl_per_dimension()[0].argsort(descending=True, stable=True)
    return found | {"truth": floats(_truth(space, x, q)), "order": integers(order)}


def _log_p_and_slope(space: Space, x: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    """`log p(x|z)` (n,) in nats and its slope by z (n, d)."""
    likelihood: Likelihood = space.model.likelihood
    with torch.enable_grad():
        z = z.detach().requires_grad_()
        log_p = likelihood.log_prob(x.expand(len(z), *x.shape[1:]), space.model.decoder(z))
        (slope,) = torch.autograd.grad(log_p.sum(), z)
    return log_p.detach(), slope


def _told(draws: Tensor) -> dict[str, Tensor]:
    """What n draws (n, 2d) say of their mean and their variance, with standard errors; the variance's is that of any
    distribution, `sqrt((m₄ - m₂²) / n)`."""
    n = len(draws)
    variance = draws.var(0)
    fourth = (draws - draws.mean(0)).double().pow(4).mean(0)
    error = ((fourth - variance.double().square()).clamp(min=0.0) / n).sqrt()
    return {
        "": draws, "_mean": draws.mean(0), "_se": (variance / n).sqrt(), "_variance": variance,
        "_variance_se": error.to(draws.dtype),
    }  # fmt: skip


def _truth(space: Space, x: Tensor, q: DiagonalGaussian) -> Tensor:
    """The gradient itself, (2d,), by Gauss-Hermite quadrature of the path's; NaN above two dimensions."""
    if space.d > 2:
        return torch.full((2 * space.d,), torch.nan)
    eps, weights = gauss_hermite(24, space.d, q.mean)
    _, slope = _log_p_and_slope(space, x, q.mean + q.std * eps)
    return torch.cat([weights @ slope, weights @ (slope * q.std * eps)])
