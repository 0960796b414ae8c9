"""Schedulers of diffusers on time grids that are not their own: who takes them, on which levels, and who says why not."""

from __future__ import annotations

import pytest
import torch

from playground.config import TIME_GRIDS
from playground.config.settings import field_specs
from playground.diffusion.diffusers.catalogue import scheduler_classes
from playground.diffusion.diffusers.driving import OWN, Driver, Entry
from playground.diffusion.diffusers.parity import difference, ours_on_their_levels
from playground.diffusion.diffusers.probing import driver_of, trial, verdict
from playground.diffusion.diffusers.wanted import wanted
from playground.diffusion.levels import Level, alphas_cumprod, betas_of
from playground.diffusion.noise import SCHEDULES
from playground.diffusion.sampling import GRIDS, reverse, time_grid
from playground.features.arena.settings import ArenaConfig

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of NumPy, at what diffusers does
COSINE = SCHEDULES["cosine"]


def found(name: str, grid: str, schedule: str = "cosine"):
    return verdict(name, scheduler_classes()[0][name], SCHEDULES[schedule], grid)


def test_the_arena_offers_the_grids_of_our_samplers_and_each_its_own() -> None:
    choices = field_specs(ArenaConfig)["time_grid"].choices
    assert set(choices) == {OWN, *GRIDS} == set(TIME_GRIDS) and ArenaConfig().time_grid == OWN


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize(
    "name",
    [
        "DDPMScheduler",
        "DDIMScheduler",
        "HeunDiscreteScheduler",
        "DPMSolverMultistepScheduler",
        "DPMSolverSinglestepScheduler",
        "UniPCMultistepScheduler",
        "FlowMatchEulerDiscreteScheduler",
        "MiniMaxH3Scheduler",
    ],
)
def test_those_that_take_levels_ask_at_them_and_land_on_the_density(name: str, grid: str) -> None:
    v = found(name, grid)
    assert v.entry is not None and v.grid == grid, v.reason
    driver = driver_of(v, COSINE)
    asked = list(dict.fromkeys(driver.levels(9)[:-1]))
    times = time_grid(COSINE, 9, grid=grid)[:-1]
    ratios = torch.tensor([level.log_ratio for level in asked], dtype=torch.float64)
    torch.testing.assert_close(ratios, -0.5 * COSINE.log_snr(times), rtol=0, atol=0.05)


@pytest.mark.parametrize(
    ("name", "grid", "reason"),
    [
        ("IPNDMScheduler", "karras", "takes no others"),
        ("FlowMatchHeunDiscreteScheduler", "uniform_t", "takes no others"),
        ("EDMEulerScheduler", "uniform_t", "takes no others"),
        ("CogVideoXDDIMScheduler", "karras", "does not keep to others"),
        ("TCDScheduler", "log_snr", "on this time grid"),
        ("LCMScheduler", "karras", "trained or distilled for it"),
    ],
)
def test_those_that_cannot_be_given_a_grid_say_why(name: str, grid: str, reason: str) -> None:
    v = found(name, grid)
    assert v.entry is None and reason in v.reason


def test_a_scheduler_left_its_own_levels_is_named_by_where_they_lie() -> None:
    assert found("DDIMScheduler", OWN).grid == "uniform_t" == found("HeunDiscreteScheduler", OWN).grid
    assert found("FlowMatchEulerDiscreteScheduler", OWN).grid == OWN  # even in σ of its line, which is not t under cosine
    assert found("FlowMatchEulerDiscreteScheduler", OWN, "rectified_flow").grid == "uniform_t"


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize(
    ("name", "sampler", "tolerance"),
    [
        ("DDIMScheduler", "ddim", 2e-2),
        ("DPMSolverMultistepScheduler", "dpmpp_2m", 2e-2),
        ("HeunDiscreteScheduler", "edm_heun", 2e-2),
    ],
)
def test_our_sampler_on_our_grid_is_theirs_on_it(grid: str, name: str, sampler: str, tolerance: float) -> None:
    """On the levels that theirs reports, to round-off; on our own times, as far as a table in single precision has our levels."""
    exact, driver = trial(COSINE), driver_of(found(name, grid), COSINE)
    *_, end = theirs = list(driver.run(exact.denoiser, exact.noise[:100], 12))
    assert difference(end.x, ours_on_their_levels(driver, theirs[0], exact.denoiser, 12, 0)) < 5e-3
    times = time_grid(COSINE, 12, grid=grid)
    *_, own = reverse(exact.denoiser, COSINE, COSINE.sigma(times[0]).float() * exact.noise[:100], times, sampler)
    assert float((own.x - end.x).abs().median()) < tolerance


def test_a_table_of_the_levels_is_what_the_switch_makes() -> None:
    """`use_karras_sigmas` on a table that ends where our grid does, and our table of just these levels, give the same samples."""
    from diffusers import HeunDiscreteScheduler

    exact, n = trial(COSINE), 12
    given = driver_of(found("HeunDiscreteScheduler", "karras"), COSINE)
    ends = time_grid(COSINE, n, grid="karras")[[-2, 0]].tolist()

    class Shorter(type(COSINE)):
        t_min, t_max = ends

    d = Driver(HeunDiscreteScheduler, Entry("HeunDiscreteScheduler", "table", "trailing"), Shorter())
    d.prepare = lambda steps: _switched(HeunDiscreteScheduler, Shorter(), steps)
    *_, a = given.run(exact.denoiser, exact.noise[:200], n)
    *_, b = d.run(exact.denoiser, exact.noise[:200], n)
    assert float((a.x - b.x).abs().median()) < 5e-3


def _switched(cls: type, schedule, n: int):
    scheduler = cls(
        1000,
        trained_betas=betas_of(alphas_cumprod(schedule)),
        use_karras_sigmas=True,
        timestep_spacing="linspace",
        prediction_type="v_prediction",
    )
    scheduler.set_timesteps(n)
    return scheduler


def test_levels_between_those_wanted_are_allowed_and_missing_ones_are_not() -> None:
    levels = wanted(COSINE, "karras", 5)
    between = Level(0.7, 0.7)
    assert levels.among([*levels.levels, between]) and not levels.among(list(levels.levels[:-1]))
