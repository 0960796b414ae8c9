"""Time grids: the closed forms of each rule under every schedule, the levels that diffusers makes, and what they are good for."""

from __future__ import annotations

import math
from typing import get_args

import pytest
import torch

from playground.config import SampleConfig
from playground.data.points import MIXTURE
from playground.diffusion.noise import SCHEDULES, Schedule
from playground.diffusion.oracle import mixture_denoiser
from playground.diffusion.sampling import GRIDS, initial_noise, reverse, time_grid

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of NumPy, at what diffusers does
ALL = pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES.keys())


def ratios(schedule: Schedule, times: torch.Tensor) -> torch.Tensor:
    """`σ/α`, float64."""
    return schedule.sigma(times) / schedule.alpha(times)


def test_the_config_offers_exactly_these_grids() -> None:
    assert get_args(SampleConfig.model_fields["time_grid"].annotation) == GRIDS
    assert SampleConfig().time_grid == "karras"


@ALL
@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("n", [1, 2, 10, 1000])
def test_every_grid_falls_from_noise_to_data(schedule: Schedule, grid: str, n: int) -> None:
    times = time_grid(schedule, n, grid=grid)
    assert times.dtype == torch.float64 and len(times) == n + 1
    assert times[-1] == 0.0 and bool((times.diff() < 0).all())
    assert times[0] == schedule.t_max or (grid != "uniform_t" and ratios(schedule, times[:1])[0] == pytest.approx(80.0))
    assert bool((times.float().diff() < 0).all())  # a network sees single precision


@pytest.mark.parametrize("n", [2, 10, 40])
@pytest.mark.parametrize(
    ("name", "time"),
    [("cosine", lambda sigma: 2 / math.pi * torch.atan(sigma)), ("rectified_flow", lambda sigma: sigma / (1 + sigma))],
)
def test_the_times_are_the_closed_forms(n: int, name: str, time) -> None:
    """Cosine: `σ/α = tan(πt/2)`; rectified flow: `σ/α = t / (1 - t)`; both reach beyond Karras' 80 and below his 0.002."""
    top, bottom, i = 80.0, 0.002, torch.arange(n, dtype=torch.float64) / (n - 1)
    levels = {"karras": (top ** (1 / 7) + i * (bottom ** (1 / 7) - top ** (1 / 7))) ** 7, "log_snr": top * (bottom / top) ** i}
    for grid, sigma in levels.items():
        torch.testing.assert_close(time_grid(SCHEDULES[name], n, grid=grid)[:-1], time(sigma), rtol=1e-9, atol=0)


def test_variance_exploding_is_uniform_in_log_snr_already() -> None:
    schedule = SCHEDULES["variance_exploding"]
    torch.testing.assert_close(time_grid(schedule, 13, grid="log_snr"), time_grid(schedule, 13), rtol=0, atol=1e-12)
    sigma = ratios(schedule, time_grid(schedule, 13, grid="karras")) ** (1 / 7)
    torch.testing.assert_close(sigma.diff(), torch.full((13,), (0.01 ** (1 / 7) - 50.0 ** (1 / 7)) / 13, dtype=torch.float64))


@ALL
def test_each_rule_is_even_in_its_variable(schedule: Schedule) -> None:
    inner = -1 if schedule.t_min > 0 else None
    for grid, variable in (("karras", lambda s: s ** (1 / 7)), ("log_snr", torch.log)):
        widths = variable(ratios(schedule, time_grid(schedule, 20, grid=grid)[:inner])).diff()
        torch.testing.assert_close(widths, widths.mean().expand_as(widths), rtol=1e-6, atol=0)


def test_a_grid_may_start_on_the_way() -> None:
    for grid in GRIDS:
        times = time_grid(SCHEDULES["cosine"], 8, 0.4, grid)
        assert times[0] == 0.4 and times[-1] == 0.0 and bool((times.diff() < 0).all())


def test_an_unknown_grid_is_refused() -> None:
    with pytest.raises(KeyError):
        time_grid(SCHEDULES["cosine"], 8, grid="magic")


# --- the same levels as diffusers -------------------------------------------------------------------------------------


KARRAS, EXPONENTIAL, LU = "use_karras_sigmas", "use_exponential_sigmas", "use_lu_lambdas"
SWITCHES = [
    *(
        (name, KARRAS, "karras")
        for name in ("EulerDiscrete", "HeunDiscrete", "DPMSolverMultistep", "UniPCMultistep", "KDPM2Discrete")
    ),
    *((name, EXPONENTIAL, "log_snr") for name in ("EulerDiscrete", "HeunDiscrete", "DPMSolverMultistep")),
    ("DPMSolverMultistep", LU, "log_snr"),
]


@pytest.mark.parametrize(("name", "switch", "grid"), SWITCHES)
@pytest.mark.parametrize("schedule", ["linear", "cosine", "rectified_flow"])
@pytest.mark.parametrize("n", [5, 20])
def test_the_levels_are_those_of_diffusers(name: str, switch: str, grid: str, schedule: str, n: int) -> None:
    """Theirs, made from a table of ᾱ that ends where our levels do; single precision knows its least σ to a per cent."""
    diffusers = pytest.importorskip("diffusers")
    from playground.diffusion.levels import betas_of

    ours = SCHEDULES[schedule]
    times = time_grid(ours, n, grid=grid)[:-1]
    between = torch.linspace(float(times[-1]), float(times[0]), 1000, dtype=torch.float64)
    table = 1.0 / (1.0 + ratios(ours, between) ** 2)
    settings = {"num_train_timesteps": 1000, "trained_betas": betas_of(table), "timestep_spacing": "linspace"}
    scheduler = getattr(diffusers, f"{name}Scheduler")(**settings, **{switch: True})
    scheduler.set_timesteps(n)
    theirs = torch.unique(scheduler.sigmas.double()).flip(0)[:-1]
    assert len(theirs) == n
    torch.testing.assert_close(ratios(ours, times), theirs, rtol=0.02, atol=0)


# --- what it is good for ----------------------------------------------------------------------------------------------


def error(schedule: Schedule, grid: str, sampler: str, n: int) -> float:
    """Mean squared distance to where the ODE leads from the same noise, with the exact denoiser of the mixture."""
    exact, ends = mixture_denoiser(MIXTURE, schedule), []
    for steps, name, how in ((n, grid, sampler), (300, "log_snr", "edm_heun")):
        times = time_grid(schedule, steps, grid=name)
        x = initial_noise(schedule, (500, 2), torch.Generator().manual_seed(0), times[0])
        *_, end = reverse(exact, schedule, x, times, how)
        ends.append(end.x)
    return float((ends[0] - ends[1]).square().sum(1).mean())


def test_no_grid_is_the_best_for_all() -> None:
    """Heun's method in t gains by Karras' grid where the schedule explodes, and DPM-Solver++ is best at home, in log-SNR."""
    exploding, cosine = SCHEDULES["variance_exploding"], SCHEDULES["cosine"]
    assert error(exploding, "karras", "heun", 10) < 0.7 * error(exploding, "uniform_t", "heun", 10)
    assert error(cosine, "log_snr", "dpmpp_2m", 19) < 0.7 * error(cosine, "karras", "dpmpp_2m", 19)


def test_samples_start_as_noisy_as_the_grid_does() -> None:
    """A grid that begins below t_max begins with the noise of that time."""
    schedule = SCHEDULES["cosine"]
    times = time_grid(schedule, 10, grid="karras")
    x = initial_noise(schedule, (5, 2), torch.Generator().manual_seed(0), times[0])
    eps = torch.randn(5, 2, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(x, float(schedule.sigma(times[0])) * eps)
