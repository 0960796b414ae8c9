"""The data sets: what they promise (shapes, ranges, fixed splits), and what is known of the points exactly."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from playground import config
from playground.data import DATASETS, DataError, load_dataset
from playground.data.points import MIXTURE

ROOT = Path(__file__).resolve().parents[1]
POINTS = ("mixture", "moons", "circles", "swiss_roll", "checkerboard", "spirals", "pinwheel")
SIZES = {"digits": (1442, 355), "fashion_mnist": (10_000, 2_000), "sprites": (8_000, 2_000), "wine": (120, 58)} | {
    name: (40_000, 2_000) for name in POINTS
}
NEEDS_OFFICIAL_FILES = pytest.mark.skipif(
    not DATASETS["fashion_mnist_full"].available(),
    reason="The official Fashion-MNIST files are not installed (Debian's dataset-fashion-mnist has them).",
)
IMAGES = ["digits", "fashion_mnist", "sprites", pytest.param("fashion_mnist_full", marks=NEEDS_OFFICIAL_FILES)]


def test_names_are_those_of_the_config() -> None:
    assert tuple(DATASETS) == config.field_specs(config.DiffusionConfig)["dataset"].choices
    assert {name for name, info in DATASETS.items() if info.is_image} == set(config.IMAGE_DATASETS)
    assert {name for name, info in DATASETS.items() if info.kind == "points"} == set(POINTS)
    assert {name for name, info in DATASETS.items() if info.kind == "table"} == {"wine"}
    assert all(info.name == name for name, info in DATASETS.items())


@pytest.mark.parametrize("name", DATASETS)
def test_descriptions_are_sentences(name: str) -> None:
    info = DATASETS[name]
    assert info.description.endswith(".") and 20 < len(info.description) < 130
    assert info.title and info.source.endswith(".") and info.licence and info.label_names


@pytest.mark.parametrize("name", SIZES)
def test_splits_have_the_promised_form(name: str) -> None:
    data = load_dataset(name)
    assert (len(data.train), len(data.test)) == SIZES[name]
    for split in (data.train, data.test):
        assert split.x.shape == (len(split), *data.shape) and split.labels.shape == (len(split),)
        assert split.x.dtype == (np.uint8 if data.is_image else np.float32) and split.labels.dtype == np.int64
        assert np.isfinite(split.x).all()
        assert set(np.unique(split.labels)) == set(range(len(data.label_names)))
        arrays = [split.x, split.labels, *(split.factors or {}).values()]
        assert not any(array.flags.writeable for array in arrays), "shared arrays must be read-only"


@pytest.mark.parametrize("name", SIZES)
def test_loading_is_cached_and_deterministic(name: str) -> None:
    data, again = load_dataset(name), DATASETS[name].load()
    assert load_dataset(name) is data and again is not data
    for one, other in ((data.train, again.train), (data.test, again.test)):
        np.testing.assert_array_equal(one.x, other.x)
        np.testing.assert_array_equal(one.labels, other.labels)


@pytest.mark.parametrize("name", IMAGES)
def test_images_use_all_levels_and_no_test_image_is_in_train(name: str) -> None:
    data = load_dataset(name)
    assert data.train.x.min() == 0 and data.train.x.max() == 255
    train, test = ({image.tobytes() for image in split.x} for split in (data.train, data.test))
    assert len(train) == len(data.train) and len(test) == len(data.test), "an image comes twice within a split"
    assert not train & test


@pytest.mark.parametrize("name", SIZES)
def test_test_split_has_the_class_shares_of_train(name: str) -> None:
    data = load_dataset(name)
    train, test = (np.bincount(split.labels) / len(split) for split in (data.train, data.test))
    np.testing.assert_allclose(test, train, atol=0.004 if data.is_image else 0.035)


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    with pytest.raises(DataError, match="'cats'.*mixture, moons.*fashion_mnist_full"):
        load_dataset("cats")
    with pytest.raises(DataError):
        load_dataset(["mixture"])  # type: ignore[arg-type]
    assert issubclass(DataError, ValueError)


def test_import_and_digits_need_numpy_only() -> None:
    code = (
        "import sys, playground.data as data; data.load_dataset('digits');"
        "print([m for m in ('torch', 'sklearn', 'scipy', 'PIL', 'gradio', 'diffusers') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", POINTS)
def test_points_have_mean_0_and_standard_deviation_1(name: str) -> None:
    data = load_dataset(name)
    for split, tolerance in ((data.train, 0.03), (data.test, 0.08)):
        np.testing.assert_allclose(split.x.mean(axis=0), 0, atol=tolerance)
        np.testing.assert_allclose(split.x.std(axis=0), 1, atol=tolerance)
    assert np.abs(data.train.x).max() < 4


@pytest.mark.parametrize("name", POINTS)
def test_labels_of_points_form_regions(name: str) -> None:
    """A test point's nearest training point nearly always has its label."""
    data = load_dataset(name)
    test = data.test.x[:300]
    nearest = np.argmin(((test[:, None] - data.train.x) ** 2).sum(axis=2), axis=1)
    assert np.mean(data.train.labels[nearest] == data.test.labels[:300]) > 0.97


def _grid() -> tuple[np.ndarray, float]:
    axis = np.linspace(-3, 3, 601)
    return np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1), (axis[1] - axis[0]) ** 2


def test_mixture_density_integrates_to_1_with_unit_variance() -> None:
    x, area = _grid()
    p = MIXTURE.density(x)
    assert p.shape == (601, 601)
    assert p.sum() * area == pytest.approx(1, abs=1e-9)
    np.testing.assert_allclose((p[..., None] * x).sum(axis=(0, 1)) * area, 0, atol=1e-9)
    np.testing.assert_allclose((p[..., None] * x**2).sum(axis=(0, 1)) * area, 1, atol=1e-9)


def test_mixture_points_follow_the_density() -> None:
    x, area = _grid()
    log_p = MIXTURE.log_density(x)
    p = np.exp(log_p)
    mean = (p * log_p).sum() * area
    spread = np.sqrt((p * (log_p - mean) ** 2).sum() * area)
    for split in (load_dataset("mixture").train, load_dataset("mixture").test):
        assert MIXTURE.log_density(split.x).mean() == pytest.approx(mean, abs=4 * spread / np.sqrt(len(split)))
    points, component = MIXTURE.sample(20_000, np.random.default_rng(5))
    assert points.dtype == np.float32 and component.dtype == np.int64
    residual = points - MIXTURE.means[component]
    np.testing.assert_allclose(residual.std(axis=0), MIXTURE.std, rtol=0.02)
    np.testing.assert_allclose(np.bincount(component) / 20_000, MIXTURE.weights, atol=0.01)


def test_mixture_log_density_is_exact_far_away_and_frozen() -> None:
    far = np.array([100.0, 0.0])
    by_hand = -((100 - MIXTURE.means[0, 0]) ** 2) / (2 * MIXTURE.std**2) - np.log(8 * 2 * np.pi * MIXTURE.std**2)
    assert MIXTURE.log_density(far) == pytest.approx(by_hand, rel=1e-12)
    with pytest.raises(dataclasses.FrozenInstanceError):
        MIXTURE.std = 1.0  # type: ignore[misc]
    with pytest.raises(ValueError, match="read-only"):
        MIXTURE.means[0] = 0


def test_checkerboard_leaves_every_other_square_empty() -> None:
    x = load_dataset("checkerboard").train.x
    square = np.clip(np.floor(4 * (x - x.min(axis=0)) / np.ptp(x, axis=0)), 0, 3).astype(int)
    assert np.mean(square.sum(axis=1) % 2 == 0) > 0.995


def test_digits_are_scikit_learns() -> None:
    datasets = pytest.importorskip("sklearn.datasets")
    data, theirs = load_dataset("digits"), datasets.load_digits()
    ours = np.concatenate([data.train.x, data.test.x]).reshape(-1, 64)
    labels = np.concatenate([data.train.labels, data.test.labels])
    expected = np.rint(theirs.data * 255 / 16).astype(np.uint8)
    assert sorted(zip(labels, map(bytes, ours))) == sorted(zip(theirs.target, map(bytes, expected)))
