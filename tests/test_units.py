"""Nats and bits, against models whose code length is plain."""

from __future__ import annotations

import math

import numpy as np
import pytest

from playground.config import VAEConfig, field_specs
from playground.units import LEVEL_WIDTH, bits_per_dimension


def test_every_likelihood_has_its_unit() -> None:
    assert set(field_specs(VAEConfig)["likelihood"].choices) <= set(LEVEL_WIDTH)


@pytest.mark.parametrize("likelihood", ["gaussian_learned", "gaussian_per_pixel"])
def test_a_density_of_one_needs_all_eight_bits(likelihood: str) -> None:
    assert bits_per_dimension(0.0, 784, likelihood) == pytest.approx(8.0)


def test_a_fair_coin_for_every_pixel_needs_one_bit() -> None:
    assert bits_per_dimension(784 * math.log(2.0), 784, "bernoulli") == pytest.approx(1.0)


def test_cells_of_a_narrow_gaussian_add_up_to_its_entropy() -> None:
    """The bits of a Gaussian rounded to levels are its differential entropy and the number of cells: 784 such pixels."""
    std, width = 0.1, LEVEL_WIDTH["gaussian"]
    edges = np.arange(-3.0, 3.0, width)
    mass = np.exp(-0.5 * (edges / std) ** 2)
    mass /= mass.sum()
    entropy = -(mass * np.log2(np.maximum(mass, 1e-300))).sum()
    nats = 784 * (math.log(std) + 0.5 * math.log(2.0 * math.pi * math.e))
    assert bits_per_dimension(nats, 784, "gaussian") == pytest.approx(entropy, abs=1e-4)
    assert bits_per_dimension(np.array([nats, 0.0]), 784, "gaussian").shape == (2,)


def test_an_unknown_likelihood_is_refused() -> None:
    with pytest.raises(KeyError):
        bits_per_dimension(0.0, 1, "poisson")
