"""What a VAE with one or two latent dimensions cannot hide: `log p(x)` and the true posterior, by adaptive quadrature.

    p(x) = ∫ p(z) p(x|z) dz  ≈  h^d Σ p(z_i) p(x|z_i)         over the points z_i of a square lattice with spacing h

For smooth functions that vanish at both ends this, the trapezoidal rule, converges faster than any power of h (Trefethen &
Weideman 2014): its error is about exp(-2 π² s² / h²) for a Gaussian of standard deviation s. The lattice is halved again and
again, each time only around the points that matter, until two halvings agree. The error that is stated is the sum of what the
last halving changed, of everything that was left out of it, and of what may lie outside the lattice. In nats per example.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor

from playground.vae.autoencoder import VAE
from playground.vae.bounds import CHUNK, log_normal

SPACING = 0.25
"""Of the first lattice, where the prior has standard deviation 1."""
LARGEST_RADIUS = 24.0
"""How far the first lattice reaches around the origin, at most."""
RESOLVED = 3.0
"""A peak counts as seen when the weights of its points are worth this many points per dimension (h = 1.2 standard deviations)."""


@dataclass(frozen=True)
class Effort:
    """How much an integral is worth."""

    tolerance: float
    """Error in nats below which an example is done."""
    most_nodes: int
    """Decodings, at most."""
    negligible: float
    """A point whose integrand is this many nats below the largest is left out of the next lattice ..."""
    kept: tuple[int, int]
    """... unless it is one of so many largest (first lattice, later ones): a narrow peak may hide between the points."""
    radius: float
    """How far the first lattice reaches around the origin, at least: outside of 8 lies e^-32 of a 2-D prior."""


THOROUGH = Effort(1e-4, 300_000, 25.0, (200, 64), 8.0)
QUICK = Effort(0.1, 20_000, 9.0, (32, 9), 5.0)
"""For means over many examples while a model trains: measured at 1e-4 nats from the thorough ones."""


@dataclass(frozen=True)
class Evidence:
    """`log p(x)` of n examples, and the last lattice, which the true posterior can be read from."""

    log_p: Tensor
    """(n,), float64."""
    error: Tensor
    """(n,): a cautious estimate of how far off `log_p` may be."""
    z: Tensor
    """(m, d): the points of the last lattice."""
    log_joint: Tensor
    """(n, m): `log p(x, z)` there."""
    spacing: float
    evaluations: int
    """How often the decoder was asked."""

    def weights(self) -> Tensor:
        """The posterior's share of every point of the last lattice, (n, m), rows summing to one. For a single example, or
        examples that needed the same lattice."""
        return self.log_joint.softmax(1)


@torch.no_grad()
def log_joint(model: VAE, x: Tensor, z: Tensor) -> Tensor:
    """`log p(x_i|z_j) + log p(z_j)`, (n, m), float64; the decoder works in the precision of its weights."""
    parts = [model.likelihood.log_prob_pairs(x, model.decoder(part)) for part in z.to(x.dtype).split(CHUNK)]
    return torch.cat(parts, dim=1) + log_normal(z.double())


@torch.no_grad()
def log_evidence(model: VAE, x: Tensor, effort: Effort = THOROUGH) -> Evidence:
    """`log p(x)` of `x` (n, C, H, W) by adaptive quadrature. Stops when every error is below the tolerance or the decoder was
    asked too often (then `error` says so: infinity where the lattice is still too coarse to see the peak); all examples share
    the lattice. In the precision of the model's weights. Raises `ValueError` above two dimensions."""
    if model.latent_dim > 2:
        raise ValueError("log p(x) is integrated on a grid in one or two latent dimensions only.")
    spacing = SPACING
    nodes, joint, outside = _first_lattice(model, x, effort)
    log_p, lost = _integral(joint, spacing, model.latent_dim), outside
    error, open_ = torch.full_like(log_p, torch.inf), torch.ones_like(log_p, dtype=torch.bool)
    evaluations, level = len(nodes), 0
    while bool(open_.any()):
        keep = _worth_refining(joint, effort.negligible, effort.kept[min(level, 1)])
        finer = _children(nodes[keep[open_].any(0)])
        if not len(finer) or evaluations + len(finer) > effort.most_nodes:
            break
        dropped = joint.masked_fill(keep[open_].any(0), -torch.inf)
        lost = lost + (_integral(dropped, spacing, model.latent_dim) - log_p).exp()
        nodes, spacing, level, evaluations = finer, spacing / 2.0, level + 1, evaluations + len(finer)
        joint = log_joint(model, x, nodes * spacing)
        refined = _integral(joint, spacing, model.latent_dim)
        seen = -(2.0 * joint.log_softmax(1)).logsumexp(1) >= model.latent_dim * math.log(RESOLVED)
        change = torch.where(seen, (refined - log_p).abs() + lost, torch.inf)
        error = torch.where(open_, change, error)
        log_p = torch.where(open_, refined, log_p)
        open_ = open_ & ~(error < effort.tolerance)
    return Evidence(log_p, error, nodes * spacing, joint, spacing, evaluations)


def _first_lattice(model: VAE, x: Tensor, effort: Effort) -> tuple[Tensor, Tensor, Tensor]:
    """Points as whole numbers (m, d) in units of `SPACING`, `log_joint` there, and what may lie outside as a share of p(x), (n,).

    It reaches beyond every code, and on until what lies outside could be neglected even if every point there were as
    likely to make `x` as the best one of the outermost ring. A quarter of all decodings are for it, at most."""
    largest = min(LARGEST_RADIUS, 0.5 * SPACING * math.sqrt(effort.most_nodes / math.pi))
    radius = min(max(effort.radius, float(model.latent(x).norm(dim=1).max()) + 2.0), largest)
    while True:
        reach = math.ceil(radius / SPACING)
        axis = torch.arange(-reach, reach + 1, device=x.device)
        nodes = torch.cartesian_prod(*[axis] * model.latent_dim).reshape(-1, model.latent_dim)
        length = nodes.double().norm(dim=1) * SPACING
        nodes, length = nodes[length <= radius], length[length <= radius]
        joint = log_joint(model, x, nodes * SPACING)
        best = (joint - log_normal(nodes.double() * SPACING))[:, length > radius - 1.0].amax(1)
        prior = -0.5 * radius**2 if model.latent_dim == 2 else math.log(math.erfc(radius / math.sqrt(2.0)))
        outside = (best + prior - _integral(joint, SPACING, model.latent_dim)).exp()
        if float(outside.max()) < 1e-6 or radius >= largest:
            return nodes, joint, outside
        radius = min(radius + 4.0, largest)


def _integral(joint: Tensor, spacing: float, d: int) -> Tensor:
    """`log (h^d Σ exp(joint))`, (n,)."""
    return joint.logsumexp(1) + d * math.log(spacing)


def _worth_refining(joint: Tensor, negligible: float, always: int) -> Tensor:
    """Which points (n, m) have an integrand worth a closer look."""
    threshold = joint.topk(min(always, joint.shape[1]), dim=1).values[:, -1]
    return joint >= torch.minimum(threshold, joint.amax(1) - negligible)[:, None]


def _children(nodes: Tensor) -> Tensor:
    """The points of the lattice of half the spacing at and around `nodes` (m, d): whole numbers, none twice."""
    around = torch.tensor(list(product((-1, 0, 1), repeat=nodes.shape[1])), device=nodes.device)
    many = (2 * nodes[:, None] + around).flatten(0, 1)
    return torch.unique(many, dim=0)


@torch.no_grad()
def moments(evidence: Evidence) -> tuple[Tensor, Tensor]:
    """Mean (d,) and covariance (d, d) of the true posterior of a single example."""
    z, weights = evidence.z.double(), evidence.weights()[0]
    mean = weights @ z
    return mean, (weights[:, None] * (z - mean)).T @ (z - mean)
