"""One unit of likelihood for every model of images, and bits per dimension: the one place where one becomes the other.

**Nats** are of a density over pixels from 0 (black) to 1 (white), in which one grey level k = 0..255 is `LEVEL_WIDTH` wide:
x = k / 255. A model that sees pixels otherwise, or that gives probabilities of grey levels, is brought to this unit by the change of
variables, `log p(x) = log p(y) + D log |dy/dx|` (`unit_density`); so nats of the VAE and of diffusion may be compared.

**Bits per dimension** count a lossless code of the grey levels. A level is discrete, a density is not. Spread each level evenly over
a cell of width w (Uria et al. 2013; Theis et al. 2016, §3.1); then E_u log p(x + (u - ½) w) <= log P(k) - D log w, where P(k) is the
mass of the cells, so that

    bits per dimension = (-log p(x) / D - log w) / log 2

is an upper bound on the bits that the code needs. A Bernoulli model gives probabilities of black and white: no cells.
"""

from __future__ import annotations

import math
from typing import Any

from playground.config.likelihoods import GREY, LIKELIHOODS

LEVEL_WIDTH = GREY.level_width
"""Of one grey level, where black is 0 and white is 1."""
DENSITY = GREY.words
"""What nats of images are of, in words."""


def unit_density(log_p: Any, dimensions: int, level_width: float) -> Any:
    """`log p` in nats of a density in which one grey level is `level_width` wide (1 for probabilities of the levels themselves) ->
    that of a density over pixels from 0 to 1. Works on arrays and tensors too."""
    return log_p + dimensions * math.log(level_width / LEVEL_WIDTH)


def bits_per_dimension(nats: float, dimensions: int, likelihood: str = "gaussian") -> float:
    """`nats`: -log p(x) (or a bound on it) of one example with `dimensions` pixels, of what `likelihood` is a distribution over: a
    density over pixels from 0 to 1, where nothing else is said. Works on arrays too."""
    return (nats / dimensions - math.log(LIKELIHOODS[likelihood].pixels.level_width)) / math.log(2.0)


def unmodelled(likelihood: str = "gaussian") -> int:
    """Bits per dimension of an example that nobody models."""
    return LIKELIHOODS[likelihood].pixels.unmodelled


def least_bits(std: float) -> float:
    """Bits per dimension that a Gaussian of a fixed `std` (pixels from 0 to 1) pays even where its mean is right everywhere."""
    return bits_per_dimension(math.log(std * math.sqrt(2.0 * math.pi)), 1)
