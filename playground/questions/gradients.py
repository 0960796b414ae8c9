"""The reparametrisation trick, drawn: where a draw of z comes from, and what its gradient is worth against the alternative."""

from __future__ import annotations

import torch
from torch import Tensor

from playground.config import ConfigError
from playground.questions.answers import Arrays
from playground.questions.arguments import Reparametrisation
from playground.questions.space import Space, floats, integers
from playground.vae.autoencoder import DiagonalGaussian
from playground.vae.gaps import gauss_hermite

RESAMPLES = 400
TAIL = 0.005
"""Of the resampled ratios, on either side of the interval: their tails are so heavy that an interval of 99 % in name holds the
truth about 95 times in a hundred (`tests/test_gradients.py` counts), and one of two standard errors 79 to 86 times."""


def reparametrisation(space: Space, args: Reparametrisation) -> Arrays:
    """Draws `z = mean + std eps` from q(z|x) of one image of the map: `mean`, `std` (d,), `eps`, `z` (n, d), `log_p` (n,) = log p(x|z),
    and of the gradient of `E_q log p(x|z)` by the mean and the log standard deviation, d of each, what these say:

        path             ∂ log p(x|z)/∂z · (1, std eps)                  through the draw (Kingma & Welling 2014, §2.4)
        score            log p(x|z) · ∂ log q(z)/∂(mean, log std)        around it (Williams 1992): (eps / std, eps² - 1)
        score_baseline   the same with the mean log p(x|z) of all other draws taken off first: as unbiased, and fairer

    Each has `..._mean`, `..._se` (of that mean) and `..._variance` of a single draw, (2d,); the last two also `..._ratio` (2, 3): their
    variance in that of the path, with its interval (`variance_ratio`), for the mean and for log std. `truth` (2d,): the gradient
    by quadrature where d <= 2, else NaN. `order` (d,): dimensions by their KL, largest first."""
    if not space.variational:
        raise ConfigError("An autoencoder draws nothing: only a VAE has a q(z|x) to draw z from.")
    x = space.image(args)
    q = space.vae.encode(x)
    eps = torch.randn(args.n, space.d, generator=torch.Generator().manual_seed(args.seed)).to(space.device)
    z = q.sample(eps)
    log_p, slope = _log_p_and_slope(space, x, z)
    gradients = estimates(q.std, eps, log_p, slope)
    found = {"mean": floats(q.mean[0]), "std": floats(q.std[0]), "eps": floats(eps), "z": floats(z), "log_p": floats(log_p)}
    for name, draws in gradients.items():
        found |= {f"{name}{suffix}": floats(value) for suffix, value in _statistics(draws).items()}
        if name != "path":
            halves = zip(draws.split(space.d, 1), gradients["path"].split(space.d, 1))
            found[f"{name}_ratio"] = floats(torch.stack([variance_ratio(*pair) for pair in halves]))
    order = q.kl_per_dimension()[0].argsort(descending=True, stable=True)
    return found | {"truth": floats(_truth(space, x, q)), "order": integers(order)}


def estimates(std: Tensor, eps: Tensor, log_p: Tensor, slope: Tensor) -> dict[str, Tensor]:
    """The gradient by each of the three, one row per draw, (n, 2d), from `log_p` (n,) and its `slope` by z (n, d)."""
    score = torch.cat([eps / std, eps.square() - 1.0], dim=1)
    others = (log_p.sum() - log_p) / (len(log_p) - 1)
    return {
        "path": torch.cat([slope, slope * std * eps], dim=1),
        "score": log_p[:, None] * score,
        "score_baseline": (log_p - others)[:, None] * score,
    }


def variance_ratio(draws: Tensor, against: Tensor, seed: int = 0) -> Tensor:
    """The variance of `draws` (n, d), summed over d, in that of `against`, from the same n draws of ε; and a 95 % interval: (3,).

    The bootstrap-t on the logarithm (Efron & Tibshirani 1993, §12.5), pairs resampled together: each resampled log ratio is divided
    by its own standard error (by the delta method), because ratios that came out low think themselves too certain."""
    a, b = ((x.double() - x.double().mean(0)).square().sum(1) for x in (draws, against))
    a, b, ratio = a / a.mean(), b / b.mean(), draws.double().var(0).sum() / against.double().var(0).sum()
    n, generator = len(a), torch.Generator().manual_seed(seed)
    index = torch.randint(n, (RESAMPLES, n), generator=generator)
    counts = (
        torch.zeros(RESAMPLES, n, dtype=torch.float64).scatter_add_(1, index, torch.ones(RESAMPLES, n, dtype=torch.float64)) / n
    )
    a, b = a.cpu(), b.cpu()
    top, bottom = counts @ a, counts @ b
    spread = counts @ a.square() / top**2 + counts @ b.square() / bottom**2 - 2.0 * (counts @ (a * b)) / (top * bottom)
    t = (top / bottom).log() / spread.clamp_min(1e-12).sqrt()
    high, low = torch.quantile(t, torch.tensor([TAIL, 1.0 - TAIL], dtype=torch.float64)) * (a - b).square().mean().sqrt()
    return ratio.cpu() * torch.stack([torch.zeros_like(low), -low, -high]).exp()


def _log_p_and_slope(space: Space, x: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    """`log p(x|z)` (n,) in nats and its slope by z (n, d)."""
    likelihood = space.vae.likelihood
    with torch.enable_grad():
        z = z.detach().requires_grad_()
        log_p = likelihood.log_prob(x.expand(len(z), *x.shape[1:]), space.vae.decoder(z))
        (slope,) = torch.autograd.grad(log_p.sum(), z)
    return log_p.detach(), slope


def _statistics(draws: Tensor) -> dict[str, Tensor]:
    """What n draws (n, 2d) say of their mean, with its standard error, and of their variance."""
    variance = draws.var(0)
    return {"_mean": draws.mean(0), "_se": (variance / len(draws)).sqrt(), "_variance": variance}


def _truth(space: Space, x: Tensor, q: DiagonalGaussian) -> Tensor:
    """The gradient itself, (2d,), by Gauss-Hermite quadrature of the path's; NaN above two dimensions."""
    if space.d > 2:
        return torch.full((2 * space.d,), torch.nan)
    eps, weights = gauss_hermite(24, space.d, q.mean)
    _, slope = _log_p_and_slope(space, x, q.mean + q.std * eps)
    return torch.cat([weights @ slope, weights @ (slope * q.std * eps)])
