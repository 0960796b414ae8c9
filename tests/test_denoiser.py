"""Parametrizations solve the equations they state, and a denoiser's answer always adds up to its input."""

from __future__ import annotations

from typing import get_args

import pytest
import torch
from torch import nn

from playground.config import DiffusionConfig
from playground.diffusion.denoiser import PARAMETRIZATIONS, ClippedDenoiser, Denoiser, Prediction, build_denoiser
from playground.diffusion.noise import SCHEDULES

SCHEDULE = pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES.keys())
PARAMETRIZATION = pytest.mark.parametrize("p", PARAMETRIZATIONS.values(), ids=PARAMETRIZATIONS.keys())


def draw(n: int, *shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(n, *shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def test_the_config_offers_exactly_these_parametrizations() -> None:
    assert get_args(DiffusionConfig.model_fields["parametrization"].annotation) == tuple(PARAMETRIZATIONS)


@SCHEDULE
@PARAMETRIZATION
def test_solve_undoes_target(p, schedule) -> None:
    t = torch.linspace(schedule.t_min, schedule.t_max, 200, dtype=torch.float64)
    x_0, eps = draw(200, 2), draw(200, 2, seed=1)
    c = schedule.at(t).like(x_0)
    x_t = schedule.perturb(x_0, t, eps)
    found = p.solve(p.target(x_0, eps, c), x_t, c)
    torch.testing.assert_close(found.x_0, x_0, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(found.eps, eps, rtol=1e-6, atol=1e-6)


@SCHEDULE
@PARAMETRIZATION
def test_any_answer_adds_up_to_the_input(p, schedule) -> None:
    """`alpha x_hat_0 + sigma eps_hat = x_t` for whatever the network says, right or wrong."""
    t = torch.linspace(schedule.t_min, schedule.t_max, 50, dtype=torch.float64)
    x_t, y = draw(50, 3), draw(50, 3, seed=1)
    c = schedule.at(t).like(x_t)
    found = p.solve(y, x_t, c)
    torch.testing.assert_close(c.alpha * found.x_0 + c.sigma * found.eps, x_t, rtol=1e-8, atol=1e-8)


@PARAMETRIZATION
def test_targets_are_what_the_titles_say(p) -> None:
    schedule, t = SCHEDULES["cosine"], torch.tensor([0.3], dtype=torch.float64)
    x_0, eps = draw(1, 2), draw(1, 2, seed=1)
    c = schedule.at(t).like(x_0)
    time = t.clone().requires_grad_()
    along = torch.autograd.functional.jacobian(lambda s: schedule.perturb(x_0, s, eps), time)[..., 0]
    expected = {"eps": eps, "x_0": x_0, "v": c.alpha * eps - c.sigma * x_0, "velocity": along}[p.name]
    torch.testing.assert_close(p.target(x_0, eps, c), expected)


@SCHEDULE
@PARAMETRIZATION
def test_scale_is_the_deviation_of_the_target(p, schedule) -> None:
    x_0, eps = draw(20_000, 1), draw(20_000, 1, seed=1)
    for time in (0.05, 0.5, 0.95):
        c = schedule.at(torch.tensor([time], dtype=torch.float64)).like(x_0)
        assert float((p.target(x_0, eps, c) / p.scale(c)).std()) == pytest.approx(1.0, abs=0.03)


class Fixed(nn.Module):
    """A network that answers with a fixed tensor."""

    def __init__(self, y: torch.Tensor) -> None:
        super().__init__()
        self.y = y

    def forward(self, x: torch.Tensor, scalar: torch.Tensor) -> torch.Tensor:
        assert scalar.shape in {(len(x),), (1,)}
        return self.y


@SCHEDULE
@PARAMETRIZATION
def test_a_perfect_network_makes_a_perfect_denoiser(p, schedule) -> None:
    t = torch.linspace(max(schedule.t_min, 0.01), min(schedule.t_max, 0.99), 40, dtype=torch.float64)
    x_0, eps = draw(40, 1, 4, 4), draw(40, 1, 4, 4, seed=1)
    c = schedule.at(t).like(x_0)
    denoiser = Denoiser(Fixed(p.target(x_0, eps, c) / p.scale(c)), schedule, p)
    found = denoiser(schedule.perturb(x_0, t, eps), t)
    assert isinstance(found, Prediction)
    torch.testing.assert_close(found.x_0, x_0, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(found.eps, eps, rtol=1e-6, atol=1e-6)


@SCHEDULE
def test_the_network_sees_unit_variance(schedule) -> None:
    seen = []
    network = Fixed(torch.zeros(20_000, 1, dtype=torch.float64))
    network.register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    for time in (0.1, 0.5, 0.9):
        t = torch.full((20_000,), time, dtype=torch.float64)
        x_t = schedule.perturb(draw(20_000, 1), t, draw(20_000, 1, seed=1))
        Denoiser(network, schedule, PARAMETRIZATIONS["v"])(x_t, t)
        assert float(seen[-1].std()) == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("shape", [(2,), (1, 8, 8)])
def test_one_time_for_all_is_the_same_as_many_equal_times(shape: tuple[int, ...]) -> None:
    denoiser = build_denoiser(DiffusionConfig(width=16, depth=2, network="auto"), shape)
    with torch.no_grad():
        for parameter in denoiser.parameters():
            parameter.normal_(0.0, 0.1, generator=torch.Generator().manual_seed(parameter.numel()))
        x = draw(5, *shape, dtype=torch.float32)
        one, many = denoiser(x, torch.tensor([0.4])), denoiser(x, torch.full((5,), 0.4))
    torch.testing.assert_close(one.x_0, many.x_0, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(one.eps, many.eps, rtol=1e-5, atol=1e-5)


@SCHEDULE
def test_clipping_keeps_the_range_and_the_equation(schedule) -> None:
    t = torch.full((30,), 0.5, dtype=torch.float64)
    x_t = 3.0 * draw(30, 2)
    wild = Denoiser(Fixed(5.0 * draw(30, 2, seed=1)), schedule, PARAMETRIZATIONS["x_0"])
    clipped = ClippedDenoiser(wild, -1.0, 1.0)
    found, before = clipped(x_t, t), wild(x_t, t)
    c = schedule.at(t).like(x_t)
    assert before.x_0.abs().max() > 1.0 and found.x_0.abs().max() <= 1.0
    inside = before.x_0.abs() <= 1.0
    assert inside.any() and torch.equal(found.x_0[inside], before.x_0[inside])
    torch.testing.assert_close(c.alpha * found.x_0 + c.sigma * found.eps, x_t)


def test_a_unet_refuses_points() -> None:
    with pytest.raises(ValueError, match="needs images"):
        build_denoiser(DiffusionConfig(network="unet"), (2,))


def test_an_mlp_takes_images_too() -> None:
    denoiser = build_denoiser(DiffusionConfig(network="mlp", width=16, depth=1), (1, 8, 8))
    assert denoiser(torch.zeros(3, 1, 8, 8), torch.full((3,), 0.5)).x_0.shape == (3, 1, 8, 8)
