"""Tables: how they are read, that models learn them in units that can be undone, and that exact answers hold for them as for anything else."""

from __future__ import annotations

import csv
import io
import math

import numpy as np
import pytest
import torch
from brought import body, npy, saved

from playground.config import AutoencoderConfig, ConfigError, DiffusionConfig, SampleConfig, VAEConfig
from playground.data import DATASETS, load_dataset, strips
from playground.data.base import DataError
from playground.data.own import shelf
from playground.data.own.limits import Wish
from playground.data.own.preparing import Prepared, prepared
from playground.diffusion.linear import LinearDenoiser
from playground.diffusion.noise import SCHEDULES
from playground.runs.events import Finished, Snapshot, drawn
from playground.runs.generation import sampling_run
from playground.runs.tasks import AutoencoderTask
from playground.runs.training import train
from playground.vae.autoencoder import VAE, build_autoencoder
from playground.vae.quadrature import log_evidence

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def own_folder(tmp_path_factory, monkeypatch) -> None:
    monkeypatch.setenv(shelf.FOLDER, str(tmp_path_factory.mktemp("kept")))


def iris() -> tuple[str, np.ndarray, np.ndarray]:
    """scikit-learn's iris as the text of a CSV file, its numbers and its labels."""
    from sklearn.datasets import load_iris

    data = load_iris()
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow([*data.feature_names, "species"])
    writer.writerows([*row, data.target_names[label]] for row, label in zip(data.data.tolist(), data.target))
    return lines.getvalue(), data.data, data.target


def made(tmp_path, text: str, **wish) -> Prepared:
    return prepared(body(tmp_path, {"table.csv": text.encode()}), "", Wish(**wish))


def test_wine_is_that_of_scikit_learn_standardised_by_its_training_rows() -> None:
    from sklearn.datasets import load_wine

    theirs, ours = load_wine(), load_dataset("wine")
    assert ours.columns is not None and len(ours.columns.names) == 13 and ours.kind == "table" and not ours.is_image
    both = np.concatenate([ours.columns.values(part.x) for part in (ours.train, ours.test)])
    np.testing.assert_allclose(np.sort(both, axis=0), np.sort(theirs.data, axis=0), rtol=1e-5)
    np.testing.assert_allclose(ours.train.x.mean(0), 0.0, atol=1e-5)
    np.testing.assert_allclose(ours.train.x.std(0), 1.0, atol=1e-5)
    assert len(ours.train) + len(ours.test) == len(theirs.data) and set(ours.test.labels) == {0, 1, 2}


def test_a_table_keeps_its_names_its_classes_and_its_numbers(tmp_path) -> None:
    text, values, labels = iris()
    result = made(tmp_path, text)
    data = result.data
    assert data.columns is not None and data.columns.names == (
        "sepal length (cm)",
        "sepal width (cm)",
        "petal length (cm)",
        "petal width (cm)",
    )
    assert data.label_names == ("setosa", "versicolor", "virginica") and not result.left_out
    assert "150 rows of 4 columns" in data.description and "column species (guessed)" in data.description
    rows = np.concatenate([data.columns.values(part.x) for part in (data.train, data.test)])
    known = np.concatenate([data.train.labels, data.test.labels])
    for label in range(3):
        np.testing.assert_allclose(np.sort(rows[known == label], axis=0), np.sort(values[labels == label], axis=0), rtol=1e-5)


def test_a_table_is_kept_and_found_again_with_its_columns(tmp_path) -> None:
    name = shelf.keep(made(tmp_path, iris()[0]).data)
    data = load_dataset(name)
    assert name.startswith("own-table-") and data.columns is not None and data.kind == "table" == DATASETS[name].kind
    assert data.columns.names[0] == "sepal length (cm)" and data.columns.std.shape == (4,)
    assert AutoencoderConfig(dataset=name).learning_rate == AutoencoderConfig(dataset="wine").learning_rate
    shelf.path_of(name).unlink()
    assert DATASETS[name].kind == "table" and not DATASETS[name].available(), "runs that were trained on it still say so"


def test_which_column_names_the_classes_is_chosen_or_guessed_and_said(tmp_path) -> None:
    rng = np.random.default_rng(0)
    head, rows = "a,b,c,grade\n", [[*rng.normal(size=3), k % 3] for k in range(60)]
    text = head + "\n".join(",".join(map(str, row)) for row in rows)
    guessed, none, chosen = (made(tmp_path, text, labels=labels).data for labels in ("", "-", "GRADE"))
    assert guessed.label_names == chosen.label_names == ("0", "1", "2") and guessed.shape == (3,)
    assert "grade (guessed)" in guessed.description and "guessed" not in chosen.description
    assert none.shape == (4,) and none.label_names == ("all",)
    with pytest.raises(DataError, match="no column price: there are a, b, c, grade"):
        made(tmp_path, text, labels="price")


def test_what_is_missing_is_left_out_and_counted(tmp_path) -> None:
    rows = [[k, k * k % 17, (k * 7) % 5, 3, "" if k > 20 else 1 + k, f"name {k}"] for k in range(60)]
    rows[3][1], rows[4][0], rows[5][2] = "?", "inf", ""
    result = made(tmp_path, "a,b,c,same,sparse,words\n" + "\n".join(",".join(map(str, row)) for row in rows))
    assert result.data.columns is not None and result.data.columns.names == ("a", "b", "c")
    assert len(result.data.train) + len(result.data.test) == 57
    told = " / ".join(result.left_out)
    for part in (
        "3 left out: a number is missing",
        "more than half is missing (sparse)",
        "no numbers (words)",
        "one value in all rows (same)",
    ):
        assert part in told


def test_arrays_of_rows_are_tables_with_numbered_columns(tmp_path) -> None:
    x = np.random.default_rng(0).normal(5, 2, (50, 6))
    x[7, 2] = np.nan
    for name, data in {"a.npy": npy(x), "a.npz": saved(x=x, label=np.arange(50) % 2)}.items():
        result = prepared(body(tmp_path, {name: data}), "", Wish())
        assert result.data.columns is not None and result.data.columns.names[:2] == ("column 1", "column 2")
        assert len(result.data.train) + len(result.data.test) == 49 and result.left_out == ["1 left out: a number is not finite"]
        assert result.data.label_names == (("all",) if name == "a.npy" else ("0", "1"))


@pytest.mark.parametrize(
    ("config", "refused", "right"),
    [
        (AutoencoderConfig, {"network": "conv"}, "network = 'mlp'"),
        (VAEConfig, {"likelihood": "bernoulli"}, "likelihood = 'gaussian'"),
        (DiffusionConfig, {"network": "unet"}, "network = 'mlp'"),
    ],
)
def test_what_is_for_images_is_refused_with_what_would_be_right(config, refused, right) -> None:
    with pytest.raises(ConfigError, match=right):
        config(dataset="wine", **refused)


def test_a_bar_is_as_long_as_its_number_and_on_its_side() -> None:
    picture = strips.bars(np.array([[3.0, -3.0, 0.0, 1.5, 9.0]]))[0].transpose(1, 2, 0)
    each = picture.shape[1] // 5
    up, down = ((picture[:, j * each] == colour).all(1).sum() for j, colour in ((0, strips.ABOVE), (1, strips.BELOW)))
    half = (picture[:, 3 * each] == strips.ABOVE).all(1).sum()
    assert up == down == strips.HEIGHT // 2 - 1 and abs(half - up / 2) <= 0.5
    assert not (picture[:, 2 * each] == strips.ABOVE).all(1).any() and (picture[:, 4 * each] == picture[:, 0]).all(), (
        "cut off at three"
    )
    assert strips.error_bars(np.array([[0.0, 3.0]]))[0, 0].max(0)[[0, -2]].tolist() == [0.0, 3.0]


def test_log_p_of_a_linear_vae_of_a_table_is_that_of_factor_analysis() -> None:
    """A decoder that is linear makes p(x) the Gaussian N(b, W Wᵀ + σ² I) of probabilistic PCA (Tipping & Bishop 1999), normaliser and all."""
    data, sigma = load_dataset("wine"), 0.4
    config = VAEConfig(dataset="wine", depth=1, width=16, observation_std=sigma)
    model = build_autoencoder(config, data.shape)
    assert isinstance(model, VAE)
    torch.manual_seed(0)
    model.decoder = torch.nn.Linear(2, 13)
    x = torch.from_numpy(np.array(data.test.x[:8]))
    covariance = model.decoder.weight @ model.decoder.weight.T + sigma**2 * torch.eye(13)
    right = torch.distributions.MultivariateNormal(model.decoder.bias.double(), covariance.double()).log_prob(x.double())
    found = log_evidence(model.double(), x.double())
    torch.testing.assert_close(found.log_p, right, rtol=0, atol=1e-4)


def test_an_untrained_decoder_makes_the_mean_row() -> None:
    task = AutoencoderTask(AutoencoderConfig(dataset="wine"), load_dataset("wine"), CPU)
    model = task.build(task.config, task.dataset.shape)
    task.adopt(model, None)
    last = [layer for layer in model.decoder.modules() if isinstance(layer, torch.nn.Linear)][-1]
    torch.testing.assert_close(last.bias, torch.zeros(13), atol=1e-6, rtol=0)
    far = model.decode(10.0 * torch.randn(500, 2, generator=torch.Generator().manual_seed(0)))
    assert float(far.detach().max()) > 1.0 or float(far.detach().min()) < 0.0, "columns are not kept between 0 and 1"


def test_the_best_linear_denoiser_of_a_table_is_wieners() -> None:
    """`μ + α Σ (α² Σ + σ² I)⁻¹ (x_t - α μ)`, by solving instead of by eigenvectors."""
    x = torch.from_numpy(np.array(load_dataset("wine").train.x))
    c = SCHEDULES["cosine"].at(torch.tensor([0.4])).like(x[:5])
    sigma = torch.cov(x.T.double(), correction=0)
    alpha, noise = (float(value.flatten()[0]) for value in (c.alpha, c.sigma))
    x_t = torch.randn(5, 13, generator=torch.Generator().manual_seed(0))
    gain = alpha * sigma @ torch.linalg.inv(alpha**2 * sigma + noise**2 * torch.eye(13, dtype=torch.float64))
    mean = x.mean(0).double()
    right = mean + (x_t.double() - alpha * mean) @ gain.T
    torch.testing.assert_close(LinearDenoiser((13,)).fit(x)(x_t, c).double(), right, atol=1e-4, rtol=1e-4)


SMALL = {"steps": 3, "seed": 0, "device": "cpu", "dataset": "wine"}


@pytest.mark.parametrize("config", [VAEConfig(**SMALL, observation_std=0.5), DiffusionConfig(**SMALL, sampling_steps=3, width=16)])
def test_samples_are_told_in_the_units_of_the_table(config) -> None:
    *_, end = train(config)
    assert isinstance(end, Finished)
    *_, last = (
        event for event in sampling_run(SampleConfig(n_samples=70, sampling_steps=3), end.checkpoint) if isinstance(event, Snapshot)
    )
    columns = load_dataset("wine").columns
    assert columns is not None
    values = drawn(last.arrays)
    assert values.shape == (70, 13) and last.arrays["samples"].shape[:2] == (70, 3)
    np.testing.assert_allclose(values, columns.values(last.arrays["rows"]))
    assert abs(math.log10(abs(values[:, 12]).mean()) - math.log10(columns.mean[12])) < 0.5, "proline is counted in hundreds"
