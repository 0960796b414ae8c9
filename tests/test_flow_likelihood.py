"""Likelihoods of a diffusion model against the truth: the mixture's density at every schedule, and pixels that sum to one."""

from __future__ import annotations

import math

import pytest
import torch

from playground.data.points import MIXTURE
from playground.diffusion.denoiser import Prediction
from playground.diffusion.likelihood import (
    PIXEL_STEP,
    OdeLikelihood,
    estimated_divergence,
    exact_divergence,
    ode_log_likelihood,
    pixel_nll,
    pixel_start,
    rademacher,
    variational_bound,
    with_pixel_noise,
)
from playground.diffusion.noise import SCHEDULES
from playground.diffusion.oracle import MixtureDenoiser, mixture_denoiser

ALL = pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES.keys())


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def points(n: int) -> torch.Tensor:
    """Draws of the mixture, float64."""
    k = torch.randint(0, 8, (n,), generator=generator())
    return torch.tensor(MIXTURE.means)[k] + MIXTURE.std * torch.randn(n, 2, generator=generator(1), dtype=torch.float64)


@ALL
def test_the_flow_of_the_exact_denoiser_has_the_true_density(schedule) -> None:
    """Within 0.02 nats in the mean, and everywhere once the start is close to t = 0."""
    x = points(100)
    truth = torch.from_numpy(MIXTURE.log_density(x.numpy()))
    exact = mixture_denoiser(MIXTURE, schedule)
    found = ode_log_likelihood(exact, schedule, x)
    assert found.shape == (1, 100)
    assert abs(float((found[0] - truth).mean())) < 0.02
    early = ode_log_likelihood(exact, schedule, x, start=max(1e-6, schedule.t_min * 1e-3))[0]
    noise = float(schedule.sigma(torch.tensor(1e-6)) / MIXTURE.std) ** 2  # variance exploding starts with σ = 0.01, never with 0
    assert float((early - truth).abs().max()) < 0.003 + 10.0 * noise


@pytest.mark.parametrize(("error", "above"), [(lambda t: 0.3 + 0.0 * t, True), (lambda t: 0.3 * (12.0 * t).sin(), False)])
def test_the_bound_may_lie_on_either_side_of_the_ode(error, above: bool) -> None:
    """One Gaussian N(0, 1) and a denoiser whose `eps` is wrong by `error(t)`: the flow adds up an error that keeps its sign, which the
    reverse SDE forgets; one that changes its sign cancels in the flow, and the bound pays for its square."""
    schedule = SCHEDULES["linear"]
    exact = MixtureDenoiser(torch.zeros(1, 1, dtype=torch.float64), 1.0, torch.ones(1, dtype=torch.float64), schedule)

    def wrong(x_t: torch.Tensor, t: torch.Tensor) -> Prediction:
        c, eps = schedule.at(t).like(x_t), exact(x_t, t).eps + error(t).reshape(-1, 1)
        return Prediction((x_t - c.sigma * eps) / c.alpha, eps)

    x = torch.randn(1000, 1, generator=generator(), dtype=torch.float64)
    ode, bound = ode_log_likelihood(wrong, schedule, x)[0], variational_bound(wrong, schedule, x, 64, generator(1), pixels=False)
    difference = bound.elbo - ode
    spread = float(difference.std()) / math.sqrt(len(x))
    assert float(difference.mean()) > 5.0 * spread if above else float(difference.mean()) < -5.0 * spread


@ALL
def test_in_single_precision_too(schedule) -> None:
    x = points(50)
    truth = torch.from_numpy(MIXTURE.log_density(x.numpy()))
    found = ode_log_likelihood(mixture_denoiser(MIXTURE, schedule), schedule, x.float())[0]
    assert abs(float((found - truth).mean())) < 0.02


def test_the_density_at_a_later_time_is_that_of_noisier_data() -> None:
    schedule, t = SCHEDULES["cosine"], 0.3
    exact, x = mixture_denoiser(MIXTURE, schedule), 0.8 * points(30)
    alpha = float(schedule.alpha(torch.tensor(t, dtype=torch.float64)))
    found = ode_log_likelihood(exact, schedule, x / alpha, start=t)[0] - 2.0 * math.log(alpha)
    torch.testing.assert_close(found, exact.log_density(x, torch.tensor([t], dtype=torch.float64)), rtol=0.0, atol=2e-3)


def test_a_coarse_tolerance_costs_fewer_evaluations() -> None:
    schedule, used = SCHEDULES["cosine"], []
    for tolerance in (1e-2, 1e-6):
        solve = OdeLikelihood(mixture_denoiser(MIXTURE, schedule), schedule, points(10), tolerance=tolerance)
        seen = [solve.done]
        while solve.step():
            seen.append(solve.done)
        assert seen == sorted(seen) and seen[0] == 0.0 and solve.done == 1.0
        used.append(solve.evaluations)
    assert used[0] < used[1] / 2


# --- the divergence --------------------------------------------------------------------------------------------------


def curved(x: torch.Tensor) -> torch.Tensor:
    return torch.stack([x[:, 0] ** 2 * x[:, 1], (x[:, 1] * x[:, 2]).sin(), x.square().sum(1)], dim=1)


def test_the_divergence_is_that_of_calculus_and_of_its_estimate() -> None:
    x = torch.randn(5, 3, generator=generator(), dtype=torch.float64, requires_grad=True)
    expected = 2 * x[:, 0] * x[:, 1] + x[:, 2] * (x[:, 1] * x[:, 2]).cos() + 2 * x[:, 2]
    (exact,) = exact_divergence(curved(x), x)
    torch.testing.assert_close(exact, expected.detach())
    probes = rademacher(4000, x, generator(1))
    estimates = estimated_divergence(curved(x), x, probes)
    assert estimates.shape == (4000, 5) and set(probes.unique().tolist()) == {-1.0, 1.0}
    error = (estimates.mean(0) - expected.detach()).abs() / (estimates.std(0) / math.sqrt(4000))
    assert (error < 4.5).all() and (estimates.std(0) > 0.01).all()


def test_every_sign_pattern_together_is_the_exact_trace() -> None:
    """In two dimensions all four probes average to the trace itself: so must the likelihoods, without any chance."""
    schedule, x = SCHEDULES["cosine"], points(20)
    signs = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]], dtype=torch.float64)
    exact = mixture_denoiser(MIXTURE, schedule)
    estimated = ode_log_likelihood(exact, schedule, x, probes=signs[:, None].expand(4, 20, 2), tolerance=1e-6)
    assert estimated.shape == (4, 20) and estimated.std(0).max() > 1e-3
    torch.testing.assert_close(estimated.mean(0), ode_log_likelihood(exact, schedule, x, tolerance=1e-6)[0], rtol=0.0, atol=1e-3)


# --- the variational bound -------------------------------------------------------------------------------------------


@ALL
def test_the_bound_is_tight_for_the_exact_denoiser(schedule) -> None:
    x = points(400)
    truth = torch.from_numpy(MIXTURE.log_density(x.numpy()))
    bound = variational_bound(mixture_denoiser(MIXTURE, schedule), schedule, x, 50, generator(), pixels=False)
    gap = bound.elbo - truth
    error = float(gap.std()) / 20.0
    assert error < 0.12 and abs(float(gap.mean())) < 4.5 * error
    torch.testing.assert_close(bound.elbo, -(bound.prior + bound.diffusion + bound.reconstruction))
    assert bound.prior.max() < 0.01, "at t = 1 hardly anything of the data may be left"
    assert float(bound.std_error.square().mean().sqrt()) == pytest.approx(float(gap.std()), rel=0.25)


def test_a_worse_denoiser_has_a_lower_bound() -> None:
    schedule, x = SCHEDULES["cosine"], points(400)
    exact = mixture_denoiser(MIXTURE, schedule)

    def biased(x_t: torch.Tensor, t: torch.Tensor) -> Prediction:
        c, x_0 = schedule.at(t).like(x_t), exact(x_t, t).x_0 + 0.1
        return Prediction(x_0, (x_t - c.alpha * x_0) / c.sigma)

    best, worse = (variational_bound(d, schedule, x, 30, generator(), pixels=False) for d in (exact, biased))
    assert float((worse.elbo - best.elbo).mean()) < -5.0


# --- pixels ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("std", [0.001, 0.02, 0.5])
def test_pixels_given_a_noisy_one_have_probabilities(std: float) -> None:
    """Over all 256 grey values of one pixel they sum to one, and the nearest value is the likeliest."""
    grey = torch.arange(256, dtype=torch.float64) * PIXEL_STEP - 1.0
    z = torch.full((256, 1), 0.123, dtype=torch.float64)
    mass = (-pixel_nll(grey[:, None], z, std)).exp()
    assert float(mass.sum()) == pytest.approx(1.0, abs=1e-9)
    assert int(mass.argmax()) == int((grey - 0.123).abs().argmin())


def test_pixels_of_an_image_add_up() -> None:
    x = torch.randint(0, 256, (4, 1, 3, 3), generator=generator()) * PIXEL_STEP - 1.0
    z = x + 0.01 * torch.randn(x.shape, generator=generator(1))
    single = torch.stack([pixel_nll(x[..., i, j, None, None], z[..., i, j, None, None], 0.01) for i in range(3) for j in range(3)])
    torch.testing.assert_close(pixel_nll(x, z, 0.01), single.sum(0), rtol=1e-5, atol=1e-5)


def test_dequantised_pixels_stay_within_their_grey_value() -> None:
    k = torch.randint(0, 256, (2000,), generator=generator())
    x = with_pixel_noise(k * PIXEL_STEP - 1.0, generator(1))
    assert torch.equal(((x + 1.0) / PIXEL_STEP).round().long(), k) and float((x - (k * PIXEL_STEP - 1.0)).std()) == pytest.approx(
        PIXEL_STEP / math.sqrt(12.0), rel=0.05
    )


@ALL
def test_dequantising_is_as_noisy_as_the_time_at_which_the_ode_starts(schedule) -> None:
    t = torch.tensor(pixel_start(schedule), dtype=torch.float64)
    ratio = float(schedule.sigma(t) / schedule.alpha(t))
    at_least = float(schedule.sigma(torch.tensor(schedule.t_min)) / schedule.alpha(torch.tensor(schedule.t_min)))
    assert ratio == pytest.approx(max(PIXEL_STEP / math.sqrt(12.0), at_least), rel=1e-4)


@pytest.mark.parametrize("name", ["cosine", "rectified_flow"])
def test_both_ways_find_the_probability_of_pixels(name: str) -> None:
    """Pixels that are a rounded Gaussian: their probabilities are known, and so are their bits."""
    schedule, n, d, std = SCHEDULES[name], 300, 6, 0.25
    x = (std * torch.randn(n, d, generator=generator(), dtype=torch.float64) / PIXEL_STEP).round() * PIXEL_STEP + PIXEL_STEP / 2
    normal = torch.distributions.Normal(torch.tensor(0.0, dtype=torch.float64), std)
    truth = (normal.cdf(x + PIXEL_STEP / 2) - normal.cdf(x - PIXEL_STEP / 2)).log().sum(1)
    exact = MixtureDenoiser(torch.zeros(1, d, dtype=torch.float64), std, torch.ones(1, dtype=torch.float64), schedule)
    probes = rademacher(2, x, generator(2))
    flow = ode_log_likelihood(exact, schedule, with_pixel_noise(x, generator(3)), pixel_start(schedule), probes)
    flow = flow.mean(0) + d * math.log(PIXEL_STEP)
    assert float((flow - truth).mean()) == pytest.approx(0.0, abs=0.02)
    gap = variational_bound(exact, schedule, x, 200, generator(4), pixels=True).elbo - truth
    error = float(gap.std()) / math.sqrt(n)
    assert -0.038 * d - 4 * error < float(gap.mean()) < 4 * error, "this denoiser does not know that pixels are whole numbers"
