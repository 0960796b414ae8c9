"""How far samples are from images, in the features of a small classifier: Fréchet distance, precision and recall, with their floor.

The **Fréchet distance** (Heusel et al. 2017) compares two sets of features by the Gaussians with their means and covariances,

    |mu_a - mu_b|² + tr(S_a + S_b - 2 (S_a S_b)^(1/2)).

It sees blur, lost classes and lost variety, which a distance of pixels hardly does. Its estimate is biased upwards, by an amount that falls as
1/n: compare it at equal numbers of samples only, and with the floor, which is that of as many held-out images. Features are in units in
which the variance of training images is 100: so far from them would be a set of samples that are all the same, of the right mean.

**Precision and recall** (Kynkäänniemi et al. 2019) tell what the distance adds up: the share of samples that lie where images do, and
the share of images that lie where samples do. A point lies where a set does if it is no farther from some member than that member's k-th
nearest neighbour in the set is. Sets are of equal size.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor

from playground.data import load_dataset
from playground.measures.classifier import CHUNK, Classifier, load_classifier
from playground.measures.networks import network_of

REFERENCE = 2000
"""Training images that samples are held against, at most."""
BOOTSTRAP = 8
"""Draws with replacement behind the spread of one distance."""
PARTS = 2
"""Of the held-out images, behind a floor, at most."""
TERMS = ("frechet", "precision", "recall")


@torch.no_grad()
def features(model: Classifier, x: Tensor) -> Tensor:
    """What `model` sees in images of any size, uint8 or float from 0 to 1, (n, 1 or 3, H, W) -> (n, 64) on the CPU, in pieces."""
    device = model.head.weight.device
    return torch.cat([model.features(model.fitted(part.to(device))).cpu() for part in x.split(CHUNK)])


@dataclass(frozen=True)
class Gaussian:
    """Mean (d,) and covariance (d, d) of a set of features, float64."""

    mean: Tensor
    covariance: Tensor

    @classmethod
    def of(cls, features: Tensor) -> Gaussian:
        """That of `features` (n, d), n >= 2."""
        return cls(features.double().mean(0), torch.cov(features.double().T).reshape(features.shape[1], -1))


def root(matrix: Tensor) -> Tensor:
    """The square root of a symmetric matrix (d, d) without negative eigenvalues, but for rounding."""
    values, vectors = torch.linalg.eigh(matrix)
    return vectors * values.clamp_min(0.0).sqrt() @ vectors.T


def between(a: Gaussian, b: Gaussian) -> float:
    """The squared Fréchet (2-Wasserstein) distance of two Gaussians. `S_a S_b` is similar to `S_a^(1/2) S_b S_a^(1/2)`, which is symmetric: so
    the trace of its root is a sum of real roots, also where a covariance is singular."""
    half = root(a.covariance)
    shared = torch.linalg.eigvalsh(half @ b.covariance @ half).clamp_min(0.0).sqrt().sum()
    apart = (a.mean - b.mean).square().sum()
    return float((apart + a.covariance.trace() + b.covariance.trace() - 2.0 * shared).clamp_min(0.0))


def frechet_distance(a: Tensor, b: Tensor) -> float:
    """The squared Fréchet distance of the Gaussians fitted to the features `a` (n, d) and `b` (m, d)."""
    return between(Gaussian.of(a), Gaussian.of(b))


def covered(points: Tensor, by: Tensor, k: int) -> float:
    """The share of `points` (n, d) that lie where the set `by` (m, d) does, m > k."""
    radius = torch.cdist(by, by).kthvalue(k + 1, dim=1).values  # the nearest is the point itself
    return float((torch.cdist(points, by) <= radius).any(1).double().mean())


def precision_recall(real: Tensor, made: Tensor, k: int = 3) -> tuple[float, float]:
    """Precision and recall of the features `made` (n, d) to those of real images, `real` (m, d); n, m > k."""
    real, made = real.double(), made.double()
    return covered(made, real, k), covered(real, made, k)


class Gallery:
    """Training images of a data set, as its network sees them, and what samples are to them; held-out ones are the floor. Both (N, C, H, W)."""

    def __init__(self, dataset: str, train: Tensor, test: Tensor, device: torch.device | str = "cpu") -> None:
        self.model = copy.deepcopy(load_classifier(network_of(dataset).trained_on)).to(device)
        self.real, self.held_out = features(self.model, some(train, REFERENCE)), test
        self.gaussian = Gaussian.of(self.real)
        self.floors: dict[int, dict[str, float]] = {}

    def size(self, wanted: int) -> int:
        """The number of samples nearest to `wanted` at which there is a floor."""
        return min(wanted, len(self.held_out) // 2, len(self.real))

    def measure(self, samples: Tensor) -> dict[str, float]:
        """`frechet`, `precision` and `recall` of samples (n, C, H, W), n > 3, and `frechet_std`, the standard deviation of the distance over
        other draws of as many samples."""
        made = features(self.model, samples)
        return self.compare(made) | {"frechet_std": self.spread(made)}

    def compare(self, made: Tensor) -> dict[str, float]:
        """The same of their features (n, 64), without the spread; precision and recall to as many real images, always the same."""
        if not bool(made.isfinite().all()):
            return dict.fromkeys(TERMS, float("nan"))
        frechet = between(Gaussian.of(made), self.gaussian)
        return dict(zip(TERMS, (frechet, *precision_recall(self.real[: len(made)], made))))

    def spread(self, made: Tensor) -> float:
        """The standard deviation of the Fréchet distance of such features (n, 64), by bootstrap (Efron 1979)."""
        if not bool(made.isfinite().all()):
            return float("nan")
        generator = torch.Generator().manual_seed(0)
        draws = [made[torch.randint(len(made), (len(made),), generator=generator)] for _ in range(BOOTSTRAP)]
        return float(torch.tensor([between(Gaussian.of(draw), self.gaussian) for draw in draws], dtype=torch.float64).std())

    def floor(self, n: int) -> dict[str, float]:
        """What `n` held-out images are in the place of samples, at most half of them: as `measure`, of two parts of them that have no image
        in common, a mean."""
        if n not in self.floors:
            self.floors[n] = self._floor(n)
        return self.floors[n]

    def _floor(self, n: int) -> dict[str, float]:
        parts = features(self.model, some(self.held_out, PARTS * n)).split(n)
        found = [self.compare(part) | {"frechet_std": self.spread(part)} for part in parts if len(part) == n]
        return {name: sum(one[name] for one in found) / len(found) for name in found[0]}


@cache
def gallery_of(dataset: str, device: str = "cpu") -> Gallery:
    """That of a data set of images, made once a process."""
    data = load_dataset(dataset)
    train, test = (torch.from_numpy(np.array(split.x)) for split in (data.train, data.test))
    return Gallery(dataset, train, test, device)


def some(x: Tensor, n: int) -> Tensor:
    """At most `n` of the images `x`, at random, in random order; always the same."""
    return x[torch.randperm(len(x), generator=torch.Generator().manual_seed(0))[:n].to(x.device)]
