"""log p(x) on a lattice: against probabilistic PCA, against sums by brute force, and against importance sampling."""

from __future__ import annotations

import math

import pytest
import torch
from linear_vae import LinearVAE, draw, linear_vae, randn
from torch import nn

from playground.config import VAEConfig
from playground.runs.control import Control
from playground.runs.training import Trainer
from playground.vae.autoencoder import VAE
from playground.vae.bounds import log_normal
from playground.vae.likelihoods import Gaussian
from playground.vae.quadrature import QUICK, THOROUGH, Effort, log_evidence, log_joint, moments


@pytest.mark.parametrize("d", [1, 2])
@pytest.mark.parametrize("std", [0.02, 0.3, 3.0], ids=["narrow posterior", "usual", "posterior near the prior"])
def test_evidence_and_posterior_of_probabilistic_pca(d: int, std: float) -> None:
    model = linear_vae(d, std=std)
    x = draw(model, 4)
    for i in range(4):
        found = log_evidence(model, x[i : i + 1])
        off = (found.log_p - model.log_p(x[i : i + 1])).abs()
        assert float(off) < 1e-4 and (off <= found.error + 1e-9).all() and (found.error < 1e-4).all()
        mean, covariance = moments(found)
        true = model.posterior(x[i : i + 1])
        torch.testing.assert_close(mean, true.mean[0], rtol=0.0, atol=1e-4)
        torch.testing.assert_close(covariance, true.covariance_matrix.reshape(d, d), rtol=1e-4, atol=1e-7)


def test_examples_may_share_a_lattice() -> None:
    model = linear_vae(std=0.2)
    x = draw(model, 30)
    together = log_evidence(model, x)
    torch.testing.assert_close(together.log_p, model.log_p(x), rtol=0.0, atol=1e-4)
    alone = sum(log_evidence(model, x[i : i + 1]).evaluations for i in range(30))
    assert together.evaluations < alone / 3
    quick = log_evidence(model, x, QUICK)
    assert quick.evaluations < together.evaluations and abs(float((quick.log_p - model.log_p(x)).mean())) < 0.01


def test_what_the_prior_hardly_reaches_is_found_even_if_the_encoder_does_not_say_so() -> None:
    """All mass at |z| = 16, where the encoder says 0: the lattice grows until what is outside can be neglected."""
    model = LinearVAE(torch.tensor([[1.0, 0.0]], dtype=torch.float64), torch.zeros(1, dtype=torch.float64), 0.5)
    model.encode_as(
        torch.zeros(2, 1, dtype=torch.float64), torch.zeros(2, dtype=torch.float64), torch.zeros(2, dtype=torch.float64)
    )
    x = torch.tensor([[20.0]], dtype=torch.float64)
    found = log_evidence(model, x)
    assert float(found.log_p) == pytest.approx(float(model.log_p(x)), abs=1e-4)
    assert float(moments(found)[0][0]) == pytest.approx(16.0, abs=1e-3)


class Folded(nn.Module):
    """`z -> (z₁² - 1) / 2 + z₂`, sharply: posteriors with two modes, and bananas."""

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        first = z[:, :1].square() - 1.0
        return torch.cat([first, z[:, 1:] * first, z.sum(1, keepdim=True)], dim=1) / 2.0


def folded(std: float) -> VAE:
    encoder = nn.Linear(3, 4, dtype=torch.float64)
    return VAE(encoder, Folded(), 2, Gaussian(std, nn.Identity())).requires_grad_(False)


@pytest.mark.parametrize("std", [0.05, 0.5])
def test_posteriors_with_several_modes(std: float) -> None:
    model, x = folded(std), randn(6, 3)
    axis = torch.linspace(-6.0, 6.0, 1201, dtype=torch.float64)
    brute = torch.stack([log_joint(model, x, torch.cartesian_prod(part, axis)).logsumexp(1) for part in axis.split(100)]).logsumexp(
        0
    )
    found = log_evidence(model, x)
    torch.testing.assert_close(found.log_p, brute + 2 * math.log(0.01), rtol=0.0, atol=1e-4)


def test_too_little_effort_is_told() -> None:
    """However early it has to stop, the error that it states is no smaller than the one that it makes."""
    model, errors = linear_vae(std=0.01), []
    x = draw(model, 1)
    for most in range(600, 4000, 200):
        hasty = log_evidence(model, x, Effort(1e-4, most, THOROUGH.negligible, THOROUGH.kept, THOROUGH.radius))
        assert hasty.evaluations <= most and float(hasty.error) > abs(float(hasty.log_p - model.log_p(x)))
        errors.append(float(hasty.error))
    assert errors[0] == math.inf and any(1e-3 < error < 1.0 for error in errors) and errors[-1] < 0.1


def test_three_dimensions_are_refused() -> None:
    with pytest.raises(ValueError, match="one or two latent dimensions"):
        log_evidence(linear_vae(3), randn(1, 6))


@pytest.fixture(scope="module")
def trained():
    """Task and averaged weights of small VAEs, by likelihood, in double precision."""

    def train(likelihood: str):
        config = VAEConfig(
            dataset="digits", width=32, depth=1, warmup_steps=0, learning_rate=0.01, likelihood=likelihood, device="cpu"
        )
        trainer = Trainer(config, Control(), None)
        for _ in range(150):
            trainer._advance()
        return trainer.task, trainer.ema.double()

    return {name: train(name) for name in ("gaussian", "gaussian_learned", "gaussian_per_pixel", "bernoulli")}


@pytest.mark.parametrize("likelihood", ["gaussian", "gaussian_learned", "gaussian_per_pixel", "bernoulli"])
def test_the_grid_agrees_with_importance_sampling(trained, likelihood: str) -> None:
    """50,000 draws, half of them around the posterior's mean and half from the prior (a defensive mixture, Hesterberg 1995), so
    that no mode can hide and the standard error can be believed: within three of them and the grid's error, for every image."""
    task, model = trained[likelihood]
    n, generator = 25_000, torch.Generator().manual_seed(0)
    for x in task.map_x[:6].double().split(1):
        grid = log_evidence(model, x)
        mean, covariance = moments(grid)
        std = 1.5 * covariance.diagonal().sqrt()
        eps = torch.randn(2, n, 2, generator=generator, dtype=torch.float64)
        z = torch.cat([mean + std * eps[0], eps[1]])
        proposal = torch.logaddexp(log_normal((z - mean) / std) - std.log().sum(), log_normal(z)) - math.log(2.0)
        log_p = torch.cat(
            [model.likelihood.log_prob(x.expand(len(part), -1, -1, -1), model.decoder(part)) for part in z.split(5000)]
        )
        log_w = log_p + log_normal(z) - proposal
        estimate = log_w.logsumexp(0) - math.log(2 * n)
        error = float((log_w - estimate).exp().std()) / (2 * n) ** 0.5
        assert error < 0.05 and float(grid.error) < 1e-4
        assert abs(float(grid.log_p - estimate)) < 3.0 * error + float(grid.error)
