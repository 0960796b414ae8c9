"""What a decoder says about pixels: `p(x|z)`, a normalised distribution of `x` given what the decoder's network puts out.

    gaussian             N(x; m(z), σ² I)           σ fixed; x = k / 255, k = 0..255
    gaussian_learned     N(x; m(z), s² I)           one s, learned with the weights; x = (k + u - ½) / 255, u ~ U(0, 1)
    gaussian_per_pixel   N(x; m(z), diag s(z)²)     a second output for every pixel; x = (k + u - ½) / 255
    bernoulli            Π m(z)^x (1 - m(z))^(1-x)  x is 0 or 1

All log-likelihoods are in nats per example, normaliser included. For Gaussians they are densities over pixels from 0 to 1. Where the variance is
learned the levels must be spread out ("dequantised", Uria et al. 2013): on a pixel that is always 0, a density of the bare
levels could grow without bound; of spread-out ones its logarithm is at most log 255 per pixel, on average (Theis et al. 2016).

The mean squared error is the first of them in disguise: `-log N(x; m, σ² I) = |x - m|² / (2 σ²) + const`, so that to weigh it
against a KL is to choose σ, though most code never says which: `sum (x - m)²` is σ² = ½, and a mean over D pixels is σ² = D / 2.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LOG_2PI = math.log(2.0 * math.pi)
LEAST_LOG_STD, MOST_LOG_STD = math.log(1.0 / 2048.0), math.log(4.0)
"""Learned standard deviations stay within these: the lower is under that of one spread-out level, 1 / (255 √12)."""


class Likelihood(nn.Module, ABC):
    """`p(x|z)`. `raw` is what the decoder's network puts out, (n, outputs · C, H, W) for images `x` of (n, C, H, W)."""

    outputs = 1
    """Numbers that the network must give for one pixel channel."""
    learns_spread = False
    """Whether there is a standard deviation of pixels that is learned: `spread`."""

    @abstractmethod
    def mean(self, raw: Tensor) -> Tensor:
        """`E[x|z]`, the picture to show, (n, C, H, W)."""

    @abstractmethod
    def draw(self, raw: Tensor, generator: torch.Generator) -> Tensor:
        """`x ~ p(x|z)`, (n, C, H, W): what the model takes for an image, with its pixel noise; that of a Gaussian may lie outside
        [0, 1]. `generator` lives on the CPU, so that a seed means the same anywhere."""

    @abstractmethod
    def log_prob(self, x: Tensor, raw: Tensor) -> Tensor:
        """`log p(x_i|z_i)` of the i-th example under the i-th output, in nats per example, (n,)."""

    @abstractmethod
    def log_prob_pairs(self, x: Tensor, raw: Tensor) -> Tensor:
        """`log p(x_i|z_j)` of every example (n, ...) under every output (m, ...), (n, m), float64: by products of matrices,
        as all four are of the form `T(x) · η(z) - A(z)`. In the precision of `raw`, where that is enough."""


class Gaussian(Likelihood):
    """`N(x; mean(raw), std² I)` with a fixed `std`; `squash` maps what the network puts out to pixels."""

    def __init__(self, std: float, squash: nn.Module | None = None) -> None:
        super().__init__()
        self.std, self.squash = std, squash or nn.Sigmoid()

    def parameters_of(self, raw: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log standard deviation, (n, C, H, W) each or broadcastable to it."""
        return self.squash(raw), raw.new_full((), math.log(self.std))

    def mean(self, raw: Tensor) -> Tensor:
        return self.parameters_of(raw)[0]

    def draw(self, raw: Tensor, generator: torch.Generator) -> Tensor:
        mean, log_std = self.parameters_of(raw)
        return mean + log_std.exp() * torch.randn(mean.shape, generator=generator).to(mean)

    def spread(self, raw: Tensor) -> Tensor:
        """The root of the mean variance of all pixels, a scalar in units of pixel values."""
        return (2.0 * self.parameters_of(raw)[1]).exp().mean().sqrt()

    def log_prob(self, x: Tensor, raw: Tensor) -> Tensor:
        mean, log_std = self.parameters_of(raw)
        z = (x - mean) * (-log_std).exp()
        return (-0.5 * z.square() - log_std).flatten(1).sum(1) - 0.5 * math.prod(x.shape[1:]) * LOG_2PI

    def log_prob_pairs(self, x: Tensor, raw: Tensor) -> Tensor:
        mean, log_std = self.parameters_of(raw)
        flat, mean = x.flatten(1), mean.flatten(1)
        if log_std.dim() == 0:
            square = flat.square().sum(1)[:, None] - 2.0 * flat @ mean.T + mean.square().sum(1)
            log_std = log_std.double()
            return -0.5 * (-2.0 * log_std).exp() * square.double() - flat.shape[1] * (log_std + 0.5 * LOG_2PI)
        flat, mean, log_std = flat.double(), mean.double(), log_std.double().flatten(1)
        precision = (-2.0 * log_std).exp()
        square = flat.square() @ precision.T - 2.0 * flat @ (precision * mean).T + (precision * mean.square()).sum(1)
        return -0.5 * square - log_std.sum(1) - 0.5 * flat.shape[1] * LOG_2PI


class LearnedGaussian(Gaussian):
    """The same with one learned `std` for all pixels (the σ-VAE of Rybkin et al. 2021)."""

    learns_spread = True

    def __init__(self, std: float, squash: nn.Module | None = None) -> None:
        super().__init__(std, squash)
        self.log_std = nn.Parameter(torch.tensor(math.log(std)))

    def parameters_of(self, raw: Tensor) -> tuple[Tensor, Tensor]:
        return self.squash(raw), self.log_std.clamp(LEAST_LOG_STD, MOST_LOG_STD)


class PerPixelGaussian(Gaussian):
    """`N(x; m(z), diag s(z)²)`: the first half of the channels gives the mean, the second `log s - log std`."""

    outputs = 2
    learns_spread = True

    def parameters_of(self, raw: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_std = raw.chunk(2, dim=1)
        return self.squash(mean), (log_std + math.log(self.std)).clamp(LEAST_LOG_STD, MOST_LOG_STD)


class Bernoulli(Likelihood):
    """Independent black and white pixels, x in {0, 1}; `raw` holds the logits."""

    def mean(self, raw: Tensor) -> Tensor:
        return raw.sigmoid()

    def draw(self, raw: Tensor, generator: torch.Generator) -> Tensor:
        white = self.mean(raw)
        return (torch.rand(white.shape, generator=generator).to(white) < white).to(white)

    def log_prob(self, x: Tensor, raw: Tensor) -> Tensor:
        return -F.binary_cross_entropy_with_logits(raw, x, reduction="none").flatten(1).sum(1)

    def log_prob_pairs(self, x: Tensor, raw: Tensor) -> Tensor:
        logits = raw.flatten(1)
        return (x.flatten(1) @ logits.T - F.softplus(logits).sum(1)).double()


START_STD, START_STD_OF_COLUMNS = 0.2, 1.0
"""Standard deviation of pixels, and of the standardised columns of a table, before a learned one has learned: about that around their mean."""


def build_likelihood(name: str, std: float, image: bool = True) -> Likelihood:
    """The likelihood that settings call `name`; `std` is that of the fixed Gaussian. The mean of rows of a table, which are no `image`s, may be
    any number."""
    start, squash = (START_STD, nn.Sigmoid()) if image else (START_STD_OF_COLUMNS, nn.Identity())
    match name:
        case "gaussian":
            return Gaussian(std, squash)
        case "gaussian_learned":
            return LearnedGaussian(start, squash)
        case "gaussian_per_pixel":
            return PerPixelGaussian(start, squash)
        case "bernoulli":
            return Bernoulli()
    raise ValueError(f"There is no likelihood called {name!r}.")


def dequantise(levels: Tensor, u: Tensor) -> Tensor:
    """Grey levels 0..255 spread over their cells, around `k / 255`: `(k + u - ½) / 255`, u uniform in [0, 1) of the same shape."""
    return (levels + u - 0.5) / 255.0


def binarise(levels: Tensor, u: Tensor) -> Tensor:
    """White (1) with probability k / 255, else black (0) (Salakhutdinov & Murray 2008); `u` as in `dequantise`."""
    return (u * 255.0 < levels).float()
