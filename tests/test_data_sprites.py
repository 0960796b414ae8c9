"""Sprites: their factors determine the pictures, and the pictures their factors."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from playground.data import load_dataset, sprites


def _moments(images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Area in pixels (N,), centre of mass as x + iy (N,), and brightness at every place (N, 28, 28) scaled to 0..1."""
    light = images[:, 0] / 255
    area = light.sum(axis=(1, 2))
    return area, (light * _places()).sum(axis=(1, 2)) / area, light


def _places() -> np.ndarray:
    along = np.arange(sprites.SIDE) - (sprites.SIDE - 1) / 2
    return along[None, :] - 1j * along[:, None]


def test_sprites_position_and_size_determine_centre_and_area() -> None:
    split = load_dataset("sprites").train
    area, centre, _ = _moments(split.x)
    np.testing.assert_allclose(centre.real, split.factors["x"], atol=0.1)
    np.testing.assert_allclose(centre.imag, split.factors["y"], atol=0.1)
    ratio = area / split.factors["size"] ** 2
    np.testing.assert_allclose(ratio, 1, atol=0.05)  # the smoothing of edges is exact to first order
    for kind in range(3):
        assert ratio[split.labels == kind].mean() == pytest.approx(1, abs=0.015)
    assert np.array_equal(split.labels, split.factors["shape"])


@pytest.mark.parametrize(("kind", "order", "at_zero"), [(0, 4, 180.0), (1, 2, 0.0), (2, 3, -90.0)])
def test_sprites_angle_turns_the_shape(kind: int, order: int, at_zero: float) -> None:
    """A shape with n-fold symmetry shows its angle in the moment sum I(w) w^n, whose argument is n angle + constant."""
    split = load_dataset("sprites").train
    rows = np.flatnonzero(split.labels == kind)
    angle = split.factors["angle"][rows]
    _, centre, light = _moments(split.x[rows])
    moment = (light * (_places() - centre[:, None, None]) ** order).sum(axis=(1, 2))
    measured = (np.angle(moment, deg=True) - at_zero) / order
    period = 360 / order
    assert sprites.PERIODS[kind] == period
    error = (measured - angle + period / 2) % period - period / 2
    assert np.abs(error).max() < 3
    assert 0 <= angle.min() < 0.02 * period and 0.98 * period < angle.max() <= period


def test_sprites_angle_is_identifiable_and_periodic() -> None:
    for kind, period in enumerate(sprites.PERIODS):
        start, half, whole = sprites.render(kind, 9.0, np.array([10.0, 10 + period / 2, 10 + period]), 1.3, -0.6).astype(int)
        assert np.abs(whole - start).max() <= 1
        assert np.abs(half - start).max() > 50


def test_sprites_edges_are_smooth_and_exact_where_they_are_straight() -> None:
    picture = sprites.render(0, 6.0, 0.0, 0.25, 0.0)[0, 0]  # from -2.75 to 3.25 along x, from -3 to 3 along y
    assert picture.dtype == np.uint8
    assert picture[14].tolist() == [0] * 11 + [191] + [255] * 5 + [64] + [0] * 10
    assert picture[10].max() == 0 and picture[17].max() == 0
    images = load_dataset("sprites").train.x
    grey = np.mean((images > 0) & (images < 255)) / np.mean(images > 0)
    assert 0.2 < grey < 0.6 and len(np.unique(images)) > 250


def test_sprites_stay_inside_the_picture() -> None:
    largest = sprites.SIZES[1]
    for kind, x, y in itertools.product(range(3), sprites.POSITIONS, sprites.POSITIONS):
        area, _, _ = _moments(sprites.render(kind, largest, np.linspace(0, 360, 73), x, y))
        np.testing.assert_allclose(area, largest**2, rtol=0.01)
