"""The exact denoiser of a mixture: score, density and mean agree with each other and with brute force."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from playground.data.points import MIXTURE
from playground.diffusion.noise import SCHEDULES
from playground.diffusion.oracle import IdealDenoiser, MixtureDenoiser, mixture_denoiser
from playground.diffusion.sampling import initial_noise, reverse, time_grid

ALL = pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES.keys())
TIMES = pytest.mark.parametrize("time", [0.02, 0.3, 0.7, 0.98])


def oracle(schedule, std: float = 0.3) -> MixtureDenoiser:
    means = torch.tensor([[1.0, 0.5], [-1.0, 0.0], [0.5, -1.5]], dtype=torch.float64)
    return MixtureDenoiser(means, std, torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64), schedule)


def draw(exact: MixtureDenoiser, n: int, time: float) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    k = torch.multinomial(exact.weights, n, replacement=True, generator=generator)
    noise = torch.randn(2, n, 2, generator=generator, dtype=torch.float64)
    x_0, t = exact.means[k] + exact.std * noise[0], torch.tensor([time], dtype=torch.float64)
    return x_0, noise[1], exact.schedule.perturb(x_0, t.expand(n), noise[1]), t


@ALL
@TIMES
def test_score_is_the_gradient_of_the_log_density(schedule, time) -> None:
    exact = oracle(schedule)
    *_, x, t = draw(exact, 200, time)
    x.requires_grad_()
    (expected,) = torch.autograd.grad(exact.log_density(x, t).sum(), x)
    torch.testing.assert_close(exact.score(x, t), expected, rtol=1e-8, atol=1e-8)


@ALL
@TIMES
def test_tweedie(schedule, time) -> None:
    """`alpha E[x_0|x_t] = x_t + sigma² score`, and the two means add up to `x_t`."""
    exact = oracle(schedule)
    *_, x, t = draw(exact, 200, time)
    c, found = schedule.at(t).like(x), exact(x, t)
    torch.testing.assert_close(c.alpha * found.x_0, x + c.sigma**2 * exact.score(x, t), rtol=1e-8, atol=1e-8)
    torch.testing.assert_close(c.alpha * found.x_0 + c.sigma * found.eps, x, rtol=1e-8, atol=1e-8)


@ALL
@TIMES
def test_the_densities_of_the_classes_make_up_that_of_all(schedule, time) -> None:
    """`p_t(x) = Σ_k w_k p_t(x | k)`, and the class's density of a data set is that of its examples alone."""
    exact = oracle(schedule)
    *_, x, t = draw(exact, 50, time)
    each = torch.stack([exact.log_density(x, t, torch.tensor([k])) for k in range(3)], dim=1)
    torch.testing.assert_close((each + exact.weights.log()).logsumexp(1), exact.log_density(x, t), rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(exact.log_density(x, t, torch.tensor([-1])), exact.log_density(x, t))
    own = torch.arange(50) % 3
    torch.testing.assert_close(exact.log_density(x, t, own), each[torch.arange(50), own])

    data, labels = draw(exact, 40, time)[0], torch.arange(40) % 4
    ideal = IdealDenoiser(data, schedule, labels=labels, chunk=7)
    alone = [IdealDenoiser(data[labels == k], schedule).log_density(x, t) for k in range(4)]
    torch.testing.assert_close(ideal.log_density(x, t, torch.tensor([2])), alone[2])
    own = torch.arange(50) % 4
    torch.testing.assert_close(ideal.log_density(x, t, own), torch.stack(alone, dim=1)[torch.arange(50), own])


@ALL
def test_one_coordinate_given_the_other_is_that_of_brute_force(schedule) -> None:
    """A million draws of the mixture, of which those are kept whose first coordinate is nearly what is known; and the joint density
    divided by its integral over the second."""
    exact, edge = oracle(schedule), torch.linspace(-3.0, 2.0, 2001, dtype=torch.float64)
    x_0 = draw(exact, 1_000_000, 0.5)[0]
    for known in (0.5, 0.0, -0.9):
        found = exact.given(torch.tensor([known, 9.0]).double(), torch.tensor([False, True]))
        assert found.means.shape == (3, 1) and float(found.weights.sum()) == pytest.approx(1.0)
        kept = x_0[(x_0[:, 0] - known).abs() < 0.01, 1]
        share = float((kept < -0.3).double().mean())
        expected = float((found.weights * torch.special.ndtr((-0.3 - found.means[:, 0]) / found.std)).sum())
        assert share == pytest.approx(expected, abs=4.5 * (0.25 / len(kept)) ** 0.5)
        now = torch.full((1,), 1e-9, dtype=torch.float64)
        line = torch.stack([torch.full_like(edge, known), edge], dim=1)
        data = MixtureDenoiser(exact.means, exact.std, exact.weights, SCHEDULES["rectified_flow"])
        joint = data.log_density(line, now).exp()
        one = replace(found, schedule=SCHEDULES["rectified_flow"]).log_density(edge[:, None], now).exp()
        torch.testing.assert_close(joint / (joint.sum() * (edge[1] - edge[0])), one, rtol=1e-4, atol=1e-6)


@ALL
def test_density_integrates_to_one(schedule) -> None:
    exact = oracle(schedule)
    for time in (0.1, 0.5, 0.95):
        t = torch.tensor([time], dtype=torch.float64)
        c = schedule.at(t)
        reach = float(2.0 * c.alpha + 7.0 * (c.alpha * exact.std).hypot(c.sigma))
        line = torch.linspace(-reach, reach, 300, dtype=torch.float64)
        grid = torch.cartesian_prod(line, line)
        mass = exact.log_density(grid, t).exp().sum() * (line[1] - line[0]) ** 2
        assert float(mass) == pytest.approx(1.0, abs=1e-6)


@ALL
def test_no_other_answer_is_better(schedule) -> None:
    """The mean is where the squared error is smallest: moving it, or scaling it, makes things worse."""
    exact = oracle(schedule)
    for time in (0.3, 0.7):
        x_0, _, x_t, t = draw(exact, 20_000, time)
        best = exact(x_t, t).x_0
        error = (best - x_0).square().sum(1)
        for other in (best + 0.05, 0.95 * best, best.roll(1, 0)):
            assert error.mean() < (other - x_0).square().sum(1).mean()
        residual = (x_0 - best).mean(0) / ((x_0 - best).std(0) / math.sqrt(20_000) + 1e-12)
        assert (residual.abs() < 5).all()


@ALL
def test_one_gaussian_is_the_textbook_posterior(schedule) -> None:
    """`E[x_0|x_t] = m + alpha s² / (alpha² s² + sigma²) (x_t - alpha m)`, by hand."""
    mean, std = torch.tensor([[0.7, -0.2]], dtype=torch.float64), 0.5
    exact = MixtureDenoiser(mean, std, torch.ones(1, dtype=torch.float64), schedule)
    x, t = torch.tensor([[1.5, 0.1], [-2.0, 0.0]], dtype=torch.float64), torch.tensor([0.4, 0.6], dtype=torch.float64)
    c = schedule.at(t).like(x)
    gain = c.alpha * std**2 / (c.alpha**2 * std**2 + c.sigma**2)
    torch.testing.assert_close(exact(x, t).x_0, mean + gain * (x - c.alpha * mean))


@ALL
def test_a_finite_data_set_is_a_mixture_of_points(schedule) -> None:
    """With `std = 0` the answer is a softmax over the data; close to `t = 0` it is the datum itself."""
    exact = oracle(schedule, std=0.0)
    x_0, _, x_t, t = draw(exact, 100, 0.02)
    torch.testing.assert_close(exact(x_t, t).x_0, x_0, rtol=1e-4, atol=1e-4)
    *_, x_t, t = draw(exact, 100, 0.6)
    c = schedule.at(t).like(x_t)
    distances = torch.cdist(x_t, c.alpha * exact.means).square()
    weights = torch.softmax(exact.weights.log() - 0.5 * distances / c.sigma**2, 1)
    torch.testing.assert_close(exact(x_t, t).x_0, weights @ exact.means)


@ALL
def test_every_example_may_have_its_own_time_and_type(schedule) -> None:
    exact = oracle(schedule)
    *_, x, _ = draw(exact, 4, 0.5)
    t = torch.tensor([0.1, 0.4, 0.6, 0.9], dtype=torch.float64)
    for i in range(4):
        torch.testing.assert_close(exact(x, t).x_0[i : i + 1], exact(x[i : i + 1], t[i : i + 1]).x_0)
        torch.testing.assert_close(exact.log_density(x, t)[i : i + 1], exact.log_density(x[i : i + 1], t[i : i + 1]))
    single = exact(x.float(), t.float())
    assert single.x_0.dtype == single.eps.dtype == torch.float32
    torch.testing.assert_close(single.x_0.double(), exact(x, t).x_0, rtol=1e-3, atol=1e-3)


def test_far_away_and_at_both_ends_it_stays_finite() -> None:
    for schedule in SCHEDULES.values():
        exact, far = oracle(schedule), torch.tensor([[1e4, -1e4], [0.0, 0.0]])
        for time in (0.0, schedule.t_min, schedule.t_max):
            t = torch.tensor([time])
            assert all(
                v.isfinite().all() for v in (exact(far, t).x_0, exact(far, t).eps, exact.score(far, t), exact.log_density(far, t))
            )


def test_at_time_zero_it_is_the_mixture_of_the_data_set() -> None:
    exact = mixture_denoiser(MIXTURE, SCHEDULES["cosine"])
    x = np.random.default_rng(0).normal(size=(50, 2))
    found = exact.log_density(torch.from_numpy(x), torch.zeros(1, dtype=torch.float64))
    np.testing.assert_allclose(found.numpy(), MIXTURE.log_density(x), rtol=1e-10)


# --- components that are known, and the finite data set --------------------------------------------------------------


@ALL
@TIMES
def test_a_known_component_leaves_one_gaussian(schedule, time) -> None:
    exact = oracle(schedule)
    *_, x, t = draw(exact, 30, time)
    for k in range(3):
        alone = MixtureDenoiser(exact.means[k : k + 1], exact.std, torch.ones(1, dtype=torch.float64), schedule)
        torch.testing.assert_close(exact(x, t, torch.tensor([k])).x_0, alone(x, t).x_0)
        torch.testing.assert_close(exact.score(x, t, torch.full((30,), k)), alone.score(x, t))
    none = torch.full((30,), -1)
    torch.testing.assert_close(exact(x, t, none).eps, exact(x, t).eps)
    mixed = torch.tensor([-1, 0, 1, 2, -1] * 6)
    expected = torch.stack([exact(x, t, mixed[i : i + 1]).x_0[i] for i in range(30)])
    torch.testing.assert_close(exact(x, t, mixed).x_0, expected)


def finite(schedule, **more) -> tuple[MixtureDenoiser, IdealDenoiser]:
    """The same 40 points as a mixture without width, and as a data set."""
    data = torch.randn(40, 2, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    return MixtureDenoiser(data, 0.0, torch.full((40,), 1 / 40, dtype=torch.float64), schedule), IdealDenoiser(
        data, schedule, **more
    )


@ALL
@TIMES
@pytest.mark.parametrize("chunk", [7, 4096])
def test_the_ideal_denoiser_is_the_mixture_of_its_points(schedule, time, chunk) -> None:
    mixture, ideal = finite(schedule, chunk=chunk)
    *_, x, t = draw(mixture, 50, time)
    torch.testing.assert_close(ideal(x, t).x_0, mixture(x, t).x_0, rtol=1e-6, atol=1e-8)
    torch.testing.assert_close(ideal(x, t).eps, mixture(x, t).eps, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(ideal.score(x, t), mixture.score(x, t), rtol=1e-6, atol=1e-5)
    torch.testing.assert_close(ideal.log_density(x, t), mixture.log_density(x, t), rtol=1e-6, atol=1e-6)
    many = torch.linspace(0.2, 0.8, 50, dtype=torch.float64)
    torch.testing.assert_close(ideal(x, many).x_0, mixture(x, many).x_0, rtol=1e-6, atol=1e-8)


@ALL
def test_the_ideal_denoiser_of_stored_images(schedule) -> None:
    """Bytes that `scale` turns into numbers, in parts; 12 x 12 pixels, so in single precision."""
    stored = torch.randint(0, 256, (300, 1, 12, 12), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    ideal = IdealDenoiser(stored, schedule, lambda x: x.float() / 127.5 - 1.0, chunk=128)
    data = (stored.double() / 127.5 - 1.0).flatten(1)
    eps = torch.randn(20, 1, 12, 12, generator=torch.Generator().manual_seed(1))
    for time in (0.05, 0.5, 0.9, schedule.t_max):
        t = torch.tensor([time])
        x = schedule.perturb(data[:20].reshape(20, 1, 12, 12).float(), t, eps)
        c = schedule.at(t.double()).like(data)
        weights = (-0.5 * torch.cdist(x.double().flatten(1), c.alpha * data).square() / c.sigma**2).softmax(1)
        found = ideal(x, t)
        assert found.x_0.shape == x.shape and found.x_0.dtype == torch.float32
        torch.testing.assert_close(found.x_0.double().flatten(1), weights @ data, rtol=0.0, atol=2e-3)
        torch.testing.assert_close(schedule.alpha(t) * found.x_0 + schedule.sigma(t) * found.eps, x, rtol=1e-4, atol=1e-4)


def test_the_ideal_denoiser_of_one_class_knows_only_that_class() -> None:
    schedule, labels = SCHEDULES["cosine"], torch.arange(40) % 3
    mixture, ideal = finite(schedule, labels=labels, chunk=10)
    *_, x, t = draw(mixture, 12, 0.4)
    asked = torch.tensor([0, 1, 2, -1] * 3)
    for i, k in enumerate(asked.tolist()):
        data = mixture.means if k < 0 else mixture.means[labels == k]
        expected = IdealDenoiser(data, schedule)(x[i : i + 1], t).x_0
        torch.testing.assert_close(ideal(x, t, asked).x_0[i : i + 1], expected)


def test_the_ideal_denoiser_stays_finite_at_both_ends_and_far_away() -> None:
    for schedule in SCHEDULES.values():
        _, ideal = finite(schedule, labels=torch.arange(40) % 2, chunk=4)
        far = torch.tensor([[1e4, -1e4], [0.0, 0.0]])
        for time in (0.0, schedule.t_min, schedule.t_max):
            found = ideal(far, torch.tensor([time]), torch.tensor([1]))
            assert found.x_0.isfinite().all() and found.eps.isfinite().all()


def test_sampling_with_the_ideal_denoiser_returns_the_training_set() -> None:
    """The best answer on a finite set has learned it by heart: every noise ends on one of its points."""
    schedule = SCHEDULES["cosine"]
    mixture, ideal = finite(schedule)
    noise = initial_noise(schedule, (30, 2), torch.Generator().manual_seed(0)).double()
    *_, end = reverse(ideal, schedule, noise, time_grid(schedule, 100))
    assert torch.cdist(end.x, mixture.means).min(1).values.max() < 1e-3
