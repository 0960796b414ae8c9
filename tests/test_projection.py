"""PCA against scikit-learn, t-SNE, and points that stay put from one frame to the next."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from playground.measures.projection import Embedding, Projection, ProjectionSettings, embed, methods, pca


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


# --- three dimensions, the way back, and numbers that are none ----------------------------------------------------------


def test_three_components_are_those_of_scikit_learn_and_stay_put() -> None:
    from sklearn.decomposition import PCA

    z, first = latents(), pca(latents(), dims=3)
    np.testing.assert_allclose(first.explained, PCA(3, svd_solver="full").fit(z).explained_variance_ratio_, rtol=1e-8)
    assert displacement(first, pca(z, first, dims=3)) < 1e-9
    assert displacement(first, pca(z + 0.01 * np.random.default_rng(1).normal(size=z.shape), first, dims=3)) < 0.05


def spoilt(z: np.ndarray) -> np.ndarray:
    z = z.copy()
    z[3, 1], z[7, 0], z[9] = np.nan, np.inf, -np.inf
    return z


@pytest.mark.filterwarnings("error")
def test_rows_that_are_no_numbers_are_left_out() -> None:
    good = np.setdiff1d(np.arange(400), [3, 7, 9])
    found = pca(spoilt(latents()))
    assert np.isnan(found.points[[3, 7, 9]]).all()
    np.testing.assert_allclose(np.abs(found.points[good]), np.abs(pca(latents()[good]).points), atol=1e-8)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dims", [2, 3])
def test_latents_without_a_number_keep_the_axes(dims: int) -> None:
    first = pca(latents(), dims=dims)
    lost = pca(np.full((400, 6), np.nan), first, dims)
    assert np.isnan(lost.points).all() and np.array_equal(lost.axes, first.axes) and np.isfinite(lost.explained).all()
    assert displacement(first, pca(latents(), lost, dims)) < 1e-9
    assert pca(np.full((5, 6), np.nan)).points.shape == (5, 2) and pca(np.zeros((0, 6))).points.shape == (0, 2)


# --- t-SNE ------------------------------------------------------------------------------------------------------------------


def groups(n: int = 240, d: int = 8, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Latents in six groups, and which is whose."""
    rng = np.random.default_rng(seed)
    label = np.arange(n) % 6
    return 4 * rng.normal(size=(6, d))[label] + rng.normal(size=(n, d)), label


def moved(before: Embedding, after: Embedding) -> np.ndarray:
    """How far each point went, in units of their root mean squared distance from the centre, which is 1."""
    return np.linalg.norm(after.points - before.points, axis=1)


@pytest.fixture(scope="module")
def embedded() -> Embedding:
    """The second picture of a run of t-SNE."""
    return embed(groups()[0], TSNE, embed(groups()[0], TSNE))


TSNE = ProjectionSettings("tsne")


@pytest.mark.parametrize("settings", [TSNE, ProjectionSettings("tsne", dims=3, perplexity=10)])
def test_tsne_keeps_neighbours_together(settings: ProjectionSettings) -> None:
    z, label = groups()
    found = embed(z, settings).points
    distances = np.linalg.norm(found[:, None] - found[None], axis=-1) + np.eye(len(z)) * 1e9
    assert (label[distances.argmin(1)] == label).mean() > 0.95
    assert found.shape == (240, settings.dims) and (found**2).sum(1).mean() == pytest.approx(1.0)


def test_tsne_of_an_unchanged_model_stays_put(embedded: Embedding) -> None:
    """It goes on converging: half of the points by less than 2 % of their spread, all by less than 15 %."""
    way = moved(embedded, embed(groups()[0], TSNE, embedded))
    assert np.median(way) < 0.02 and way.max() < 0.15


def test_tsne_glides_when_latents_move_a_little_or_turn(embedded: Embedding) -> None:
    z, rng = groups()[0], np.random.default_rng(1)
    way = moved(embedded, embed(z + 0.05 * rng.normal(size=z.shape), TSNE, embedded))
    assert np.median(way) < 0.05 and np.quantile(way, 0.95) < 0.2
    turned = 3.0 * z @ np.linalg.qr(rng.normal(size=(8, 8)))[0] + 5.0
    assert np.median(moved(embedded, embed(turned, TSNE, embedded))) < 0.02


def test_tsne_without_the_warm_start_would_jump(embedded: Embedding) -> None:
    """The tolerances above mean something: started at random, and not turned, the points land elsewhere."""
    from sklearn.manifold import TSNE as Plain

    other = Plain(2, init="random", random_state=1, perplexity=30).fit_transform(groups()[0])
    other = (other - other.mean(0)) / np.sqrt(((other - other.mean(0)) ** 2).sum(1).mean())
    assert np.median(np.linalg.norm(other - embedded.points, axis=1)) > 0.3


def test_a_fresh_start_is_turned_towards_what_was_shown(embedded: Embedding) -> None:
    other = embed(groups()[0], ProjectionSettings("tsne", seed=5), embedded, fresh=True)
    free = embed(groups()[0], ProjectionSettings("tsne", seed=5))
    turned = Embedding(free.points * [-1, 1], 1.0)
    assert (
        (moved(embedded, other) ** 2).mean() <= (moved(embedded, free) ** 2).mean() + 1e-9 < (moved(embedded, turned) ** 2).mean()
    )


def test_the_same_seed_gives_the_same_picture() -> None:
    z = groups(90)[0]
    np.testing.assert_array_equal(embed(z, TSNE).points, embed(z, TSNE).points)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("n, d", [(1, 4), (5, 4), (12, 1), (40, 2)])
def test_few_points_and_few_dimensions(n: int, d: int) -> None:
    z = np.random.default_rng(0).normal(size=(n, d))
    found = embed(z, TSNE)
    assert found.points.shape == (n, 2) and np.isfinite(embed(z, TSNE, found).points).all()


@pytest.mark.filterwarnings("error")
def test_tsne_of_broken_and_of_collapsed_latents() -> None:
    z = groups(60)[0]
    found = embed(spoilt(z), TSNE)
    assert np.isnan(found.points[[3, 7, 9]]).all() and np.isfinite(np.delete(found.points, [3, 7, 9], 0)).all()
    healed = embed(z, TSNE, found)
    assert np.isfinite(healed.points).all()
    collapsed = embed(np.ones((60, 8)), TSNE, healed)
    assert (collapsed.points == 0).all() and np.isfinite(embed(z, TSNE, collapsed).points).all()
    assert np.isnan(embed(np.full((60, 8), np.nan), TSNE, healed).points).all()


# --- settings ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "d, expected", [(1, {"raw": (1,)}), (2, {"raw": (2,), "pca": (2,)}), (3, {"raw": (3,), "pca": (2, 3)}), (16, {"pca": (2, 3)})]
)
def test_what_is_offered(d: int, expected: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert methods(d) == expected | {"tsne": (2, 3)}
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object() if name == "umap" else None)
    assert methods(d) == expected | {"tsne": (2, 3), "umap": (2, 3)}


def test_settings_are_taken_as_given() -> None:
    given = {"method": "tsne", "dims": 3, "perplexity": 12.5, "seed": 7}
    assert ProjectionSettings.parse(given, 16) == ProjectionSettings("tsne", 3, 12.5, 7)
    assert ProjectionSettings.parse({"method": "raw", "dims": 2}, 3).dims == 3


@pytest.mark.parametrize(
    "values, d, words",
    [
        (None, 2, "given by name"),
        ([["method", "pca"]], 2, "given by name"),
        ({"method": "pca", "x": 1}, 2, "given by name"),
        ({}, 2, "method = 'None' is refused: with 2 latent dimensions it must be one of raw, pca, tsne"),
        ({"method": "pca"}, 1, "with 1 latent dimension it must be one of raw, tsne"),
        ({"method": "raw"}, 4, "must be one of pca, tsne"),
        ({"method": ["pca"]}, 4, "must be one of"),
        ({"method": "pca", "dims": 3}, 2, "dims = 3 is refused: PCA of 2 latent dimensions is shown in 2."),
        ({"method": "tsne", "dims": 4}, 2, "is shown in 2 or 3."),
        ({"method": "tsne", "dims": True}, 2, "dims = True"),
        ({"method": "tsne", "dims": 2.0}, 2, "dims = 2.0"),
        ({"method": "tsne", "perplexity": 1}, 2, "from 2 to 100"),
        ({"method": "tsne", "perplexity": float("nan")}, 2, "from 2 to 100"),
        ({"method": "tsne", "perplexity": "9"}, 2, "from 2"),
        ({"method": "tsne", "seed": -1}, 2, "seed = -1"),
        ({"method": "tsne", "seed": 1.5}, 2, "whole number"),
    ],
)
def test_senseless_settings_are_refused_with_a_sentence(values: object, d: int, words: str) -> None:
    with pytest.raises(ValueError, match=r"\.$") as caught:
        ProjectionSettings.parse(values, d)
    assert words in str(caught.value)


@pytest.mark.skipif(not importlib.util.find_spec("umap"), reason="umap-learn is not installed.")
def test_umap_stays_put() -> None:
    """From its second picture on: that settles into the small steps, and moves half of the points by about a fifth."""
    z, settings = groups()[0], ProjectionSettings("umap", perplexity=15)
    second = embed(z, settings, embed(z, settings))
    way = moved(second, embed(z, settings, second))
    assert second.points.shape == (240, 2) and np.median(way) < 0.1
