"""The gap below log p(x) and its two parts: against closed forms, and against each other."""

from __future__ import annotations

import math

import pytest
import torch
from linear_vae import draw, linear_vae, randn
from torch.distributions import MultivariateNormal, kl_divergence

from playground.config import VAEConfig
from playground.runs.control import Control
from playground.runs.training import Trainer
from playground.vae.autoencoder import DiagonalGaussian
from playground.vae.gaps import best_gaussian, dissect, elbo_with_error, gauss_hermite, kl_to_posterior, quadrature_elbo
from playground.vae.quadrature import log_evidence


def shifted(model, x: torch.Tensor) -> DiagonalGaussian:
    """A q beside the best one."""
    q = model.encode(x)
    return DiagonalGaussian(q.mean + 0.7 * q.std, q.log_std + torch.tensor([0.5, -0.3], dtype=torch.float64)[: q.mean.shape[1]])


@pytest.mark.parametrize("d", [1, 2])
def test_gauss_hermite_is_exact_for_polynomials(d: int) -> None:
    nodes, weights = gauss_hermite(5, d, torch.zeros(1, dtype=torch.float64))
    assert nodes.shape == (5**d, d) and float(weights.sum()) == pytest.approx(1.0)
    for power, moment in enumerate((1, 0, 1, 0, 3, 0, 15, 0, 105)):
        assert float(weights @ nodes[:, 0] ** power) == pytest.approx(moment, abs=1e-9)


@pytest.mark.parametrize("d", [1, 2])
def test_the_elbo_is_that_of_the_closed_form(d: int) -> None:
    model = linear_vae(d)
    x = draw(model, 5)
    q = shifted(model, x)
    elbo, error = elbo_with_error(model, x, q)
    torch.testing.assert_close(elbo, model.elbo(x, q), rtol=0.0, atol=1e-8)
    assert (error < 1e-8).all()


@pytest.mark.parametrize("d", [1, 2])
def test_the_kl_to_the_posterior_is_that_between_gaussians_and_the_gap(d: int) -> None:
    model = linear_vae(d)
    x = draw(model, 4)
    q = shifted(model, x)
    expected = kl_divergence(MultivariateNormal(q.mean, torch.diag_embed(q.std.square())), model.posterior(x))
    kl, error = kl_to_posterior(model, x, q, log_evidence(model, x).log_p)
    torch.testing.assert_close(kl, expected, rtol=0.0, atol=1e-4)
    torch.testing.assert_close(kl, model.log_p(x) - model.elbo(x, q), rtol=0.0, atol=1e-4)
    assert (error < 1e-4).all()


def test_the_best_gaussian_of_a_correlated_posterior_is_its_mean_field() -> None:
    model = linear_vae()
    x = draw(model, 3)
    expected = model.encode(x)
    found = best_gaussian(model, x, [shifted(model, x), DiagonalGaussian(torch.zeros(3, 2).double(), torch.zeros(3, 2).double())])
    torch.testing.assert_close(found.mean, expected.mean, rtol=0.0, atol=1e-4)
    torch.testing.assert_close(found.log_std, expected.log_std, rtol=0.0, atol=1e-4)


def test_the_gap_is_parted_as_in_closed_form() -> None:
    model = linear_vae()
    A, a, log_std = model.mean_field()
    x = draw(model, 1)
    best = dissect(model, model, x)
    model.encode_as(A, a + 0.2, log_std + 0.3)
    found = dissect(model, model, x)
    assert best.amortisation_gap == pytest.approx(0.0, abs=1e-6)
    for one in (best, found):
        assert one.log_p == pytest.approx(float(model.log_p(x)), abs=1e-4)
        assert one.approximation_gap == pytest.approx(model.approximation_gap(), abs=1e-4)
    assert found.elbo == pytest.approx(float(model.elbo(x, model.encode(x))), abs=1e-6)
    assert found.amortisation_gap == pytest.approx(best.elbo - found.elbo, abs=1e-4) and found.amortisation_gap > 0.05
    torch.testing.assert_close(found.covariance, torch.linalg.inv(model.precision), rtol=1e-4, atol=1e-7)


def test_on_a_trained_vae_the_gap_is_the_kl_and_no_gaussian_beats_the_best() -> None:
    config = VAEConfig(dataset="digits", width=32, depth=1, warmup_steps=0, learning_rate=0.01, observation_std=0.2, device="cpu")
    trainer = Trainer(config, Control(), None)
    for _ in range(150):
        trainer._advance()
    model = trainer.ema
    double = type(trainer)(config, Control(), None).ema.double()
    double.load_state_dict(model.state_dict())
    for i in range(3):
        x = trainer.task.map_x[i : i + 1]
        found = dissect(model, double, x)
        kl, error = kl_to_posterior(double, x.double(), found.q, found.evidence.log_p)
        gap = found.log_p - found.elbo
        assert gap == pytest.approx(float(kl), abs=found.log_p_error + found.elbo_error + float(error) + 1e-9)
        assert gap == pytest.approx(found.approximation_gap + found.amortisation_gap, abs=1e-12)
        assert found.approximation_gap > -1e-6 and found.amortisation_gap >= 0.0 and gap > 1e-3
        for seed in range(20):  # the best Gaussian's neighbours are worse
            step = 0.1 * randn(2, 1, 2, seed=seed)
            other = DiagonalGaussian(found.best.mean + found.best.std * step[0], found.best.log_std + step[1])
            assert float(quadrature_elbo(double, x.double(), other)) < found.best_elbo + 1e-6
        assert math.isfinite(found.best_elbo_error)
