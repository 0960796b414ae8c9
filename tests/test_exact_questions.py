"""Questions about likelihoods, gradients and factors: against the modules behind them, and every refusal is a sentence."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from playground.config import AutoencoderConfig, ConfigError, VAEConfig
from playground.questions.answerer import answer
from playground.questions.exact import SHARES, density_levels
from playground.runs.control import Control
from playground.runs.training import Trainer

TINY = {"width": 32, "depth": 1, "batch_size": 64, "warmup_steps": 0, "learning_rate": 0.01, "device": "cpu"}
KINDS = {
    "vae": VAEConfig(dataset="digits", **TINY),
    "vae1": VAEConfig(dataset="digits", latent_dim=1, **TINY),
    "vae5": VAEConfig(dataset="digits", latent_dim=5, **TINY),
    "ae": AutoencoderConfig(dataset="digits", **TINY),
    "sprites": VAEConfig(dataset="sprites", latent_dim=4, observation_std=0.1, **TINY),
    "sprites ae": AutoencoderConfig(dataset="sprites", latent_dim=4, **TINY),
}


@pytest.fixture(scope="module")
def trained() -> dict[str, tuple]:
    def train(config) -> tuple:
        trainer = Trainer(config, Control(), None)
        for _ in range(150):
            trainer._advance()
        return trainer.task, trainer.ema

    return {name: train(config) for name, config in KINDS.items()}


@pytest.fixture
def ask(trained):
    return lambda kind, name, **args: answer(*trained[kind], name, args)


def statistics(draws: dict, name: str) -> tuple[np.ndarray, ...]:
    return tuple(draws[f"{name}{suffix}"] for suffix in ("_mean", "_se", "_variance"))


@pytest.mark.parametrize("kind", ["vae", "vae1"])
def test_the_gap_adds_up_and_is_the_kl(ask, kind: str) -> None:
    for index in (0, 5):
        found = ask(kind, "exact", index=index)
        assert found["gap"] == pytest.approx(found["log_p"] - found["elbo"], abs=1e-4)
        assert found["gap"] == pytest.approx(found["approximation_gap"] + found["amortisation_gap"], abs=1e-5)
        assert found["gap"] == pytest.approx(found["kl_to_posterior"], abs=1e-4 + float(found["log_p_error"]))
        assert found["elbo"] <= found["best_elbo"] <= found["log_p"] + 1e-5
        assert max(found[f"{name}_error"] for name in ("log_p", "elbo", "best_elbo", "kl_to_posterior")) < 1e-3


@pytest.mark.parametrize("kind", ["vae", "vae1"])
def test_the_field_is_the_posterior(trained, ask, kind: str) -> None:
    """It integrates to one over its box, its mean is the posterior's, and its rows and columns are where they should be."""
    found, (task, model) = ask(kind, "exact", index=3, n=96), trained[kind]
    d = model.latent_dim
    assert found["field"].shape == (96,) * d and found["extent"].shape == (2 * d,)
    axes = [np.linspace(found["extent"][2 * i], found["extent"][2 * i + 1], 96) for i in range(d)]
    mass = np.exp(found["field"].astype(float)) * np.prod([axis[1] - axis[0] for axis in axes])
    assert mass.sum() == pytest.approx(1.0, abs=0.01)
    means = [(mass.sum(1 - axis) if d == 2 else mass) @ axes[::-1][axis] for axis in range(d)][::-1]
    np.testing.assert_allclose(means, found["posterior_mean"], atol=0.02)
    assert (found["posterior_std"] > 0).all() and np.allclose(
        np.diag(found["posterior_covariance"]), found["posterior_std"] ** 2, rtol=1e-3
    )
    for share, level in zip(SHARES[d], found["levels"]):
        assert mass[found["field"] >= level].sum() == pytest.approx(share, abs=max(0.02, float(mass.max())))
    posterior = model.encode(task.map_x[3:4])
    np.testing.assert_allclose(found["q_mean"], posterior.mean[0].detach(), atol=1e-5)
    np.testing.assert_allclose(found["q_std"], posterior.std[0].detach(), rtol=1e-4)


def test_levels_of_a_gaussian_are_known() -> None:
    axis = torch.linspace(-5.0, 5.0, 101)
    z = torch.cartesian_prod(axis, axis)
    levels = density_levels(-0.5 * z.square().sum(1) - np.log(2 * np.pi), 0.01, SHARES[2])
    expected = -np.log(2 * np.pi) - torch.tensor([0.5, 2.0, 4.5], dtype=torch.float64)
    torch.testing.assert_close(levels, expected, rtol=0.0, atol=0.03)


@pytest.mark.parametrize("kind", ["vae", "vae5"])
def test_all_three_gradients_agree_and_the_path_scatters_least(ask, kind: str) -> None:
    found, d = ask(kind, "reparametrisation", index=2, n=1024), 2 if kind == "vae" else 5
    np.testing.assert_allclose(found["z"], found["mean"] + found["std"] * found["eps"], atol=1e-5)
    path_mean, path_se, path_variance = statistics(found, "path")
    assert path_mean.shape == (2 * d,) and sorted(found["order"].tolist()) == list(range(d))
    for name in ("path", "score", "score_baseline"):
        mean, se, variance = statistics(found, name)
        np.testing.assert_allclose(se, np.sqrt(variance / 1024), rtol=1e-4)
        assert (np.abs(mean - path_mean) < 4.5 * np.hypot(se, path_se)).all()
    for name in ("score", "score_baseline"):
        ratio, low, high = found[f"{name}_ratio"].T
        np.testing.assert_allclose(
            ratio, found[f"{name}_variance"].reshape(2, d).sum(1) / path_variance.reshape(2, d).sum(1), rtol=1e-4
        )
        assert ((low < ratio) & (ratio < high) & (high < 30 * low)).all()
    assert (found["score_variance"] > found["score_baseline_variance"]).all()
    assert (found["score_baseline_variance"][:d] > path_variance[:d]).all()
    if kind == "vae":
        assert (np.abs(path_mean - found["truth"]) < 4.5 * path_se).all()
    else:
        assert np.isnan(found["truth"]).all()


def test_draws_depend_on_the_seed_alone(ask) -> None:
    first, again, other = (ask("vae", "reparametrisation", index=1, n=8, seed=seed)["eps"] for seed in (0, 0, 1))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


@pytest.mark.parametrize("kind", ["sprites", "sprites ae"])
def test_factors_of_sprites(ask, kind: str) -> None:
    found = ask(kind, "disentanglement")
    assert found["mutual_information"].shape == found["normalised"].shape == found["floor"].shape == (4, 5)
    assert found["entropy"].shape == found["mig_per_factor"].shape == (5,) and found["moves"].shape == (4,)
    np.testing.assert_allclose(found["normalised"] * found["entropy"], found["mutual_information"], atol=1e-5)
    assert found["mig"] == pytest.approx(found["mig_per_factor"].mean(), abs=1e-6) and 0.0 <= found["mig_floor"] < 0.01
    assert found["normalised"].max() > 0.05 > 3 * found["floor"].max()  # it has learned where things are


@pytest.mark.parametrize(
    ("kind", "name", "args", "sentence"),
    [
        ("ae", "exact", {"index": 0}, "only a VAE has a likelihood"),
        ("vae5", "exact", {"index": 0}, "has 5 dimensions"),
        ("vae", "exact", {"index": -1}, "index"),
        ("vae", "exact", {"index": 0, "n": 1000}, "from 8 to 128"),
        ("ae", "reparametrisation", {"index": 0}, "draws nothing"),
        ("vae", "reparametrisation", {"index": 0, "n": 1_000_000}, "from 8 to 1024"),
        ("vae", "disentanglement", {}, "sprites only"),
        ("sprites", "disentanglement", {"n": 3}, "it takes none"),
    ],
)
def test_refusals(ask, kind: str, name: str, args: dict, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        ask(kind, name, **args)
