"""MIG and mutual information, on codes whose relation to the factors is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from playground.data.sprites import draw_factors
from playground.vae.factors import CODE_CELLS, FACTORS, code_cells, disentanglement, factor_cells, shuffled

N = 8000


@pytest.fixture(scope="module")
def factors() -> dict[str, np.ndarray]:
    return draw_factors(N, 0)


@pytest.fixture(scope="module")
def cells(factors) -> np.ndarray:
    return factor_cells(factors)


def test_factors_are_cut_into_cells_that_hold_about_as_many(cells) -> None:
    assert cells.shape == (N, 5) and [int(cells[:, k].max()) + 1 for k in range(5)] == [3, 10, 10, 10, 10]
    for k in range(1, 5):
        assert (np.abs(np.bincount(cells[:, k]) - N / 10) < 5 * math.sqrt(N / 10)).all(), FACTORS[k]


def test_the_angle_does_not_depend_on_the_shape(cells) -> None:
    table = np.histogram2d(cells[:, 0], cells[:, 2], bins=(3, 10))[0]
    assert (np.abs(table - N / 30) < 5 * math.sqrt(N / 30)).all()


def test_codes_fall_into_equally_full_cells() -> None:
    z = np.random.default_rng(0).standard_cauchy((1000, 3))
    found = code_cells(z)
    assert all((np.bincount(found[:, j]) == 1000 // CODE_CELLS).all() for j in range(3))
    assert (np.diff(found[z[:, 1].argsort(), 1]) >= 0).all()


def test_a_dimension_for_every_factor_is_disentangled(factors, cells) -> None:
    """Codes that are the factors themselves (the shape with a little noise): all of the entropy, and no second best."""
    shape = factors["shape"] + 0.01 * np.random.default_rng(1).normal(size=N)
    z = np.stack([shape, factors["size"], cells[:, 2], factors["x"], factors["y"]], axis=1)
    found = disentanglement(z, cells)
    assert found.entropy[0] == pytest.approx(math.log(3), abs=0.01) and found.entropy[1] == pytest.approx(math.log(10), abs=0.01)
    assert (found.normalised.diagonal() > 0.9).all() and found.mig > 0.9
    assert found.moves.tolist() == [0, 1, 2, 3, 4]
    off = found.normalised[~np.eye(5, dtype=bool)]
    assert off.max() < 0.02


def test_what_two_dimensions_share_is_no_gap(factors, cells) -> None:
    z = np.stack([factors["x"], factors["x"], factors["y"]], axis=1)
    found = disentanglement(z, cells)
    assert found.mig_per_factor[3] == pytest.approx(0.0, abs=1e-6) and found.mig_per_factor[4] > 0.9
    assert found.moves.tolist() == [3, 3, 4]


def test_information_is_that_of_a_noisy_channel() -> None:
    """A bit that arrives wrong with probability 0.1: log 2 - H(0.1) nats. Codes that say no more than the bit."""
    rng = np.random.default_rng(0)
    bit = rng.integers(0, 2, 40_000)
    z = (bit ^ (rng.random(40_000) < 0.1)) + 1e-3 * rng.random(40_000)
    expected = math.log(2) + 0.1 * math.log(0.1) + 0.9 * math.log(0.9)
    assert disentanglement(z[:, None], bit[:, None]).information[0, 0] == pytest.approx(expected, abs=0.01)


def test_the_floor_of_unrelated_numbers_is_near_zero(cells) -> None:
    """Without Miller's correction it would be (20 - 1)(10 - 1) / 2N = 0.011 nats; a single estimate scatters by about 0.001."""
    z = np.random.default_rng(0).normal(size=(N, 10))
    found = disentanglement(z, shuffled(cells))
    assert found.information.max() < 0.006 and found.mig < 0.003 and (found.moves == -1).all()


def test_the_standard_error_is_the_spread_over_fresh_examples() -> None:
    """Codes with noise, on twelve sets of their own: their MIGs scatter as each of them says."""
    readings = []
    for seed in range(12):
        factors = draw_factors(3000, seed)
        noise = np.random.default_rng(seed).normal(size=(3000, 3))
        z = np.stack([factors["x"], factors["x"] + factors["y"], factors["size"]], axis=1) + noise
        readings.append(disentanglement(z, factor_cells(factors), seed))
    spread, stated = np.std([r.mig for r in readings], ddof=1), np.mean([r.mig_se for r in readings])
    assert 0.5 < stated / spread < 2.0 and stated < 0.02


def test_one_dimension_has_no_second_best(factors, cells) -> None:
    found = disentanglement(factors["x"][:, None], cells)
    assert found.mig_per_factor[3] == pytest.approx(found.normalised[0, 3])
