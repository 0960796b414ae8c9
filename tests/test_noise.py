"""Noise schedules: derivatives against autograd, identities, known values, and the discrete schedule they continue."""

from __future__ import annotations

import math
from typing import get_args

import pytest
import torch

from playground.config import DiffusionConfig
from playground.diffusion.noise import SCHEDULES, Coefficients, Schedule

ALL = pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES.keys())
VARIANCE_PRESERVING = pytest.mark.parametrize("name", ["linear", "cosine"])


def grid(schedule: Schedule, n: int = 101) -> torch.Tensor:
    return torch.linspace(schedule.t_min, schedule.t_max, n, dtype=torch.float64)


def test_the_config_offers_exactly_these_schedules() -> None:
    assert get_args(DiffusionConfig.model_fields["schedule"].annotation) == tuple(SCHEDULES)


@ALL
def test_derivatives_equal_autograd(schedule: Schedule) -> None:
    t = grid(schedule).requires_grad_()
    d_alpha, d_sigma = schedule.derivatives(t)
    for value, derivative in ((schedule.alpha(t), d_alpha), (schedule.sigma(t), d_sigma)):
        (expected,) = torch.autograd.grad(value.sum(), t)
        torch.testing.assert_close(derivative, expected, rtol=1e-9, atol=1e-9)


@ALL
def test_signal_to_noise_falls_strictly(schedule: Schedule) -> None:
    t = grid(schedule)
    log_snr = schedule.log_snr(t)
    assert (log_snr.diff() < 0).all()
    torch.testing.assert_close(log_snr, torch.log(schedule.alpha(t) ** 2 / schedule.sigma(t) ** 2))


@ALL
def test_data_fades_and_noise_grows(schedule: Schedule) -> None:
    t = grid(schedule)
    assert (schedule.alpha(t).diff() <= 0).all() and (schedule.sigma(t).diff() > 0).all()


@ALL
def test_starts_at_the_data_and_ends_in_noise(schedule: Schedule) -> None:
    ends = torch.tensor([0.0, schedule.t_max], dtype=torch.float64)
    c = schedule.at(ends)
    assert c.alpha[0] == 1.0 and c.sigma[0] <= 0.01
    assert c.alpha[1] / c.sigma[1] <= 0.0201  # a fiftieth of the signal at most
    assert schedule.prior_std() == pytest.approx(float(c.sigma[1]), rel=1e-12)


@VARIANCE_PRESERVING
def test_variance_is_preserved(name: str) -> None:
    c = SCHEDULES[name].at(grid(SCHEDULES[name]))
    torch.testing.assert_close(c.alpha**2 + c.sigma**2, torch.ones_like(c.alpha), rtol=0, atol=1e-14)


def test_known_values() -> None:
    half = torch.tensor(0.5, dtype=torch.float64)
    cosine, straight = SCHEDULES["cosine"].at(half), SCHEDULES["rectified_flow"].at(half)
    assert float(cosine.alpha) == pytest.approx(math.sqrt(0.5)) and float(cosine.sigma) == pytest.approx(math.sqrt(0.5))
    assert float(SCHEDULES["cosine"].log_snr(half)) == pytest.approx(0.0, abs=1e-12)
    assert (float(straight.alpha), float(straight.sigma)) == (0.5, 0.5)
    assert (float(straight.d_alpha), float(straight.d_sigma)) == (-1.0, 1.0)
    assert float(SCHEDULES["variance_exploding"].sigma(half)) == pytest.approx(math.sqrt(0.01 * 50.0))
    one = torch.tensor(1.0, dtype=torch.float64)
    assert float(SCHEDULES["linear"].alpha(one)) == pytest.approx(math.exp(-0.25 * 19.9 - 0.05))


def test_linear_continues_the_discrete_schedule() -> None:
    """`log prod (1 - beta_i)` against `-∫ beta`: they differ by what `log(1 - b) = -b - b²/2 - ...` leaves out, and by the
    error of the sum against the integral, at most 9.95 t (1 - t) / 999."""
    beta = torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)
    t = torch.arange(1, 1001, dtype=torch.float64) / 1000
    gap = (2.0 * SCHEDULES["linear"].alpha(t).log() - torch.log1p(-beta).cumsum(0)).abs()
    theory = (beta.square() / 2 / (1 - beta)).cumsum(0) + 9.95 * t * (1 - t) / 999 + 1e-9
    assert (gap <= theory).all()
    assert theory.max() < 0.08


def test_linear_is_that_of_diffusers() -> None:
    scheduler = pytest.importorskip("diffusers").DDPMScheduler(1000, beta_start=1e-4, beta_end=0.02)
    t = torch.arange(1, 1001, dtype=torch.float64) / 1000
    ratio = SCHEDULES["linear"].alpha(t) ** 2 / scheduler.alphas_cumprod.double()
    assert (ratio.log().abs() < 0.075).all()


@ALL
def test_coefficients_broadcast_over_the_data(schedule: Schedule) -> None:
    t = grid(schedule, 5)
    c = schedule.at(t)
    assert isinstance(c, Coefficients) and c.alpha.shape == c.sigma.shape == c.d_alpha.shape == c.d_sigma.shape == (5,)
    assert c.like(torch.zeros(5, 3, 4, 4)).alpha.shape == (5, 1, 1, 1)
    assert schedule.at(t[:1]).like(torch.zeros(5, 2)).sigma.shape == (1, 1)


@ALL
def test_perturbed_data_have_the_stated_moments(schedule: Schedule) -> None:
    generator = torch.Generator().manual_seed(0)
    t = torch.tensor([0.3], dtype=torch.float64).expand(40_000)
    x_0 = torch.full((40_000, 1), 2.0, dtype=torch.float64)
    x_t = schedule.perturb(x_0, t, torch.randn(x_0.shape, generator=generator, dtype=torch.float64))
    c = schedule.at(t[:1])
    assert float(x_t.mean() - 2.0 * c.alpha) / float(c.sigma) == pytest.approx(0.0, abs=0.025)  # 5 standard errors
    assert float(x_t.std() / c.sigma) == pytest.approx(1.0, abs=0.02)


@ALL
def test_single_precision_is_good_enough(schedule: Schedule) -> None:
    t = grid(schedule)
    exact, single = schedule.at(t), schedule.at(t.float())
    for name in ("alpha", "sigma", "d_alpha", "d_sigma"):
        torch.testing.assert_close(getattr(single, name).double(), getattr(exact, name), rtol=2e-4, atol=1e-6)
