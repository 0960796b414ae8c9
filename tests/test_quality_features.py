"""The Fréchet distance, precision and recall against closed forms and naive implementations, and their floor."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import scipy.linalg
import torch

from playground.data import DATASETS, load_dataset
from playground.measures.classifier import Classifier, load_classifier, path_of
from playground.measures.features import Gallery, Gaussian, between, features, frechet_distance, gallery_of, precision_recall
from playground.measures.networks import NETWORKS, network_of
from playground.measures.train_classifier import accuracy, augmented, save

LARGEST = 110_000


def normal(n: int, d: int, seed: int) -> torch.Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def covariance(d: int, seed: int) -> torch.Tensor:
    root = normal(d, d, seed)
    return root @ root.T


# --- the Fréchet distance --------------------------------------------------------------------------------------------------


def test_gaussians_with_covariances_that_commute_have_a_closed_form() -> None:
    """In one dimension `(mu - nu)² + (s - t)²`; and so along each axis where both covariances are diagonal."""
    a, b = (torch.tensor(values, dtype=torch.float64) for values in ([1.0, 2.0, 0.0], [3.0, 0.5, 1.0]))
    found = between(Gaussian(torch.zeros(3).double(), a.square().diag()), Gaussian(torch.ones(3).double(), b.square().diag()))
    assert found == pytest.approx(3 + float((a - b).square().sum()), rel=1e-9)


@pytest.mark.parametrize("d", [1, 2, 64])
def test_any_gaussians_agree_with_the_root_of_scipy(d: int) -> None:
    s, t, mu = covariance(d, 1), covariance(d, 2), normal(1, d, 3)[0]
    root = scipy.linalg.sqrtm((s @ t).numpy()).real
    expected = float(mu.square().sum() + s.trace() + t.trace()) - 2 * float(np.trace(root))
    assert between(Gaussian(mu, s), Gaussian(torch.zeros_like(mu), t)) == pytest.approx(expected, rel=1e-6)


def test_singular_covariances_are_no_matter() -> None:
    """Fewer examples than dimensions, as with small sets of samples; the distance to itself is nothing, and a shift is a shift."""
    x = normal(20, 64, 0)
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-4)
    assert frechet_distance(x, x + 0.5) == pytest.approx(64 * 0.25, rel=1e-5)
    assert frechet_distance(torch.ones(5, 3), torch.ones(5, 3)) == 0


def test_it_is_symmetric_and_does_not_turn_with_the_axes() -> None:
    x, y = normal(300, 8, 0), 2 * normal(200, 8, 1) + 1
    turn = torch.linalg.qr(normal(8, 8, 2))[0]
    assert frechet_distance(x, y) == pytest.approx(frechet_distance(y, x), rel=1e-8)
    assert frechet_distance(x @ turn, y @ turn) == pytest.approx(frechet_distance(x, y), rel=1e-8)


def test_its_bias_falls_as_one_over_the_number_of_samples() -> None:
    """Why it is compared at equal n only: of one and the same distribution it is far from zero."""
    means = [np.mean([frechet_distance(normal(n, 16, 2 * k), normal(n, 16, 2 * k + 1)) for k in range(10)]) for n in (200, 800)]
    assert means[0] > 0.3 and means[0] / means[1] == pytest.approx(4, rel=0.15)


# --- precision and recall --------------------------------------------------------------------------------------------------


def naive(points: np.ndarray, by: np.ndarray, k: int) -> float:
    found = 0
    for point in points:
        for i, member in enumerate(by):
            others = sorted(float(np.linalg.norm(member - other)) for j, other in enumerate(by) if j != i)
            if np.linalg.norm(point - member) <= others[k - 1]:
                found += 1
                break
    return found / len(points)


@pytest.mark.parametrize("k", [1, 3, 5])
def test_precision_and_recall_agree_with_the_definition_word_by_word(k: int) -> None:
    real, made = normal(40, 3, 0), 0.6 * normal(50, 3, 1) + 1.2
    found = precision_recall(real, made, k)
    assert found == pytest.approx((naive(made.numpy(), real.numpy(), k), naive(real.numpy(), made.numpy(), k)))
    assert 0 < found[1] < found[0] < 1


def test_samples_of_one_mode_are_precise_but_recall_half() -> None:
    modes = torch.tensor([[-100.0, 0.0], [100.0, 0.0]]).double()
    real, made = torch.cat([normal(100, 2, 0) + modes[0], normal(100, 2, 1) + modes[1]]), normal(200, 2, 2) + modes[0]
    precision, recall = precision_recall(real, made)
    assert precision > 0.9 and 0.4 < recall <= 0.5


def test_samples_that_are_half_elsewhere_are_half_precise() -> None:
    real, made = normal(200, 2, 0), torch.cat([normal(100, 2, 1), normal(100, 2, 2) + 1000])
    precision, recall = precision_recall(real, made)
    assert 0.4 < precision <= 0.5 and recall > 0.85


def test_nothing_in_common_and_the_very_same() -> None:
    x = normal(50, 4, 0)
    assert precision_recall(x, x) == (1, 1) and precision_recall(x, x + 1e4) == (0, 0)


# --- the networks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NETWORKS)
def test_the_networks_are_as_good_and_as_small_as_is_said(name: str) -> None:
    """On images that they were not trained on; the stated number is to four digits."""
    assert accuracy(load_classifier(name), load_dataset(name).test) == pytest.approx(NETWORKS[name].accuracy, abs=2e-3)
    assert path_of(name).stat().st_size < LARGEST


def test_the_readme_says_the_same() -> None:
    """Accuracy in per cent, and floors by the number of samples."""
    text = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    for name, network in NETWORKS.items():
        row = next(line.split("|") for line in text.splitlines() if line.startswith(f"| `{name}`"))
        assert float(row[3].split()[0]) == pytest.approx(100 * network.accuracy, abs=0.06)
        assert float(row[4].split()[0]) == pytest.approx(path_of(name).stat().st_size / 1000, abs=1)
        for n, cell in zip((100, 250, 500, 1000), row[5:]):
            value, _, other = cell.strip().partition(" at ")
            assert not value or gallery_of(name).floor(int(other or n))["frechet"] == pytest.approx(float(value), abs=0.1)


def test_every_data_set_of_images_has_a_network() -> None:
    images = [info for info in DATASETS.values() if info.is_image]
    assert {network_of(info.name).trained_on for info in images} == set(NETWORKS)
    assert network_of("brought by somebody").trained_on in NETWORKS


def test_weights_come_back_from_their_file(tmp_path) -> None:
    torch.manual_seed(0)
    model = Classifier((1, 8, 8), 10).half().float().eval()
    assert save(model, tmp_path / "a.safetensors") < LARGEST
    from safetensors.torch import load_file

    stored = load_file(tmp_path / "a.safetensors")
    assert all(torch.equal(stored[name].float(), value) for name, value in model.state_dict().items() if value.is_floating_point())


def test_images_of_any_size_and_colour_can_be_looked_at() -> None:
    model = load_classifier("fashion_mnist")
    x = torch.from_numpy(np.array(load_dataset("fashion_mnist").test.x[:300]))
    large = x.repeat_interleave(2, 2).repeat_interleave(2, 3).expand(-1, 3, -1, -1)
    plain = features(model, x)
    assert plain.shape == (300, 64) and bool(plain.isfinite().all())
    assert torch.allclose(features(model, x.float() / 255), plain, atol=1e-4)
    assert torch.allclose(features(model, large), plain, atol=1e-3)
    small = torch.from_numpy(np.array(load_dataset("digits").test.x[:20]))
    assert features(model, small).shape == (20, 64)


def test_augmentation_moves_and_mirrors_whole_images() -> None:
    torch.manual_seed(0)
    x = torch.zeros(50, 1, 9, 9)
    x[:, :, 4, 3] = 1
    found = augmented(x, 2, mirrored=True)
    assert found.shape == x.shape and bool((found.sum((1, 2, 3)) == 1).all()) and len({int(one.argmax()) for one in found}) == 2


# --- the gallery -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clothes() -> tuple[Gallery, torch.Tensor, torch.Tensor]:
    data = load_dataset("fashion_mnist")
    train, test = (torch.from_numpy(np.array(split.x)) for split in (data.train, data.test))
    return Gallery("fashion_mnist", train, test), test, torch.from_numpy(np.array(data.test.labels))


def test_the_floor_has_its_spread_and_falls_with_the_number(clothes) -> None:
    few, many = clothes[0].floor(200), clothes[0].floor(1000)
    assert few["frechet"] > 2 * many["frechet"] > 0 and few["frechet_std"] > 1.5 * many["frechet_std"] > 0
    assert 0.7 < few["precision"] <= 1 and 0.7 < few["recall"] <= 1
    assert clothes[0].size(500) == 500 and clothes[0].size(5000) == 1000 and clothes[0].floor(200) == few


def test_blur_a_lost_class_and_lost_variety_are_seen(clothes) -> None:
    """What an energy distance of pixels misses (`test_blindness`): each is far above the floor, and its cause shows in precision or recall."""
    from test_blindness import blurred

    gallery, test, labels = clothes
    n, x = 500, test.float() / 255
    floor = gallery.floor(n)
    spoilt = {"blurred": blurred(x[:n], 0.7), "without a class": x[labels != 8][:n], "each ten times": x[:50].repeat(10, 1, 1, 1)}
    found = {name: gallery.measure(one) for name, one in spoilt.items()}
    highest = floor["frechet"] + 4 * floor["frechet_std"]
    assert all(one["frechet"] > highest for one in found.values())
    assert found["each ten times"]["recall"] < 0.5 * floor["recall"]


def test_samples_that_are_no_numbers_have_no_distance(clothes) -> None:
    assert all(math.isnan(value) for value in clothes[0].measure(torch.full((10, 1, 28, 28), math.nan)).values())
