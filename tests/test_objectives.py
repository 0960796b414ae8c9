"""Losses against closed forms: Gaussians, the linear-Gaussian VAE whose likelihood is known, and flow matching."""

from __future__ import annotations

import math

import pytest
import torch
from linear_vae import LinearVAE, draw, linear_vae, randn
from torch import nn
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from playground.diffusion.denoiser import PARAMETRIZATIONS, Denoiser
from playground.diffusion.noise import SCHEDULES
from playground.diffusion.objectives import Examples, denoising_error, stable_x_0, stratified_times
from playground.diffusion.oracle import IdealDenoiser
from playground.vae.autoencoder import VAE, Autoencoder
from playground.vae.likelihoods import LearnedGaussian
from playground.vae.objectives import importance_weighted, negative_elbo, reconstruction_error, squared_slopes


def elbo_of(model: LinearVAE, x: torch.Tensor, draws: int = 20_000) -> float:
    many = x.repeat(draws // len(x), 1)
    return -float(negative_elbo(model, many, randn(len(many), 2, seed=3)).terms["neg_elbo"])


def test_the_bound_is_that_of_the_closed_form() -> None:
    model = linear_vae()
    x = draw(model, 10)
    assert elbo_of(model, x) == pytest.approx(float(model.elbo(x, model.encode(x)).mean()), abs=0.05)
    assert float(model.log_p(x).mean()) - elbo_of(model, x) == pytest.approx(model.approximation_gap(), abs=0.05)


def test_the_bound_is_below_the_likelihood_by_the_kl_to_the_true_posterior() -> None:
    """log p(x) - ELBO = KL(q || p(z|x)), known between Gaussians: here q is shifted and twice as wide."""
    model = linear_vae()
    A, a, log_std = model.mean_field()
    x = draw(model, 10)
    model.encode_as(A, a + torch.tensor([0.3, -0.5]), log_std + math.log(2.0))
    q = model.encode(x)
    gap = kl_divergence(MultivariateNormal(q.mean, torch.diag_embed(q.std.square())), model.posterior(x)).mean()
    assert float(model.log_p(x).mean()) - elbo_of(model, x) == pytest.approx(float(gap), abs=0.06 * float(gap))
    assert gap > 0.5


def test_terms_add_up_and_beta_weighs_only_what_is_minimised() -> None:
    model, x, eps = linear_vae().requires_grad_(), randn(10, 6), randn(10, 2, seed=1)
    bound = negative_elbo(model, x, eps).terms
    for beta, free in ((0.0, 0.0), (1.0, 0.0), (4.0, 0.0), (0.5, 2.0)):
        loss = negative_elbo(model, x, eps, beta, free)
        terms = {name: float(value) for name, value in loss.terms.items()}
        for name in ("reconstruction", "kl", "neg_elbo"):
            assert terms[name] == float(bound[name])
        assert terms["neg_elbo"] == pytest.approx(terms["reconstruction"] + terms["kl"])
        assert terms["weighting"] == pytest.approx((beta - 1.0) * terms["kl"])
        assert terms["objective"] == pytest.approx(terms["neg_elbo"] + terms["weighting"] + terms.get("free_bits", 0.0))
        assert ("free_bits" in terms) == (free > 0.0) and terms["kl_weight"] == beta
        assert float(loss.total.detach()) == pytest.approx(terms["objective"] / 6)
        assert loss.total.requires_grad and not any(term.requires_grad for term in loss.terms.values())
    assert list(bound) == ["neg_elbo", "reconstruction", "kl", "weighting", "objective", "kl_weight", "mse"]


def test_free_bits_make_small_dimensions_cost_as_much_as_the_threshold() -> None:
    model, x, eps = linear_vae().requires_grad_(), randn(10, 6), randn(10, 2, seed=1)
    kl = model.encode(x).kl_per_dimension().mean(0).detach()
    between = float(kl.mean())
    terms = negative_elbo(model, x, eps, 2.0, between).terms
    assert float(terms["free_bits"]) == pytest.approx(2.0 * (between - float(kl.min())))
    model.zero_grad()
    loss = negative_elbo(model, torch.zeros(10, 6, dtype=torch.float64), torch.zeros(10, 2, dtype=torch.float64), 2.0, 1e3)
    loss.total.backward()
    assert float(model.encoder.bias.grad[2:].abs().max()) < 1e-12  # all KL is free, and without noise only it sees the spread


def test_reconstruction_term_is_the_likelihood_of_the_pixels() -> None:
    model, x, eps = linear_vae(), randn(6, 6), randn(6, 2, seed=1)
    mean = model.decode(model.encode(x).sample(eps))
    expected = -Normal(mean, model.std).log_prob(x).sum(1).mean()
    assert float(negative_elbo(model, x, eps).terms["reconstruction"]) == pytest.approx(float(expected))


def test_a_noisy_look_still_gives_a_bound() -> None:
    """Any q does, also one of a noisy image; it is a lower one on average."""
    model = linear_vae()
    x = draw(model, 4000)
    eps, noisy = randn(4000, 2), x + 0.5 * randn(4000, 6, seed=1)
    clean, blurred = (float(negative_elbo(model, x, eps, seen=seen).terms["neg_elbo"]) for seen in (None, noisy))
    assert -float(model.log_p(x).mean()) < clean < blurred - 0.05


def test_importance_weighting_tightens_the_bound() -> None:
    model = linear_vae()
    A, a, log_std = model.mean_field()
    model.encode_as(A, a + 0.4, log_std + 0.5)
    model.requires_grad_()
    x = draw(model, 500)
    bounds = {k: importance_weighted(model, x, randn(500, k, 2)) for k in (2, 20)}
    ordered = [
        -float(model.log_p(x).mean()),
        *(float(bounds[k].terms["neg_iwae"]) for k in (20, 2)),
        float(bounds[20].terms["neg_elbo"]),
    ]
    assert ordered == sorted(ordered)
    terms = {name: float(value) for name, value in bounds[20].terms.items()}
    assert terms["neg_elbo"] == pytest.approx(terms["reconstruction"] + terms["kl"]) and terms["objective"] == terms["neg_iwae"]
    assert float(bounds[20].total.detach()) == pytest.approx(terms["objective"] / 6) and bounds[20].total.requires_grad


def test_one_importance_sample_is_the_elbo() -> None:
    model, x, eps = linear_vae(), randn(300, 6), randn(300, 1, 2, seed=1)
    q = model.encode(x)
    kl = (0.5 * ((q.mean + q.std * eps[:, 0]).square() - eps[:, 0].square()).sum(1) - q.log_std.sum(1)).mean()
    terms = importance_weighted(model, x, eps).terms
    assert float(terms["objective"]) == pytest.approx(float(terms["reconstruction"] + kl))


def test_a_learned_spread_is_told() -> None:
    model = VAE(nn.Linear(4, 4), nn.Linear(2, 4), 2, LearnedGaussian(0.3, nn.Identity()))
    terms = negative_elbo(model, torch.rand(5, 4), torch.randn(5, 2)).terms
    assert float(terms["observation_std"]) == pytest.approx(0.3) and not terms["observation_std"].requires_grad


def autoencoder() -> Autoencoder:
    return Autoencoder(nn.Sequential(nn.Flatten(), nn.Linear(4, 3)), nn.Sequential(nn.Linear(3, 4), nn.Unflatten(1, (1, 2, 2))), 3)


def test_reconstruction_error_is_a_mean_over_pixels() -> None:
    model = Autoencoder(nn.Flatten(), nn.Unflatten(1, (1, 2, 2)), 4)
    x = torch.rand(8, 1, 2, 2)
    loss = reconstruction_error(model, x)
    assert float(loss.total) == pytest.approx(float((x - x.sigmoid()).square().mean()))
    assert list(loss.terms) == ["mse", "sparsity", "contraction", "objective"] and not loss.terms["mse"].requires_grad
    assert float(loss.terms["sparsity"]) == float(loss.terms["contraction"]) == 0.0


def test_the_penalties_of_an_autoencoder_add_up() -> None:
    model, x, probe = autoencoder(), torch.rand(8, 1, 2, 2), torch.randint(2, (8, 3)).float() * 2 - 1
    seen = x + torch.randn(8, 1, 2, 2)
    loss = reconstruction_error(model, x, seen, 0.3, 0.2, probe)
    terms = {name: float(value) for name, value in loss.terms.items()}
    assert terms["mse"] == pytest.approx(float((model.decode(model.encode(seen)) - x).square().mean().detach()))
    assert terms["sparsity"] == pytest.approx(0.3 * float(model.encode(seen).abs().mean().detach()))
    assert terms["contraction"] == pytest.approx(0.2 * float(squared_slopes(model, seen, probe).mean().detach()))
    assert terms["objective"] == pytest.approx(terms["mse"] + terms["sparsity"] + terms["contraction"])
    assert float(loss.total.detach()) == pytest.approx(terms["objective"])


def test_slopes_are_those_of_the_encoder() -> None:
    """Of a linear one its weights, whatever x is: all sign vectors together give |W|_F² exactly; and it can be learned from."""
    model, signs = autoencoder(), torch.tensor([[1.0, b, c] for b in (-1.0, 1.0) for c in (-1.0, 1.0)])
    weight = model.encoder[1].weight
    slopes = squared_slopes(model, torch.rand(4, 1, 2, 2), signs)
    assert float(slopes.mean().detach()) == pytest.approx(float(weight.square().sum().detach()), rel=1e-5)
    slopes.mean().backward()
    torch.testing.assert_close(weight.grad, 2.0 * weight.detach())
    with torch.no_grad():
        assert not squared_slopes(model, torch.rand(4, 1, 2, 2), signs).requires_grad


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


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES.keys())
def test_a_stable_target_is_the_mean_over_all_that_an_example_may_have_come_from(schedule) -> None:
    """With all data at hand it is the answer of the ideal denoiser, which is computed another way, in double precision."""
    own, others, t = randn(40, 3), randn(300, 3, seed=1), torch.linspace(0.05, 1.0, 40)
    c = schedule.at(t).like(own)
    x_t = c.alpha * own + c.sigma * randn(40, 3, seed=2)
    ideal = IdealDenoiser(torch.cat([own, others]), schedule)
    torch.testing.assert_close(stable_x_0(x_t, c, Examples(own), Examples(others)), ideal(x_t, t).x_0, atol=2e-4, rtol=1e-3)
    labels, more = torch.arange(40) % 4, torch.arange(300) % 4
    ideal = IdealDenoiser(torch.cat([own, others]), schedule, labels=torch.cat([labels, more]))
    found = stable_x_0(x_t, c, Examples(own, labels), Examples(others, more))
    torch.testing.assert_close(found, ideal(x_t, t, labels).x_0, atol=2e-4, rtol=1e-3)
    hidden = stable_x_0(x_t, c, Examples(own, labels * 0 - 1), Examples(others, more))
    torch.testing.assert_close(hidden, stable_x_0(x_t, c, Examples(own), Examples(others)))


def test_the_gradient_of_a_stable_target_is_nearly_the_same_on_average_and_less_noisy() -> None:
    """Of one number, an x_0 that is predicted everywhere: the mean gradient is that of the single target within its error, and its
    variance over batches is less than half."""
    data, schedule, p = randn(4000, 2), SCHEDULES["cosine"], PARAMETRIZATIONS["x_0"]
    generator, t = torch.Generator().manual_seed(0), torch.full((32,), 0.8)
    guess = nn.Parameter(torch.full((2,), 0.3))
    model = Denoiser(Fixed(guess), schedule, p)
    found = {True: [], False: []}
    for _ in range(300):
        draw = data[torch.randint(len(data), (1056,), generator=generator)]
        eps = torch.randn(32, 2, generator=generator)
        for stable in found:
            loss = denoising_error(model, draw[:32], t, eps, None, Examples(draw[32:]) if stable else None)
            found[stable].append(torch.autograd.grad(loss.total, guess)[0][0])
    (stable, single) = (torch.stack(found[kind]) for kind in (True, False))
    assert float(stable.mean()) == pytest.approx(float(single.mean()), abs=4 * float(single.std()) / 300**0.5)
    assert float(stable.var()) < 0.5 * float(single.var())


class Fixed(nn.Module):
    """A network that answers the same whatever it is asked."""

    def __init__(self, answer: nn.Parameter) -> None:
        super().__init__()
        self.answer = answer

    def forward(self, x: torch.Tensor, log_snr: torch.Tensor) -> torch.Tensor:
        return self.answer.expand(len(x), -1)
