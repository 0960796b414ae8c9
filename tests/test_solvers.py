"""Karras' Heun and DPM-Solver++(2M): the same numbers as diffusers; counting evaluations; the way back from data to noise."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
import torch
from diffusers_table import Table, network

from playground.data.points import MIXTURE
from playground.diffusion.denoiser import PARAMETRIZATIONS, Prediction
from playground.diffusion.noise import SCHEDULES, Schedule
from playground.diffusion.oracle import MixtureDenoiser, mixture_denoiser
from playground.diffusion.sampling import Counted, initial_noise, invert, reverse, time_grid

diffusers = pytest.importorskip("diffusers")
ALL = pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES.keys())


def randn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def denoiser_of(p, schedule: Schedule):
    def denoiser(x_t: torch.Tensor, t: torch.Tensor) -> Prediction:
        return p.solve(network(x_t, t), x_t, schedule.at(t).like(x_t))

    return denoiser


def discrete(cls: str, name: str, prediction: str, n_steps: int):
    """A diffusers scheduler with the betas of one of our schedules, and our side of it: 100 training steps."""
    t = torch.arange(0, 101, dtype=torch.float64) / 100 * SCHEDULES[name].t_max
    square = SCHEDULES[name].alpha(t) ** 2
    betas = (1.0 - square[1:] / square[:-1]).numpy()
    scheduler = getattr(diffusers, cls)(100, trained_betas=betas, prediction_type=prediction)
    scheduler.set_timesteps(n_steps)
    return Table(scheduler.alphas_cumprod), scheduler


PREDICTIONS = {"eps": "epsilon", "v": "v_prediction", "x_0": "sample"}


@pytest.mark.parametrize(("name", "p"), list(product(["linear", "cosine"], ["eps", "v"])))
@pytest.mark.parametrize("n_steps", [12, 34])
def test_edm_heun_is_the_heun_of_diffusers(name: str, p: str, n_steps: int) -> None:
    """Theirs lives on `x / alpha`; it has no "sample" prediction. Step counts for which its times are whole numbers."""
    schedule, scheduler = discrete("HeunDiscreteScheduler", name, PREDICTIONS[p], n_steps)
    times = torch.cat(
        [(scheduler.timesteps[:1].double() + 1) / 100, (scheduler.timesteps[1::2].double() + 1) / 100, torch.zeros(1)]
    )
    alphas = schedule.alpha(times)
    x, states = randn(6, 2), [randn(6, 2)]
    y = x / alphas[0]
    for i, time in enumerate(scheduler.timesteps):
        seen = scheduler.scale_model_input(y, time)
        y = scheduler.step(network(seen, (time.double() + 1) / 100), time, y).prev_sample
        if i % 2 or i == len(scheduler.timesteps) - 1:
            states.append(y * alphas[len(states)])
    ours = list(reverse(denoiser_of(PARAMETRIZATIONS[p], schedule), schedule, x, times, "edm_heun"))
    assert len(ours) == len(states) == n_steps + 1
    for state, expected in zip(ours, states):
        torch.testing.assert_close(state.x, expected.double(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("name", "p"), list(product(["linear", "cosine"], PREDICTIONS)))
@pytest.mark.parametrize("n_steps", [1, 2, 5, 10, 20, 50])
def test_dpmpp_2m_is_that_of_diffusers(name: str, p: str, n_steps: int) -> None:
    schedule, scheduler = discrete("DPMSolverMultistepScheduler", name, PREDICTIONS[p], n_steps)
    assert (scheduler.config.algorithm_type, scheduler.config.solver_order, scheduler.config.solver_type) == (
        "dpmsolver++",
        2,
        "midpoint",
    )
    x = randn(6, 2)
    states = [x]
    for i in scheduler.timesteps:
        states.append(scheduler.step(network(states[-1], (i.double() + 1) / 100), i, states[-1]).prev_sample)
    times = torch.cat([(scheduler.timesteps.double() + 1) / 100, torch.zeros(1)])
    ours = reverse(denoiser_of(PARAMETRIZATIONS[p], schedule), schedule, x, times, "dpmpp_2m")
    for state, expected in zip(ours, states, strict=True):
        torch.testing.assert_close(state.x, expected.double(), rtol=1e-4, atol=1e-4)


def test_dpmpp_2m_on_rectified_flow_is_that_of_diffusers() -> None:
    scheduler = diffusers.DPMSolverMultistepScheduler(1000, prediction_type="flow_prediction", use_flow_sigmas=True)
    scheduler.set_timesteps(12)
    x, schedule = randn(6, 2), SCHEDULES["rectified_flow"]
    states = [x]
    for sigma, time in zip(scheduler.sigmas, scheduler.timesteps):
        states.append(scheduler.step(network(states[-1], sigma.double()), time, states[-1]).prev_sample)
    ours = reverse(denoiser_of(PARAMETRIZATIONS["velocity"], schedule), schedule, x, scheduler.sigmas.double(), "dpmpp_2m")
    for state, expected in zip(ours, states, strict=True):
        torch.testing.assert_close(state.x, expected.double(), rtol=1e-4, atol=1e-4)


@ALL
@pytest.mark.parametrize(("sampler", "order"), [("ddim", 1), ("edm_heun", 2), ("dpmpp_2m", 2)])
def test_order_of_convergence_in_log_snr(schedule: Schedule, sampler: str, order: int) -> None:
    """Twice the steps, evenly in log-SNR, an error 2^order times smaller; for one Gaussian the way is known."""
    exact = gaussian(schedule)
    log_snr = torch.tensor([-4.0, 4.0], dtype=torch.float64)
    ends = schedule.at(schedule.time_at(log_snr))
    std = (ends.alpha * exact.std).hypot(ends.sigma)
    x = ends.alpha[0] * 0.7 + std[0] * torch.linspace(-2, 2, 9, dtype=torch.float64)[:, None]
    truth = ends.alpha[1] * 0.7 + std[1] / std[0] * (x - ends.alpha[0] * 0.7)

    def error(n: int) -> float:
        times = schedule.time_at(torch.linspace(*log_snr.tolist(), n + 1, dtype=torch.float64))
        *_, end = reverse(exact, schedule, x, times, sampler)
        return float((end.x - truth).abs().max())

    assert math.log2(error(100) / error(200)) == pytest.approx(order, abs=0.1)


@pytest.mark.parametrize(
    ("sampler", "orders"),
    [
        ("ddim", {"linear": 1, "cosine": 1, "rectified_flow": 1, "variance_exploding": 1}),
        ("euler", {"linear": 1, "cosine": 1, "rectified_flow": 1, "variance_exploding": 1}),
        ("heun", {"linear": 2, "cosine": 2, "rectified_flow": 2, "variance_exploding": 2}),
        ("edm_heun", {"linear": 1, "cosine": 2, "rectified_flow": 2, "variance_exploding": 2}),
        ("dpmpp_2m", {"linear": 1, "cosine": 2, "rectified_flow": 2, "variance_exploding": 2}),
    ],
)
@pytest.mark.parametrize("name", SCHEDULES)
def test_order_of_convergence_on_even_times_down_to_data(name: str, sampler: str, orders: dict[str, int]) -> None:
    """The grid that samples are drawn on, and the order that the docstrings promise on it: under linear β the last step, one of DDIM,
    makes two of them first order. Along one axis the flow keeps the order of points, so that it is known from the distributions."""
    schedule, means, weights = SCHEDULES[name], torch.tensor([-1.0, 0.8]).double(), torch.tensor([0.4, 0.6]).double()
    exact = MixtureDenoiser(means[:, None], 0.3, weights, schedule)
    first, last = (schedule.at(torch.tensor(t, dtype=torch.float64)) for t in (schedule.t_max, 0.0))

    def share_below(x: torch.Tensor, c) -> torch.Tensor:
        return (weights * torch.special.ndtr((x - c.alpha * means) / (c.alpha * 0.3).hypot(c.sigma))).sum(1, keepdim=True)

    x = first.sigma * torch.linspace(-2, 2, 9, dtype=torch.float64)[:, None]
    low, high = x * 0.0 - 5.0, x * 0.0 + 5.0
    for _ in range(50):
        middle = 0.5 * (low + high)
        below = share_below(middle, last) < share_below(x, first)
        low, high = middle.where(below, low), high.where(below, middle)

    def error(n: int) -> float:
        *_, end = reverse(exact, schedule, x, time_grid(schedule, n), sampler)
        return float((end.x - low).square().mean().sqrt())

    found = math.log2(error(100) / error(800)) / 3
    assert abs(found - orders[name]) < 0.5, found


# --- what a step costs -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sampler", "cost"), [("ddpm", 10), ("ddim", 10), ("euler", 10), ("dpmpp_2m", 10), ("heun", 19), ("edm_heun", 19)]
)
def test_evaluations_are_counted(sampler: str, cost: int) -> None:
    """Both Heuns pay double, but for the last step."""
    exact = Counted(mixture_denoiser(MIXTURE, SCHEDULES["cosine"]))
    list(reverse(exact, SCHEDULES["cosine"], randn(3, 2), time_grid(SCHEDULES["cosine"], 10), sampler))
    assert exact.evaluations == cost


@pytest.mark.parametrize("name", ["linear", "cosine"])
def test_at_ten_evaluations_heun_loses(name: str) -> None:
    """How far from where infinitely many steps would lead: the lesson that people know from large models."""
    schedule = SCHEDULES[name]
    exact, x = mixture_denoiser(MIXTURE, schedule), initial_noise(schedule, (300, 2), torch.Generator().manual_seed(0)).double()
    *_, limit = reverse(exact, schedule, x, time_grid(schedule, 400), "edm_heun")

    def error(sampler: str, steps: int) -> float:
        *_, end = reverse(exact, schedule, x, time_grid(schedule, steps), sampler)
        return float((end.x - limit.x).norm(dim=1).mean())

    found = {"ddim": error("ddim", 10), "dpmpp_2m": error("dpmpp_2m", 10), "edm_heun": error("edm_heun", 5)}
    assert max(found["ddim"], found["dpmpp_2m"]) < found["edm_heun"], found
    assert name == "cosine" or found["dpmpp_2m"] < found["ddim"], found  # with the cosine schedule these two are close


# --- from data to noise ----------------------------------------------------------------------------------------------


def gaussian(schedule: Schedule) -> MixtureDenoiser:
    return MixtureDenoiser(torch.full((1, 1), 0.7, dtype=torch.float64), 0.5, torch.ones(1, dtype=torch.float64), schedule)


@ALL
@pytest.mark.parametrize("sampler", ["ddim", "edm_heun", "dpmpp_2m", "heun"])
def test_inversion_finds_the_noise_of_a_gaussian(schedule: Schedule, sampler: str) -> None:
    """The flow of one Gaussian keeps standard scores: `(x_t - α m) / std_t`."""
    exact, x_0 = gaussian(schedule), torch.linspace(-0.5, 2.0, 9, dtype=torch.float64)[:, None]
    times = torch.linspace(schedule.t_min, schedule.t_max, 400, dtype=torch.float64)
    *_, end = invert(exact, schedule, x_0, times, sampler)
    first, last = (schedule.at(t) for t in times[[0, -1]])
    score = (x_0 - 0.7) / (0.25 + (first.sigma / first.alpha) ** 2).sqrt()
    expected = last.alpha * 0.7 + (last.alpha**2 * 0.25 + last.sigma**2).sqrt() * score
    torch.testing.assert_close(end.x / schedule.prior_std(), expected / schedule.prior_std(), rtol=0.0, atol=0.04)


@ALL
def test_there_and_back_again(schedule: Schedule) -> None:
    exact, x_0 = mixture_denoiser(MIXTURE, schedule), torch.from_numpy(MIXTURE.sample(50, np.random.default_rng(0))[0])
    times = torch.linspace(schedule.t_min, schedule.t_max, 200, dtype=torch.float64)
    *_, noise = invert(exact, schedule, x_0.double(), times, "edm_heun")
    *_, back = reverse(
        exact, schedule, noise.x, torch.cat([times.flip(0), torch.zeros(1)]) if times[0] > 0 else times.flip(0), "edm_heun"
    )
    assert float((back.x - x_0).norm(dim=1).median()) < 0.02


def test_an_inversion_needs_rising_times_and_no_noise() -> None:
    schedule = SCHEDULES["cosine"]
    exact, x = gaussian(schedule), randn(2, 1)
    with pytest.raises(ValueError, match="rise"):
        next(invert(exact, schedule, x, time_grid(schedule, 3)))
    with pytest.raises(ValueError, match="cannot be undone"):
        next(invert(exact, schedule, x, torch.tensor([0.1, 0.9]), "ddpm"))


@ALL
def test_log_snr_has_an_inverse(schedule: Schedule) -> None:
    t = torch.linspace(schedule.t_min, schedule.t_max, 50, dtype=torch.float64)
    torch.testing.assert_close(schedule.time_at(schedule.log_snr(t)), t, rtol=0.0, atol=1e-9)
    beyond = schedule.time_at(torch.tensor([1e3, -1e3]))
    assert beyond.tolist() == pytest.approx([schedule.t_min, schedule.t_max])
