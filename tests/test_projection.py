"""PCA against scikit-learn, and points that stay put from one frame to the next."""

from __future__ import annotations

import numpy as np
import pytest

from playground.projection import Projection, pca


def latents(n: int = 400, d: int = 6, seed: int = 0) -> np.ndarray:
    """Correlated latents with six different variances."""
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.normal(size=(d, d)))[0]
    return rng.normal(size=(n, d)) * np.arange(d, 0, -1) @ turn + rng.normal(size=d)


def displacement(before: Projection, after: Projection) -> float:
    """How far the points moved, in units of their spread."""
    return float(np.abs(after.points - before.points).max() / before.points.std())


@pytest.mark.parametrize("d", [2, 3, 6, 30])
def test_is_that_of_scikit_learn(d: int) -> None:
    from sklearn.decomposition import PCA

    z, found = latents(d=d), pca(latents(d=d))
    reference = PCA(2, svd_solver="full").fit(z)
    sign = np.sign((found.axes.T * reference.components_).sum(1))
    np.testing.assert_allclose(found.axes.T * sign[:, None], reference.components_, atol=1e-8)
    np.testing.assert_allclose(found.points * sign, reference.transform(z), atol=1e-8)
    np.testing.assert_allclose(found.explained, reference.explained_variance_ratio_, rtol=1e-8)


def test_points_follow_from_mean_and_axes() -> None:
    z, found = latents(), pca(latents())
    assert found.points.shape == (400, 2) and found.axes.shape == (6, 2)
    np.testing.assert_allclose(found.points, (z - found.mean) @ found.axes)
    np.testing.assert_allclose(found.axes.T @ found.axes, np.eye(2), atol=1e-10)


def test_an_unchanged_model_keeps_its_points() -> None:
    first = pca(latents())
    assert displacement(first, pca(latents(), first)) < 1e-9


@pytest.mark.parametrize("signs", [(-1, 1), (1, -1), (-1, -1)])
def test_a_flipped_axis_is_flipped_back(signs: tuple[int, int]) -> None:
    z, first = latents(), pca(latents())
    flipped = Projection(first.points * signs, first.mean, first.axes * signs, first.explained)
    assert displacement(flipped, pca(z, flipped)) < 1e-9
    assert displacement(first, flipped) > 1.0


def test_equal_variances_do_not_spin() -> None:
    """Where two variances are equal the axes are defined up to a rotation: any tiny change may turn them."""
    rng = np.random.default_rng(0)
    z = np.concatenate([4.0 * np.linalg.qr(rng.normal(size=(500, 2)))[0] * np.sqrt(500), 0.3 * rng.normal(size=(500, 4))], 1)
    z -= z.mean(0)
    frame = first = pca(z)
    for _ in range(20):
        frame = pca(z + 0.01 * rng.normal(size=z.shape), frame)
    assert displacement(first, frame) < 0.05


def test_small_noise_moves_points_a_little() -> None:
    rng, z = np.random.default_rng(1), latents()
    first = pca(z)
    assert displacement(first, pca(z + 0.01 * rng.normal(size=z.shape), first)) < 0.05


def test_two_swapped_axes_glide() -> None:
    """The variances of two axes cross while training: the plane is the same, so the points must not jump."""
    z = np.random.default_rng(0).normal(size=(500, 3))
    before = pca(z * [2.00, 1.98, 0.1])
    after = pca(z * [1.98, 2.00, 0.1], before)
    assert displacement(before, after) < 0.05


def test_explained_never_exceeds_the_whole() -> None:
    z = latents()
    first = pca(z)
    turned = Projection(first.points, first.mean, first.axes @ np.array([[0.6, -0.8], [0.8, 0.6]]), first.explained)
    assert pca(z, turned).explained.sum() == pytest.approx(first.explained.sum())
    assert first.explained.sum() < 1.0


def test_another_latent_size_starts_afresh() -> None:
    assert pca(latents(d=6), pca(latents(d=4))).axes.shape == (6, 2)


def test_a_collapsed_encoder_is_a_point() -> None:
    found = pca(np.ones((50, 4)))
    assert np.isfinite(found.points).all() and np.abs(found.points).max() < 1e-9 and np.isfinite(found.explained).all()
