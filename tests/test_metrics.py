"""The energy distance against closed forms, its units, and the floor and spread that come with it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
import torch

from playground.measures.energy import distances_to_data, energy_distance, mean_distance, mean_distance_within, wilson_interval


def normal(n: int, seed: int, d: int = 1) -> torch.Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def folded(mean: float, variance: float) -> float:
    """`E|N(mean, variance)|`, the mean of a folded normal."""
    s = math.sqrt(variance)
    return s * math.sqrt(2 / math.pi) * math.exp(-(mean**2) / (2 * variance)) + mean * math.erf(mean / (s * math.sqrt(2)))


def between_normals(mean: float, std: float) -> float:
    """The energy distance of N(0, 1) and N(mean, std²) in one dimension: differences of normals are normal."""
    return 2 * folded(mean, 1 + std**2) - folded(0, 2) - folded(0, 2 * std**2)


def test_a_few_points_by_hand() -> None:
    x, y = torch.tensor([[0.0], [1.0]]), torch.tensor([[0.0], [3.0], [4.0]])
    assert float(mean_distance(x, y)) == pytest.approx((0 + 3 + 4 + 1 + 2 + 3) / 6)
    assert float(mean_distance_within(x)) == 1.0 and float(mean_distance_within(y)) == pytest.approx((3 + 4 + 1) / 3)
    assert float(energy_distance(x, y)) == pytest.approx(2 * 13 / 6 - 1 - 8 / 3)


@pytest.mark.parametrize("mean, std", [(1.0, 1.0), (0.0, 3.0), (2.0, 0.5), (0.3, 1.0)])
def test_normals_are_as_far_apart_as_the_closed_form_says(mean: float, std: float) -> None:
    values = [float(energy_distance(normal(1000, 2 * k), mean + std * normal(1000, 2 * k + 1))) for k in range(10)]
    error = np.std(values, ddof=1) / math.sqrt(len(values))
    assert np.mean(values) == pytest.approx(between_normals(mean, std), abs=4 * error) and error < 0.02


def test_in_one_dimension_it_is_the_distance_between_distribution_functions() -> None:
    """`2 ∫ (F - G)²` (Székely & Rizzo 2013, eq. 4); for the empirical F and G the pairs of a point with itself count too."""
    x, y = normal(200, 0).flatten(), 0.5 + 2 * normal(300, 1).flatten()
    grid = torch.cat([x, y]).sort().values
    f, g = (torch.searchsorted(v.sort().values, grid, right=True) / len(v) for v in (x, y))
    integral = 2 * float(((f - g)[:-1].square() * grid.diff()).sum())
    x, y = x[:, None], y[:, None]
    biased = float(2 * mean_distance(x, y) - mean_distance_within(x) * 199 / 200 - mean_distance_within(y) * 299 / 300)
    assert biased == pytest.approx(integral, rel=1e-4)


@pytest.mark.parametrize("n, m", [(5, 5), (3, 20)])
def test_it_is_unbiased_in_small_sets(n: int, m: int) -> None:
    values = np.array([float(energy_distance(normal(n, 2 * k, 4), normal(m, 2 * k + 1, 4))) for k in range(2000)])
    assert abs(values.mean()) < 4 * values.std() / math.sqrt(len(values))
    assert 0.2 < (values < 0).mean() < 0.8  # as an unbiased estimate of zero must


def test_it_scales_with_the_data_and_not_with_the_number_of_pixels() -> None:
    x, y = torch.rand(50, 1, 4, 4, generator=torch.Generator().manual_seed(0)), torch.rand(60, 1, 4, 4).square()
    value = float(energy_distance(x, y))
    assert float(energy_distance(3 * x + 1, 3 * y + 1)) == pytest.approx(3 * value, rel=1e-6)
    larger = [v.repeat_interleave(2, 2).repeat_interleave(2, 3) for v in (x, y)]
    assert float(energy_distance(*larger)) == pytest.approx(value, rel=1e-6)


def test_where_nothing_differs_it_lies_below_zero_more_often_than_above() -> None:
    """Unbiased, but skewed: as the docstring says, 60 % of the time for ten points in the plane."""
    generator = torch.Generator().manual_seed(0)
    found = torch.stack([energy_distance(*torch.randn(2, 10, 2, generator=generator)) for _ in range(2000)])
    assert float((found < 0).double().mean()) == pytest.approx(0.60, abs=0.03)
    assert abs(float(found.mean())) < 4 * float(found.std()) / math.sqrt(2000)


def test_the_interval_of_a_share_is_that_of_scipy() -> None:
    for n in (1, 16, 128, 500):
        for k in {0, 1, n // 20, n // 2, n - 1, n}:
            expected = scipy.stats.binomtest(k, n).proportion_ci(0.95, method="wilson")
            assert wilson_interval(k, n) == pytest.approx(tuple(expected), abs=1e-6)


def test_equal_rows_have_no_distance() -> None:
    x = torch.rand(1, 784).repeat(20, 1)
    assert float(mean_distance_within(x)) < 1e-6 and abs(float(energy_distance(x, x))) < 1e-6


def test_readings_know_their_floor_and_their_spread() -> None:
    pool = normal(4000, 0, 8)
    draws = {
        "same": lambda n, g: torch.randn(n, 8, generator=g, dtype=torch.float64),
        "shifted": lambda n, g: torch.randn(n, 8, generator=g, dtype=torch.float64) + 0.5,
    }
    found = distances_to_data(draws, pool, set_size=200, repeats=20)
    assert abs(found["same"].mean) < 4 * found["same"].std / math.sqrt(20)
    assert found["shifted"].mean > 10 * found["same"].std > 0
    assert found == distances_to_data(draws, pool, set_size=200, repeats=20)
    assert found != distances_to_data(draws, pool, seed=1, set_size=200, repeats=20)
    larger = distances_to_data(draws, pool, set_size=800, repeats=20)
    assert larger["same"].std < 0.6 * found["same"].std  # about 1/4: it falls with the size of the sets


def test_small_data_is_measured_in_halves() -> None:
    sizes = []

    def draw(n: int, generator: torch.Generator) -> torch.Tensor:
        sizes.append(n)
        return torch.rand(n, 3, generator=generator)

    distances_to_data({"a": draw}, torch.rand(21, 3), repeats=2)
    assert sizes == [10, 10]
