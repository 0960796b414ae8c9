"""Bounds from importance weights: exact where q is the posterior, ordered where it is not, and honest about their error."""

from __future__ import annotations

import math

import pytest
import torch
from linear_vae import draw, linear_vae, randn
from torch.distributions import Independent, Normal

from playground.vae import bounds
from playground.vae.bounds import draw_log_weights, importance_estimate, iwae, log_weights


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def exact_encoder():
    """A VAE with orthogonal directions, so that its mean-field encoder is the posterior itself."""
    model = linear_vae()
    model = type(model)(torch.linalg.qr(model.weight)[0] * torch.tensor([2.0, 0.5], dtype=torch.float64), model.bias, model.std)
    assert model.approximation_gap() == pytest.approx(0.0, abs=1e-12)
    return model


def worse_encoder():
    """Shifted, and half as wide again as the best one."""
    model = linear_vae()
    A, a, log_std = model.mean_field()
    model.encode_as(A, a + 0.4 * log_std.exp(), log_std + math.log(1.5))
    return model


def test_a_weight_is_what_its_name_says() -> None:
    model, x, eps = worse_encoder(), randn(3, 6), randn(3, 4, 2, seed=1)
    q = model.encode(x)
    z = q.mean[:, None] + q.std[:, None] * eps
    likelihood = Independent(Normal(z @ model.weight.T + model.bias, model.std), 1).log_prob(x[:, None])
    prior, proposal = Independent(Normal(torch.zeros_like(z), 1.0), 1), Independent(Normal(q.mean[:, None], q.std[:, None]), 1)
    torch.testing.assert_close(log_weights(model, x, q, eps), likelihood + prior.log_prob(z) - proposal.log_prob(z))


def test_with_the_true_posterior_every_weight_is_the_evidence() -> None:
    model = exact_encoder()
    x = draw(model, 5)
    log_w = draw_log_weights(model, x, 20, generator())
    torch.testing.assert_close(log_w, model.log_p(x)[:, None].expand(-1, 20), rtol=0.0, atol=1e-9)
    estimate = importance_estimate(log_w)
    assert (estimate.error < 1e-6).all() and torch.allclose(estimate.effective, torch.full((5,), 20.0, dtype=torch.float64))


def test_bounds_grow_towards_the_evidence_from_below() -> None:
    model = worse_encoder()
    x = draw(model, 200)
    log_w = draw_log_weights(model, x, 2000, generator())
    bounds_ = (log_w.mean(1), iwae(log_w, 5), iwae(log_w, 50), importance_estimate(log_w).log_p, model.log_p(x))
    means = [float(bound.mean()) for bound in bounds_]
    assert means[:4] == sorted(means[:4]) and means[0] < means[4] - 0.3 and means[3] == pytest.approx(means[4], abs=0.02)


def test_the_standard_error_is_that_of_the_estimate() -> None:
    """Of 300 estimates of the same log p(x), the spread is the error that each of them states; and they are near the truth."""
    model = worse_encoder()
    x = draw(model, 1).repeat(300, 1)
    estimate = importance_estimate(draw_log_weights(model, x, 400, generator()))
    assert float(estimate.log_p.std()) == pytest.approx(float(estimate.error.mean()), rel=0.15)
    assert abs(float(estimate.log_p.mean() - model.log_p(x[:1]))) < 4 * float(estimate.error.mean()) / 300**0.5 + 1e-3
    assert (estimate.effective < 400).all()


def test_iwae_is_a_mean_over_groups() -> None:
    log_w = randn(3, 11)
    expected = torch.stack([log_w[:, i : i + 5].exp().mean(1).log() for i in (0, 5)]).mean(0)
    torch.testing.assert_close(iwae(log_w, 5), expected)
    torch.testing.assert_close(iwae(log_w, 1), log_w.mean(1))


def test_draws_are_made_in_pieces(monkeypatch) -> None:
    model, x = worse_encoder(), randn(3, 6)
    monkeypatch.setattr(bounds, "CHUNK", 12)
    seen = []
    model.decoder.register_forward_hook(lambda module, args, out: seen.append(len(out)))
    assert draw_log_weights(model, x, 10, generator()).shape == (3, 10)
    assert seen == [12, 12, 6]
