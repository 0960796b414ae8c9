"""The exact denoiser of a few Gaussians against closed forms, and the clusters that they are fitted to."""

from __future__ import annotations

import pytest
import torch

from playground.config import DiffusionConfig
from playground.diffusion import gaussians
from playground.diffusion.denoiser import build_denoiser
from playground.diffusion.gaussians import GaussiansDenoiser, clusters
from playground.diffusion.linear import LinearDenoiser
from playground.diffusion.noise import SCHEDULES
from playground.diffusion.oracle import LinearAnswer, MixtureDenoiser
from playground.diffusion.sampling import initial_noise, reverse, time_grid

TIMES = (0.01, 0.3, 0.7, 0.99)
MEANS = torch.tensor([[4.0, 0.0, 1.0, 0.0], [-4.0, 1.0, 0.0, 0.0], [0.0, -5.0, 0.0, 2.0]])
STD = 0.5


def data(n: int = 6000) -> torch.Tensor:
    """Three round clusters in four dimensions, as many examples of each."""
    return MEANS.repeat(n // 3, 1) + STD * torch.randn(n, 4, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", SCHEDULES)
def test_of_a_known_mixture_it_is_the_exact_answer(name):
    schedule = SCHEDULES[name]
    exact = MixtureDenoiser(MEANS, STD, torch.full((3,), 1 / 3), schedule)
    fitted = LinearAnswer(GaussiansDenoiser((4,), k=3).fit(data()), schedule)
    x_0, generator = data(300), torch.Generator().manual_seed(1)
    for t in TIMES:
        c = schedule.at(torch.tensor([t])).like(x_0)
        x_t = c.alpha * x_0 + c.sigma * torch.randn(x_0.shape, generator=generator)
        a, b = (answer(x_t, torch.full((300,), t)).x_0 for answer in (fitted, exact))
        assert float((a - b).square().mean().sqrt()) < 0.05, "the fit is to 2,000 examples a cluster"
        torch.testing.assert_close(fitted(x_t, torch.tensor([t])).x_0, a)


def test_of_one_gaussian_it_is_the_best_linear_denoiser(monkeypatch):
    monkeypatch.setattr(gaussians, "SHARED", 0)
    x_0 = data(900) @ torch.randn(4, 4, generator=torch.Generator().manual_seed(2))
    one, linear = GaussiansDenoiser((4,), k=1).fit(x_0), LinearDenoiser((4,)).fit(x_0)
    for t in TIMES:
        c = SCHEDULES["cosine"].at(torch.tensor([t])).like(x_0)
        torch.testing.assert_close(one(x_0, c), linear(x_0, c), atol=1e-4, rtol=1e-4)


def test_along_the_axes_that_vary_least_the_answer_stays_linear(monkeypatch):
    monkeypatch.setattr(gaussians, "LEADING", 2)
    x_0 = data()
    fitted, linear = GaussiansDenoiser((4,), k=3).fit(x_0), LinearDenoiser((4,)).fit(x_0)
    c = SCHEDULES["cosine"].at(torch.tensor([0.5])).like(x_0)
    along = (fitted(x_0, c) - linear(x_0, c)) @ fitted.axes
    kept = fitted.leading.tolist()
    assert sorted(kept) == sorted(fitted.variances.topk(2).indices.tolist())
    assert float(along[:, [k for k in range(4) if k not in kept]].abs().max()) < 1e-5 < 0.1 < float(along[:, kept].abs().max())


def test_clusters_are_found_and_there_may_be_fewer_than_asked_for():
    found = clusters(data(300), 3).reshape(-1, 3)
    assert len(set(found[0].tolist())) == 3 and bool((found == found[0]).all())
    same = GaussiansDenoiser((4,), k=5).fit(torch.ones(20, 4))
    c = SCHEDULES["cosine"].at(torch.tensor([0.5])).like(torch.ones(1, 4))
    torch.testing.assert_close(same(torch.zeros(3, 4), c), torch.ones(3, 4), atol=1e-3, rtol=0.0)


def test_a_network_that_says_nothing_yet_draws_the_clusters():
    config = DiffusionConfig(dataset="moons", skip="gaussians", width=16, depth=1)
    denoiser = build_denoiser(config, (4,)).requires_grad_(False)
    denoiser.linear.fit(data())
    schedule, generator = denoiser.schedule, torch.Generator().manual_seed(3)
    times = time_grid(schedule, 40, grid="karras")
    *_, last = reverse(
        denoiser, schedule, initial_noise(schedule, (3000, 4), generator, times[0]), times, "dpmpp_2m", 0.0, generator
    )
    distances, nearest = torch.cdist(last.x, MEANS).min(1)
    torch.testing.assert_close(nearest.bincount() / 3000, torch.full((3,), 1 / 3), atol=0.05, rtol=0.0)
    assert float(distances.square().mean()) == pytest.approx(4 * STD**2, rel=0.15)
