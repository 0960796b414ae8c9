"""Nats per example and bits per dimension: the one place where one becomes the other.

A grey level k = 0..255 is discrete, a Gaussian is not. Spread each level evenly over a cell of width w (Uria et al. 2013;
Theis et al. 2016, §3.1); then E_u log p((k + u) w) <= log P(k) - D log w, where P(k) is the mass of the cells, so that

    bits per dimension = (-log p(x) / D - log w) / log 2

is an upper bound on the bits that a lossless code needs. A Bernoulli model already gives probabilities of black and white.
"""

from __future__ import annotations

import math

LEVEL_WIDTH: dict[str, float | None] = {
    "gaussian": 1.0 / 255.0,  # the pixels are k / 255: a density that hardly changes within a cell, as the noise is >= 0.05
    "gaussian_learned": 1.0 / 256.0,  # the pixels are (k + u) / 256, u uniform: such a density could grow without bound
    "gaussian_per_pixel": 1.0 / 256.0,
    "bernoulli": None,
    "diffusion": None,  # `flow_likelihood.py` multiplies its densities by the width of a cell itself
}
"""Likelihood (as settings name it) -> the width of one grey level in the `x` that it sees; None: probabilities, no cells."""


def bits_per_dimension(nats: float, dimensions: int, likelihood: str) -> float:
    """`nats`: -log p(x) (or a bound on it) of one example with `dimensions` pixels. Works on NumPy arrays too. Raises
    `KeyError` for a likelihood that is not known."""
    width = LEVEL_WIDTH[likelihood]
    return (nats / dimensions - (math.log(width) if width else 0.0)) / math.log(2.0)
