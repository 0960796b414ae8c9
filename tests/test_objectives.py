"""Losses against closed forms: Gaussians, the linear-Gaussian VAE whose likelihood is known, and flow matching."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from playground.autoencoder import VAE, Autoencoder
from playground.denoiser import PARAMETRIZATIONS, Denoiser
from playground.noise import SCHEDULES
from playground.objectives import denoising_error, gaussian_nll, negative_elbo, reconstruction_error, stratified_times


def randn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("std", [0.05, 0.4, 2.0])
def test_gaussian_nll_is_that_of_torch_distributions(std: float) -> None:
    x, mean = randn(5, 1, 4, 4), randn(5, 1, 4, 4, seed=1)
    torch.testing.assert_close(gaussian_nll(x, mean, std), -Normal(mean, std).log_prob(x).flatten(1).sum(1))


class LinearVAE(VAE):
    """`x = W z + noise`, without the sigmoid: the one VAE whose likelihood and posterior are known."""

    def __init__(self, weight: torch.Tensor, std: float, mean: torch.Tensor, log_std: torch.Tensor) -> None:
        encoder = nn.Linear(len(weight), 2 * weight.shape[1], dtype=torch.float64)
        super().__init__(encoder, nn.Identity(), weight.shape[1], std)
        self.weight = weight
        with torch.no_grad():
            encoder.weight.copy_(torch.cat([mean, torch.zeros_like(mean)]))
            encoder.bias.copy_(torch.cat([torch.zeros_like(log_std), log_std]))

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        return z @ self.weight.T


def linear_vae(std: float = 0.7) -> LinearVAE:
    """With the exact posterior as its encoder; orthogonal columns, so that the posterior is diagonal."""
    weight = torch.linalg.qr(randn(4, 2))[0] * torch.tensor([2.0, 0.5], dtype=torch.float64)
    precision = 1.0 + weight.square().sum(0) / std**2
    return LinearVAE(weight, std, (weight / std**2 / precision).T, -0.5 * precision.log())


def log_likelihood(model: LinearVAE, x: torch.Tensor) -> torch.Tensor:
    covariance = model.weight @ model.weight.T + model.observation_std**2 * torch.eye(4, dtype=torch.float64)
    return MultivariateNormal(torch.zeros(4, dtype=torch.float64), covariance).log_prob(x).mean()


def elbo_of(model: LinearVAE, x: torch.Tensor, draws: int = 20_000) -> float:
    many = x.repeat(draws // len(x), 1)
    return -float(negative_elbo(model, many, randn(len(many), 2, seed=3)).terms["neg_elbo"])


def test_the_bound_is_tight_at_the_true_posterior() -> None:
    model, x = linear_vae(), 1.5 * randn(10, 4, seed=2)
    assert elbo_of(model, x) == pytest.approx(float(log_likelihood(model, x)), abs=0.03)


def test_the_bound_is_below_the_likelihood_by_the_kl_to_the_true_posterior() -> None:
    """log p(x) - ELBO = KL(q || p(z|x)), known between Gaussians: here q is shifted and twice as wide."""
    model, x = linear_vae(), 1.5 * randn(10, 4, seed=2)
    true = model.encode(x)
    with torch.no_grad():
        model.encoder.bias += torch.tensor([0.3, -0.5, math.log(2.0), math.log(2.0)], dtype=torch.float64)
    false = model.encode(x)
    gap = kl_divergence(Normal(false.mean, false.std), Normal(true.mean, true.std)).sum(1).mean().detach()
    assert float(log_likelihood(model, x)) - elbo_of(model, x) == pytest.approx(float(gap), abs=0.06)
    assert gap > 0.5


def test_terms_add_up_and_beta_weighs_only_the_total() -> None:
    model, x, eps = linear_vae(), randn(10, 4), randn(10, 2, seed=1)
    losses = {beta: negative_elbo(model, x, eps, beta) for beta in (0.0, 1.0, 4.0)}
    terms = losses[1.0].terms
    for beta, loss in losses.items():
        assert loss.terms == terms
        assert float(loss.total.detach()) == pytest.approx(float(terms["reconstruction"] + beta * terms["kl"]) / 4)
    assert float(terms["neg_elbo"]) == pytest.approx(float(terms["reconstruction"] + terms["kl"]))
    assert list(terms) == ["neg_elbo", "reconstruction", "kl", "mse"]
    assert losses[1.0].total.requires_grad and not any(term.requires_grad for term in terms.values())


def test_reconstruction_term_is_the_likelihood_of_the_pixels() -> None:
    model, x, eps = linear_vae(), randn(6, 4), randn(6, 2, seed=1)
    mean = model.decode(model.encode(x).sample(eps))
    expected = -Normal(mean.detach(), model.observation_std).log_prob(x).sum(1).mean()
    assert float(negative_elbo(model, x, eps).terms["reconstruction"]) == pytest.approx(float(expected))


def test_reconstruction_error_is_a_mean_over_pixels() -> None:
    model = Autoencoder(nn.Flatten(), nn.Unflatten(1, (1, 2, 2)), 4)
    x = torch.rand(8, 1, 2, 2)
    loss = reconstruction_error(model, x)
    assert float(loss.total) == pytest.approx(float((x - x.sigmoid()).square().mean()))
    assert list(loss.terms) == ["mse"] and not loss.terms["mse"].requires_grad


class Constant(nn.Module):
    """A network that always says the same."""

    def __init__(self, value: torch.Tensor) -> None:
        super().__init__()
        self.value = nn.Parameter(value)

    def forward(self, x: torch.Tensor, scalar: torch.Tensor) -> torch.Tensor:
        return self.value.expand_as(x)


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES.keys())
@pytest.mark.parametrize("p", PARAMETRIZATIONS.values(), ids=PARAMETRIZATIONS.keys())
def test_denoising_error_in_units_of_the_target(p, schedule) -> None:
    """A network that says 0 has an error of 1 where data and noise have unit variance; the truth has none."""
    n = 20_000
    x_0, eps = randn(n, 1), randn(n, 1, seed=1)
    t = stratified_times(n, schedule.t_min, schedule.t_max, torch.tensor(0.3, dtype=torch.float64))
    zero = Denoiser(Constant(torch.zeros(1, dtype=torch.float64)), schedule, p)
    loss = denoising_error(zero, x_0, t, eps)
    assert float(loss.total.detach()) == pytest.approx(1.0, abs=0.05)
    assert list(loss.terms) == ["denoising"] and float(loss.terms["denoising"]) == float(loss.total.detach())
    c = schedule.at(t).like(x_0)
    truth = Denoiser(Constant(p.target(x_0, eps, c) / p.scale(c)), schedule, p)
    assert float(denoising_error(truth, x_0, t, eps).total.detach()) < 1e-20


def test_velocity_under_rectified_flow_is_half_of_flow_matching() -> None:
    schedule = SCHEDULES["rectified_flow"]
    x_0, eps, guess = randn(100, 2), randn(100, 2, seed=1), randn(100, 2, seed=2)
    t = torch.linspace(0.01, 0.99, 100, dtype=torch.float64)
    model = Denoiser(Constant(guess / math.sqrt(2.0)), schedule, PARAMETRIZATIONS["velocity"])
    flow_matching = (guess - (eps - x_0)).square().mean()
    assert float(denoising_error(model, x_0, t, eps).terms["denoising"]) == pytest.approx(0.5 * float(flow_matching))


def test_times_are_spread_evenly() -> None:
    low, high, n = 0.001, 0.999, 64
    for u in (0.0, 0.37, 0.999):
        t = stratified_times(n, low, high, torch.tensor(u, dtype=torch.float64))
        assert t.shape == (n,) and t.min() >= low and t.max() < high
        counts = torch.histc((t - low) / (high - low), bins=n, min=0.0, max=1.0)
        assert counts.max() <= 2 and t.sort().values.diff().allclose(torch.tensor((high - low) / n, dtype=t.dtype))


def test_times_have_the_same_expectation_with_less_variance() -> None:
    u = torch.rand(1000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    means = torch.stack([stratified_times(8, 0.0, 1.0, value).square().mean() for value in u])
    assert float(means.mean()) == pytest.approx(1 / 3, abs=0.006)
    independent = torch.rand(4000, 8, generator=torch.Generator().manual_seed(1), dtype=torch.float64).square().mean(1)
    assert means.var() < independent.var() / 5
