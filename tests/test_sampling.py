"""Samplers: step by step those of diffusers, of the order they claim, and with the exact denoiser they land on the data."""

from __future__ import annotations

import math
from itertools import product

import pytest
import torch
from diffusers_table import Table, network

from playground.config import SampleConfig, field_specs
from playground.data.points import MIXTURE
from playground.diffusion.denoiser import PARAMETRIZATIONS, Prediction
from playground.diffusion.noise import SCHEDULES, Schedule
from playground.diffusion.oracle import MixtureDenoiser, mixture_denoiser
from playground.diffusion.sampling import SAMPLERS, initial_noise, reverse, time_grid

ALL = pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES.keys())


def randn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def last(denoiser, schedule: Schedule, x: torch.Tensor, n_steps: int, sampler: str, **more) -> torch.Tensor:
    for state in reverse(denoiser, schedule, x, time_grid(schedule, n_steps), sampler, **more):
        pass
    return state.x


# --- the same numbers as diffusers -----------------------------------------------------------------------------------


def denoiser_of(p, schedule: Schedule):
    def denoiser(x_t: torch.Tensor, t: torch.Tensor) -> Prediction:
        return p.solve(network(x_t, t), x_t, schedule.at(t).like(x_t))

    return denoiser


def diffusers_steps(scheduler, x: torch.Tensor, n: int, **step) -> list[torch.Tensor]:
    """Every state on diffusers' way, which begins with `x`."""
    states = [x]
    for i in scheduler.timesteps:
        t = (i.double() + 1) / scheduler.config.num_train_timesteps
        states.append(scheduler.step(network(states[-1], t), int(i), states[-1], **step).prev_sample)
    return states


def compare(schedule: Schedule, scheduler, p, sampler: str, **more) -> None:
    x, total = randn(6, 2), scheduler.config.num_train_timesteps
    theirs = diffusers_steps(scheduler, x, total, generator=torch.Generator().manual_seed(7), **more)
    times = torch.cat([(scheduler.timesteps.double() + 1) / total, torch.zeros(1, dtype=torch.float64)])
    ours = list(reverse(denoiser_of(p, schedule), schedule, x, times, sampler, generator=torch.Generator().manual_seed(7), **more))
    assert len(ours) == len(theirs)
    for state, expected in zip(ours, theirs):
        torch.testing.assert_close(state.x, expected, rtol=1e-7, atol=1e-7)


def discrete(cls: str, name: str, prediction: str, n_steps: int):
    """A diffusers scheduler with the betas of one of our schedules, at double precision, and our side of it."""
    diffusers = pytest.importorskip("diffusers")
    t = torch.arange(0, 101, dtype=torch.float64) / 100 * SCHEDULES[name].t_max
    square = SCHEDULES[name].alpha(t) ** 2
    betas = (1.0 - square[1:] / square[:-1]).numpy()
    scheduler = getattr(diffusers, cls)(100, trained_betas=betas, prediction_type=prediction, clip_sample=False)
    torch.testing.assert_close(scheduler.alphas_cumprod.double(), square[1:], rtol=1e-3, atol=1e-7)
    scheduler.alphas_cumprod = square[1:]
    scheduler.alphas = 1.0 - torch.from_numpy(betas)
    scheduler.final_alpha_cumprod = scheduler.one = torch.tensor(1.0, dtype=torch.float64)
    scheduler.set_timesteps(n_steps)
    return Table(square[1:]), scheduler


PREDICTIONS = {"eps": "epsilon", "v": "v_prediction", "x_0": "sample"}
CASES = pytest.mark.parametrize(("name", "p"), list(product(["linear", "cosine"], PREDICTIONS)))


@CASES
@pytest.mark.parametrize("n_steps", [100, 10])
def test_ddpm_is_that_of_diffusers(name: str, p: str, n_steps: int) -> None:
    schedule, scheduler = discrete("DDPMScheduler", name, PREDICTIONS[p], n_steps)
    assert scheduler.config.variance_type == "fixed_small"
    compare(schedule, scheduler, PARAMETRIZATIONS[p], "ddpm")


@CASES
@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
def test_ddim_is_that_of_diffusers(name: str, p: str, eta: float) -> None:
    schedule, scheduler = discrete("DDIMScheduler", name, PREDICTIONS[p], 20)
    compare(schedule, scheduler, PARAMETRIZATIONS[p], "ddim", eta=eta)


def flow(x: torch.Tensor, t: torch.Tensor) -> Prediction:
    """A velocity under rectified flow, as a prediction."""
    schedule = SCHEDULES["rectified_flow"]
    return PARAMETRIZATIONS["velocity"].solve(network(x, t), x, schedule.at(t).like(x))


def test_euler_on_rectified_flow_is_that_of_diffusers() -> None:
    scheduler = pytest.importorskip("diffusers").FlowMatchEulerDiscreteScheduler(1000, shift=1.0)
    scheduler.set_timesteps(sigmas=torch.linspace(0.999, 0.05, 20).tolist())
    states = [randn(6, 2).float()]
    for t in scheduler.timesteps:
        states.append(scheduler.step(network(states[-1], t / 1000), t, states[-1]).prev_sample)
    ours = reverse(flow, SCHEDULES["rectified_flow"], states[0], scheduler.sigmas, "euler")
    for state, expected in zip(ours, states, strict=True):
        torch.testing.assert_close(state.x, expected, rtol=1e-5, atol=1e-5)


def test_heun_on_rectified_flow_is_that_of_diffusers() -> None:
    scheduler = pytest.importorskip("diffusers").FlowMatchHeunDiscreteScheduler(1000, shift=1.0)
    scheduler.set_timesteps(12)
    x = randn(6, 2).float()
    states = [x]
    for i, t in enumerate(scheduler.timesteps):
        x = scheduler.step(network(x, t / 1000), t, x).prev_sample
        if i % 2 or i == len(scheduler.timesteps) - 1:  # after the second of two half steps, and after the last one
            states.append(x)
    times = torch.cat([scheduler.sigmas[:1], scheduler.sigmas[1:-1:2], scheduler.sigmas[-1:]])
    ours = reverse(flow, SCHEDULES["rectified_flow"], states[0], times, "heun")
    for state, expected in zip(ours, states, strict=True):
        torch.testing.assert_close(state.x, expected, rtol=1e-5, atol=1e-5)


def test_euler_on_rectified_flow_is_ddim() -> None:
    schedule, x = SCHEDULES["rectified_flow"], randn(6, 2)
    torch.testing.assert_close(last(flow, schedule, x, 17, "euler"), last(flow, schedule, x, 17, "ddim"), rtol=1e-12, atol=1e-12)


# --- where the exact answer is known ---------------------------------------------------------------------------------


def gaussian(schedule: Schedule, mean: float = 0.7, std: float = 0.5) -> MixtureDenoiser:
    return MixtureDenoiser(torch.full((1, 1), mean, dtype=torch.float64), std, torch.ones(1, dtype=torch.float64), schedule)


def flow_map(exact: MixtureDenoiser, x: torch.Tensor) -> torch.Tensor:
    """Where the probability-flow ODE takes `x` from `t_max` to 0: for one Gaussian it only shifts and scales."""
    ends = exact.schedule.at(torch.tensor([exact.schedule.t_max, 0.0], dtype=torch.float64))
    std = (ends.alpha * exact.std).hypot(ends.sigma)
    return ends.alpha[1] * exact.means + std[1] / std[0] * (x - ends.alpha[0] * exact.means)


@ALL
@pytest.mark.parametrize(("sampler", "order"), [("euler", 1), ("ddim", 1), ("heun", 2)])
def test_order_of_convergence(schedule: Schedule, sampler: str, order: int) -> None:
    """Twice the steps, an error 2^order times smaller."""
    exact = gaussian(schedule)
    x = schedule.prior_std() * torch.linspace(-2, 2, 9, dtype=torch.float64)[:, None]
    truth = flow_map(exact, x)
    errors = [float((last(exact, schedule, x, n, sampler) - truth).abs().max()) for n in (150, 300)]
    assert math.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.2)


@ALL
def test_heun_is_nearer_than_euler(schedule: Schedule) -> None:
    exact, x = gaussian(schedule), schedule.prior_std() * torch.linspace(-2, 2, 9, dtype=torch.float64)[:, None]
    truth = flow_map(exact, x)
    error = {name: float((last(exact, schedule, x, 100, name) - truth).abs().max()) for name in ("euler", "heun")}
    assert error["heun"] < error["euler"] / 4


@ALL
def test_ddpm_finds_the_variance_of_a_gaussian(schedule: Schedule) -> None:
    exact, generator = gaussian(schedule), torch.Generator().manual_seed(0)
    x = last(exact, schedule, schedule.prior_std() * randn(4000, 1), 250, "ddpm", generator=generator)
    assert float(x.mean()) == pytest.approx(0.7, abs=5 * 0.5 / math.sqrt(4000))
    assert float(x.std()) == pytest.approx(0.5, rel=0.06)


@ALL
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_lands_on_the_mixture(schedule: Schedule, sampler: str) -> None:
    """With the exact denoiser of the `mixture` data set: every mode its share, its width, and the true entropy."""
    n, exact = 2000, mixture_denoiser(MIXTURE, schedule)
    generator = torch.Generator().manual_seed(3)
    x = initial_noise(schedule, (n, 2), generator)
    x = last(exact, schedule, x, {"ddpm": 300, "euler": 200}.get(sampler, 100), sampler, generator=generator)
    distance, mode = torch.cdist(x.double(), exact.means).min(1)
    expected = n * exact.weights
    chi_square = ((torch.bincount(mode, minlength=8) - expected) ** 2 / expected).sum()
    assert chi_square < 29.9  # seven degrees of freedom: exceeded once in ten thousand draws
    width = float(((x.double() - exact.means[mode]).square().mean()).sqrt())
    assert width == pytest.approx(MIXTURE.std, rel=0.10)
    found = MIXTURE.log_density(x.numpy()).mean()
    entropy = math.log(8) + math.log(2 * math.pi * math.e * MIXTURE.std**2)  # the modes do not overlap
    assert float(-found) == pytest.approx(entropy, abs=0.15)
    assert distance.max() < 6 * MIXTURE.std


# --- the contract of `reverse` ---------------------------------------------------------------------------------------


@ALL
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_states_go_from_noise_to_data(schedule: Schedule, sampler: str) -> None:
    exact, x = gaussian(schedule), randn(5, 1)
    times = time_grid(schedule, 7)
    states = list(reverse(exact, schedule, x, times, sampler, eta=0.3, generator=torch.Generator().manual_seed(0)))
    assert [state.index for state in states] == list(range(8)) and {state.total for state in states} == {7}
    assert [state.t for state in states] == times.tolist() and states[-1].t == 0.0
    assert torch.equal(states[0].x, x) and all(state.x.shape == state.x_0.shape == (5, 1) for state in states)
    assert all(state.x.isfinite().all() for state in states)


@pytest.mark.parametrize("sampler", ["ddpm", "ddim"])
@pytest.mark.parametrize("name", ["linear", "cosine", "rectified_flow"])
def test_the_last_step_adds_no_noise(name: str, sampler: str) -> None:
    schedule = SCHEDULES[name]
    *_, before, end = reverse(gaussian(schedule), schedule, randn(50, 1), time_grid(schedule, 5), sampler, eta=1.0)
    torch.testing.assert_close(end.x, end.x_0, rtol=1e-6, atol=1e-6)


def test_deterministic_samplers_ask_for_no_noise_and_noisy_ones_repeat_by_seed() -> None:
    schedule = SCHEDULES["cosine"]
    exact, x = gaussian(schedule), randn(20, 1)

    def run(sampler: str, seed: int, eta: float = 0.0) -> torch.Tensor:
        return last(exact, schedule, x, 10, sampler, eta=eta, generator=torch.Generator().manual_seed(seed))

    for sampler in ("ddim", "euler", "heun", "edm_heun", "dpmpp_2m"):
        assert torch.equal(run(sampler, 0), run(sampler, 1))
    for sampler, eta in (("ddpm", 0.0), ("ddim", 1.0)):
        assert torch.equal(run(sampler, 0, eta), run(sampler, 0, eta))
        assert not torch.equal(run(sampler, 0, eta), run(sampler, 1, eta))


def test_ddim_with_full_noise_is_ddpm() -> None:
    for name in ("linear", "cosine", "rectified_flow", "variance_exploding"):
        schedule = SCHEDULES[name]
        exact, x = gaussian(schedule), schedule.prior_std() * randn(20, 1)
        ddpm = last(exact, schedule, x, 10, "ddpm", generator=torch.Generator().manual_seed(0))
        ddim = last(exact, schedule, x, 10, "ddim", eta=1.0, generator=torch.Generator().manual_seed(0))
        torch.testing.assert_close(ddpm, ddim, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("times", [[0.0, 0.5, 1.0], [1.0, 0.5, 0.5, 0.0]])
def test_times_must_fall(times: list[float]) -> None:
    with pytest.raises(ValueError, match="fall"):
        next(reverse(flow, SCHEDULES["rectified_flow"], randn(2, 2), torch.tensor(times)))


def test_an_unknown_sampler_is_refused() -> None:
    schedule = SCHEDULES["cosine"]
    with pytest.raises(KeyError):
        next(reverse(flow, schedule, randn(2, 2), time_grid(schedule, 3), "magic"))


def test_the_config_offers_exactly_these_samplers() -> None:
    assert field_specs(SampleConfig)["sampler"].choices == tuple(SAMPLERS)


@ALL
def test_noise_starts_as_wide_as_the_schedule_says(schedule: Schedule) -> None:
    x = initial_noise(schedule, (20_000, 1), torch.Generator().manual_seed(0))
    assert float(x.std()) == pytest.approx(schedule.prior_std(), rel=0.03)


def test_nothing_is_tracked_for_gradients() -> None:
    weight = torch.nn.Parameter(torch.tensor(0.5))
    schedule = SCHEDULES["cosine"]
    end = last(lambda x, t: Prediction(weight * x, weight * x), schedule, torch.zeros(2, 2), 3, "heun")
    assert not end.requires_grad
