"""The KL in two parts, against closed forms: a linear-Gaussian encoder of Gaussian data, where both parts are known."""

from __future__ import annotations

import math

import pytest
import torch

from playground.config import AutoencoderConfig, ConfigError, VAEConfig
from playground.questions.answerer import answer
from playground.runs.control import Control
from playground.runs.training import Trainer
from playground.vae.autoencoder import DiagonalGaussian
from playground.vae.information import split_kl


def linear(slopes: list[list[float]], stds: list[float], n: int = 12_000) -> tuple[DiagonalGaussian, torch.Tensor, torch.Tensor]:
    """`q(z|x) = N(A x, diag s²)` for n draws of `x ~ N(0, I)`, `A` (d, k); and the covariance `A Aᵀ + diag s²` of q(z)."""
    a, s = torch.tensor(slopes), torch.tensor(stds)
    x = torch.randn(n, a.shape[1], generator=torch.Generator().manual_seed(7))
    return DiagonalGaussian(x @ a.T, s.log().expand(n, len(s)).contiguous()), a @ a.T + s.square().diag(), s


def known(covariance: torch.Tensor, stds: torch.Tensor) -> tuple[float, float]:
    """I(x; z) = ½ log(det C / Π s²) and KL(N(0, C) || N(0, I)) = ½ (tr C - d - log det C)."""
    logdet = float(covariance.logdet())
    return 0.5 * (logdet - 2.0 * float(stds.log().sum())), 0.5 * (float(covariance.trace()) - len(stds) - logdet)


@pytest.mark.parametrize(
    ("slopes", "stds"),
    [([[1.0]], [0.5]), ([[0.8, 0.0], [0.0, 2.0]], [0.6, 0.5]), ([[1.0, 0.0], [0.9, 0.3]], [0.3, 0.4]), ([[0.0, 0.0]], [1.0])],
    ids=["one dimension", "two apart", "two alike", "collapsed"],
)
def test_both_parts_are_those_of_a_linear_gaussian_encoder(slopes, stds) -> None:
    q, covariance, s = linear(slopes, stds)
    together, each = split_kl(q, torch.Generator().manual_seed(0), draws=3000)
    for found, wanted in zip((together.information, together.mismatch), known(covariance, s)):
        assert abs(float(found.mean) - wanted) < 4.0 * float(found.error) + 0.03
    for j, (variance, std) in enumerate(zip(covariance.diagonal(), s)):
        for found, wanted in zip((each.information, each.mismatch), known(variance.reshape(1, 1), std[None])):
            assert abs(float(found.mean[j]) - wanted) < 4.0 * float(found.error[j]) + 0.03


def test_the_error_is_that_of_repetitions() -> None:
    q, *_ = linear([[1.0, 0.0], [0.9, 0.3]], [0.3, 0.4], n=3000)
    runs = [split_kl(q, torch.Generator().manual_seed(seed), draws=100)[0] for seed in range(60)]
    for part in ("information", "mismatch"):
        means = torch.stack([getattr(run, part).mean for run in runs])
        stated = torch.stack([getattr(run, part).error for run in runs]).mean()
        assert 0.75 < float(stated / means.std()) < 1.3


def test_of_n_images_nothing_tells_more_than_log_n() -> None:
    q = DiagonalGaussian(torch.arange(50.0)[:, None], torch.full((50, 1), -6.0))
    assert float(split_kl(q, torch.Generator().manual_seed(0))[0].information.mean) == pytest.approx(math.log(50.0), abs=1e-4)


TINY = {"dataset": "digits", "width": 32, "depth": 1, "warmup_steps": 0, "learning_rate": 0.01, "device": "cpu", "latent_dim": 3}


def test_the_parts_of_a_trained_vae_add_up_to_its_kl() -> None:
    trainer = Trainer(VAEConfig(**TINY), Control(), None)
    for _ in range(150):
        trainer._advance()
    found = answer(trainer.task, trainer.ema, "information", {})
    assert found["n"] == len(trainer.task.train_x) and found["most"] == pytest.approx(math.log(found["n"]))
    assert found["information"] > 0.5 and found["information"] < found["most"] and found["mismatch"] > 0.0
    for end in ("", "_per_dimension"):
        gap = abs(found[f"information{end}"] + found[f"mismatch{end}"] - found[f"kl{end}"])
        assert (gap < 4.0 * (found[f"information_se{end}"] + found[f"mismatch_se{end}"])).all()
    assert found["kl"] == pytest.approx(found["kl_per_dimension"].sum(), rel=1e-5)
    x = trainer.task.scale(trainer.task.train_x)
    assert found["kl"] == pytest.approx(float(trainer.ema.encode(x).kl().mean()), rel=1e-4)


def test_an_autoencoder_has_no_kl_to_take_apart() -> None:
    trainer = Trainer(AutoencoderConfig(**TINY), Control(), None)
    with pytest.raises(ConfigError, match="no posterior and no prior"):
        answer(trainer.task, trainer.ema, "information", {})
