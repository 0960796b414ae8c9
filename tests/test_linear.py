"""The best linear denoiser against its closed forms, and a network that is added to it."""

import pytest
import torch

from playground.config import DiffusionConfig
from playground.diffusion.denoiser import PARAMETRIZATIONS, build_denoiser
from playground.diffusion.linear import WHOLE, LinearDenoiser
from playground.diffusion.noise import SCHEDULES
from playground.diffusion.oracle import LinearAnswer, MixtureDenoiser
from playground.diffusion.sampling import initial_noise, reverse, time_grid

TIMES = (0.01, 0.3, 0.7, 0.99)


def data(n: int = 4000, shape=(1, 4, 4)) -> torch.Tensor:
    """Gaussian data of different variance along each axis, around a mean."""
    size = int(torch.tensor(shape).prod())
    generator = torch.Generator().manual_seed(0)
    turn = torch.linalg.qr(torch.randn(size, size, generator=generator)).Q
    spread = torch.linspace(0.05, 2.0, size)
    return ((torch.randn(n, size, generator=generator) * spread) @ turn.T + 0.5).reshape(n, *shape)


@pytest.mark.parametrize("name", SCHEDULES)
def test_of_one_gaussian_it_is_the_exact_answer(name):
    schedule, std = SCHEDULES[name], 0.7
    exact = MixtureDenoiser(torch.tensor([[0.3, -1.0]]), std, torch.ones(1), schedule)
    linear = LinearDenoiser((2,))
    linear.mean.copy_(torch.tensor([0.3, -1.0]))
    linear.variances.fill_(std**2)
    x = torch.randn(50, 2, generator=torch.Generator().manual_seed(1))
    for t in TIMES:
        a, b = (answer(x, torch.tensor([t])) for answer in (LinearAnswer(linear, schedule), exact))
        torch.testing.assert_close(a.x_0, b.x_0, atol=1e-5, rtol=1e-4)


def test_no_other_linear_denoiser_is_nearer_and_it_says_how_near():
    x_0, schedule, generator = data(), SCHEDULES["cosine"], torch.Generator().manual_seed(2)
    linear = LinearDenoiser(x_0.shape[1:]).fit(x_0)
    for t in TIMES:
        c = schedule.at(torch.tensor([t])).like(x_0)
        x_t = c.alpha * x_0 + c.sigma * torch.randn(x_0.shape, generator=generator)
        mine = float((linear(x_t, c) - x_0).square().mean())
        flat, target = x_t.flatten(1), x_0.flatten(1)
        seen = torch.cat([flat, torch.ones(len(flat), 1)], 1).double()
        best = seen @ torch.linalg.lstsq(seen, target.double()).solution  # fitted to this very noise, so a little better still
        least = float((best - target).square().mean())
        assert least <= mine * (1 + 1e-6) and mine < 1.02 * least + 1e-8
        assert mine == pytest.approx(float(linear.error(c).mean()), rel=0.03)


def test_in_many_dimensions_the_least_directions_share_a_variance():
    shape = (1, 1, WHOLE + 1)
    spread = torch.cat([torch.linspace(3.0, 1.0, 40), torch.full((WHOLE + 1 - 40,), 0.1)])
    x = torch.randn(3000, WHOLE + 1, generator=torch.Generator().manual_seed(0)) * spread
    linear = LinearDenoiser(shape).fit(x.reshape(3000, *shape))
    assert len(linear.variances) < WHOLE
    top = linear.variances.sort(descending=True).values[:40].sqrt()
    torch.testing.assert_close(top, spread[:40], atol=0.2, rtol=0.05)
    assert float(linear.variances.sum() + linear.rest * (WHOLE + 1 - len(linear.variances))) == pytest.approx(
        float(x.var(0, correction=0).sum()), rel=1e-3
    )
    c = SCHEDULES["cosine"].at(torch.tensor([0.5])).like(x)
    x_t = c.alpha * x + c.sigma * torch.randn(x.shape, generator=torch.Generator().manual_seed(1))
    assert float((linear(x_t.reshape(3000, *shape), c).flatten(1) - x).square().mean()) == pytest.approx(
        float(linear.error(c).mean()), rel=0.1
    )


def test_a_network_that_says_nothing_yet_draws_the_gaussian_of_the_data():
    x_0 = data()
    denoiser = build_denoiser(DiffusionConfig(dataset="digits", width=16, depth=1), (1, 4, 4)).requires_grad_(False)
    denoiser.linear.fit(x_0)
    schedule, generator = denoiser.schedule, torch.Generator().manual_seed(3)
    times = time_grid(schedule, 40, grid="karras")
    noise = initial_noise(schedule, (4000, 1, 4, 4), generator, times[0])
    *_, last = reverse(denoiser, schedule, noise, times, "dpmpp_2m", 0.0, generator)
    made, real = last.x.flatten(1), x_0.flatten(1)
    torch.testing.assert_close(made.mean(0), real.mean(0), atol=0.12, rtol=0.0)
    torch.testing.assert_close(torch.cov(made.T), torch.cov(real.T), atol=0.25, rtol=0.0)


@pytest.mark.parametrize("parametrization", PARAMETRIZATIONS)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_what_the_network_adds_means_the_same_under_every_parametrization(schedule, parametrization):
    config = DiffusionConfig(dataset="digits", width=16, depth=1, schedule=schedule, parametrization=parametrization)
    torch.manual_seed(0)
    denoiser = build_denoiser(config, (1, 4, 4)).requires_grad_(False)
    denoiser.linear.fit(data())
    torch.nn.init.normal_(denoiser.network.leave.weight, std=0.2)
    x, t = torch.randn(8, 1, 4, 4, generator=torch.Generator().manual_seed(0)), torch.full((8,), 0.4)
    c = SCHEDULES[schedule].at(t).like(x)
    seen = torch.cat([x / (c.alpha.square() + c.sigma.square()).sqrt(), denoiser.linear(x, c)], 1)
    added = denoiser.network(seen, SCHEDULES[schedule].log_snr(t))
    expected = denoiser.linear(x, c) + denoiser.linear.error(c).sqrt() * added
    torch.testing.assert_close(denoiser(x, t).x_0, expected, atol=2e-4, rtol=1e-3)
