"""The gap below log p(x), taken apart, where one or two latent dimensions let everything be integrated.

    log p(x) - ELBO(q) = KL(q(z) || p(z|x))                    zero only for the true posterior
                       = [log p(x) - ELBO(best Gaussian)]      approximation gap: what no diagonal Gaussian can do
                       + [ELBO(best Gaussian) - ELBO(q)]       amortisation gap: what this encoder does not do for this x

(Cremer et al. 2018). Everything is in nats per example.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from playground.vae.autoencoder import VAE, DiagonalGaussian
from playground.vae.bounds import log_normal
from playground.vae.quadrature import Evidence, log_evidence, log_joint, moments


def gauss_hermite(order: int, d: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """Nodes (order^d, d) and weights (order^d,), which sum to one, for means over `N(0, I)`: exact for polynomials of degree
    up to 2 order - 1 in each coordinate."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(order)
    nodes, weights = like.new_tensor(nodes), like.new_tensor(weights / weights.sum())
    return (torch.cartesian_prod(*[nodes] * d).reshape(-1, d), torch.cartesian_prod(*[weights] * d).reshape(-1, d).prod(1))


def quadrature_elbo(model: VAE, x: Tensor, q: DiagonalGaussian, order: int = 16) -> Tensor:
    """`E_q log p(x|z) - KL(q || p)` by Gauss-Hermite quadrature, (n,); differentiable. `q`: one Gaussian an example."""
    eps, weights = gauss_hermite(order, model.latent_dim, q.mean)
    z = (q.mean[:, None] + q.std[:, None] * eps).flatten(0, 1)
    repeated = x[:, None].expand(len(x), len(eps), *x.shape[1:]).flatten(0, 1)
    log_p = model.likelihood.log_prob(repeated, model.decoder(z)).reshape(len(x), len(eps))
    return log_p @ weights - q.kl()


@torch.no_grad()
def elbo_with_error(model: VAE, x: Tensor, q: DiagonalGaussian, order: int = 24) -> tuple[Tensor, Tensor]:
    """The ELBO (n,), and how much it differs from that of two thirds of the order, (n,)."""
    elbo = quadrature_elbo(model, x, q, order)
    return elbo, (elbo - quadrature_elbo(model, x, q, 2 * order // 3)).abs()


@torch.no_grad()
def kl_to_posterior(model: VAE, x: Tensor, q: DiagonalGaussian, log_p: Tensor) -> tuple[Tensor, Tensor]:
    """`KL(q || p(z|x)) = E_q[log q(z) - log p(x, z)] + log p(x)` and its numerical error, (n,) each.

    A sum over a lattice of steps of a half in units of q's standard deviations, out to 8 of them, with nothing taken from
    a formula: so it can be held against `log p(x) - ELBO`, which has other nodes and the closed-form KL to the prior. The error
    is what every second point alone would have said differently."""
    d, found = model.latent_dim, []
    axis = torch.arange(-16, 17, device=x.device)
    index = torch.cartesian_prod(*[axis] * d).reshape(-1, d)
    eps = index.to(x.dtype) / 2.0
    log_q = log_normal(eps.double())
    for i in range(len(x)):
        joint = log_joint(model, x[i : i + 1], q.mean[i] + q.std[i] * eps)[0]
        integrand = log_q - q.log_std[i].sum().double() - joint
        coarse = (index % 2 == 0).all(1)
        both = [(part.softmax(0) * value).sum() for part, value in ((log_q, integrand), (log_q[coarse], integrand[coarse]))]
        found.append(torch.stack([both[0] + log_p[i], (both[0] - both[1]).abs()]))
    gap, error = torch.stack(found, dim=1)
    return gap, error


def best_gaussian(model: VAE, x: Tensor, starts: list[DiagonalGaussian], order: int = 8, iterations: int = 60) -> DiagonalGaussian:
    """For each example the diagonal Gaussian with the highest ELBO that L-BFGS finds from the two best of `starts`, which
    it is never worse than. `x`: (n, C, H, W); each start holds n Gaussians."""
    first = _choose(model, x, starts, order, min(2, len(starts)))
    climbed = _climb(model, torch.cat([x] * len(first)), _joined(first), order, iterations)
    found = [DiagonalGaussian(*pair) for pair in zip(climbed.mean.chunk(len(first)), climbed.log_std.chunk(len(first)))]
    return _choose(model, x, [*starts, *found], 2 * order, 1)[0]


@torch.no_grad()
def _choose(model: VAE, x: Tensor, candidates: list[DiagonalGaussian], order: int, count: int) -> list[DiagonalGaussian]:
    """The `count` candidates with the highest ELBO for each example, best first."""
    scores = torch.stack([quadrature_elbo(model, x, q, order) for q in candidates]).nan_to_num(-torch.inf)
    means, log_stds = torch.stack([q.mean for q in candidates]), torch.stack([q.log_std for q in candidates])
    rows = torch.arange(len(x), device=x.device)
    return [DiagonalGaussian(means[which, rows], log_stds[which, rows]) for which in scores.topk(count, dim=0).indices]


def _joined(parts: list[DiagonalGaussian]) -> DiagonalGaussian:
    return DiagonalGaussian(torch.cat([q.mean for q in parts]), torch.cat([q.log_std for q in parts]))


@torch.enable_grad()
def _climb(model: VAE, x: Tensor, start: DiagonalGaussian, order: int, iterations: int) -> DiagonalGaussian:
    """L-BFGS on the sum of all ELBOs; the mean is measured in units of the start's standard deviations."""
    mean, log_std = start.mean.detach(), start.log_std.detach()
    shift, stretch = (torch.zeros_like(mean, requires_grad=True) for _ in range(2))
    optimizer = torch.optim.LBFGS(
        [shift, stretch],
        max_iter=iterations,
        history_size=20,
        tolerance_grad=1e-5,
        tolerance_change=1e-9,
        line_search_fn="strong_wolfe",
    )

    def gaussian() -> DiagonalGaussian:
        return DiagonalGaussian(mean + log_std.exp() * shift, log_std + stretch)

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = -quadrature_elbo(model, x, gaussian(), order).sum()
        value.backward()
        return value

    optimizer.step(loss)
    found = gaussian()
    return DiagonalGaussian(found.mean.detach(), found.log_std.detach())


@dataclass(frozen=True)
class Dissection:
    """One image's bound taken apart; nats throughout."""

    evidence: Evidence
    log_p: float
    elbo: float
    elbo_error: float
    best_elbo: float
    best_elbo_error: float
    q: DiagonalGaussian
    best: DiagonalGaussian
    mean: Tensor
    """(d,): of the true posterior."""
    covariance: Tensor
    """(d, d): of the true posterior."""

    @property
    def log_p_error(self) -> float:
        return float(self.evidence.error)

    @property
    def approximation_gap(self) -> float:
        return self.log_p - self.best_elbo

    @property
    def amortisation_gap(self) -> float:
        return self.best_elbo - self.elbo


def dissect(model: VAE, double: VAE, x: Tensor) -> Dissection:
    """The bound of one image `x` (1, C, H, W) taken apart. `double` is `model` in float64, which tells the numbers; the best
    Gaussian is sought with `model`, which is quicker."""
    precise = x.double()
    evidence, q = log_evidence(double, precise), double.encode(precise)
    mean, covariance = moments(evidence)
    fitting = -0.5 * torch.linalg.inv(covariance + 1e-12 * torch.eye(len(mean)).to(covariance)).diagonal().log()
    mode = evidence.z[evidence.log_joint[0].argmax()]
    centres = ((q.mean[0], q.log_std[0]), (mean, fitting), (mode, fitting), (mode, q.log_std[0]))
    starts = [DiagonalGaussian(centre[None].to(x.dtype), log_std[None].to(x.dtype)) for centre, log_std in centres]
    best = best_gaussian(model, x, starts)
    best = DiagonalGaussian(best.mean.double(), best.log_std.double())
    best = _choose(double, precise, [q, best], 24, 1)[0]  # rounding aside, it cannot be worse than q
    (elbo, elbo_error), (best_elbo, best_error) = elbo_with_error(double, precise, q), elbo_with_error(double, precise, best)
    numbers = (evidence.log_p, elbo, elbo_error, best_elbo, best_error)
    log_p, elbo, elbo_error, best_elbo, best_error = (float(value) for value in numbers)
    return Dissection(evidence, log_p, elbo, elbo_error, best_elbo, best_error, q, best, mean, covariance)
