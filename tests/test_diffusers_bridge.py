"""The bridge to diffusers: the exact denoiser is right under every scheduler that is let in, the others are out with a reason, and
where we have the same method, its samples are the same numbers."""

from __future__ import annotations

import pytest
import torch

from playground.diffusion.diffusers.catalogue import parameters, required, scheduler_classes, title
from playground.diffusion.diffusers.conventions import CONVENTIONS
from playground.diffusion.diffusers.driving import Driver, Entry, last
from playground.diffusion.diffusers.parity import OURS, difference, our_sampler, ours_on_their_levels
from playground.diffusion.diffusers.probing import driver_of, misfit, trial, verdict, verdicts
from playground.diffusion.levels import Level, LevelSchedule, alphas_cumprod, betas_of, level_at, table_times, time_of
from playground.diffusion.noise import SCHEDULES, Schedule
from playground.measures.energy import energy_distance

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of NumPy, at what diffusers does
ALL = pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES.keys())
COSINE = SCHEDULES["cosine"]


def cls(name: str) -> type:
    return scheduler_classes()[0][name]


# --- levels -------------------------------------------------------------------------------------------------------------


@ALL
def test_the_time_of_a_level_is_where_the_schedule_has_its_ratio(schedule: Schedule) -> None:
    for t in torch.linspace(schedule.t_min + 1e-4, schedule.t_max - 1e-4, 7).tolist():
        level = level_at(schedule, t)
        scaled = Level(3.0 * level.a, 3.0 * level.s)  # only the ratio counts
        assert time_of(schedule, scaled) == pytest.approx(t, abs=1e-9)
    assert time_of(schedule, Level(1.0, 0.0)) == schedule.t_min
    assert time_of(schedule, Level(0.0, 1.0)) == schedule.t_max


@ALL
def test_betas_give_the_table_back(schedule: Schedule) -> None:
    table = alphas_cumprod(schedule)
    again = torch.cumprod(1.0 - torch.tensor(betas_of(table), dtype=torch.float64), 0)
    torch.testing.assert_close(again, table, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(torch.log(table / (1 - table)), schedule.log_snr(table_times(schedule)), rtol=1e-9, atol=1e-9)


def test_a_schedule_of_levels_has_them_at_its_times() -> None:
    levels = [Level(0.1, 0.9), Level(0.5, 0.5), Level(1.0, 0.0)]
    schedule = LevelSchedule(levels)
    assert schedule.alpha(schedule.times).tolist() == [0.1, 0.5, 1.0] and schedule.sigma(schedule.times).tolist() == [0.9, 0.5, 0.0]


# --- the catalogue --------------------------------------------------------------------------------------------------------


def test_the_catalogue_comes_from_diffusers_itself() -> None:
    import diffusers

    classes, missing = scheduler_classes()
    public = {name for name in dir(diffusers) if name.endswith("Scheduler")}
    assert len(classes) > 40 and {"DDIMScheduler", "UniPCMultistepScheduler"} <= public & set(classes)
    assert not set(classes) & set(missing) and all(sentence.endswith(".") for sentence in missing.values())
    assert title("DPMSolverMultistepScheduler") == "DPMSolverMultistep"


def test_signatures_are_read_without_self_and_variadics() -> None:
    class Some:
        def step(self, model_output, mask, *more, eta=0.0, **rest):
            pass

    assert list(parameters(Some.step)) == ["model_output", "mask", "eta"]
    assert required(Some.step, ("model_output",)) == ["mask"]


# --- verdicts -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def found() -> dict:
    return {v.name: v for v in verdicts(COSINE)}


FIT = (
    "DDPMScheduler",
    "DDIMScheduler",
    "EulerDiscreteScheduler",
    "EulerAncestralDiscreteScheduler",
    "HeunDiscreteScheduler",
    "KDPM2DiscreteScheduler",
    "LMSDiscreteScheduler",
    "DPMSolverMultistepScheduler",
    "DPMSolverSinglestepScheduler",
    "UniPCMultistepScheduler",
    "DEISMultistepScheduler",
    "PNDMScheduler",
    "SASolverScheduler",
    "EDMEulerScheduler",
    "FlowMatchEulerDiscreteScheduler",
    "FlowMatchHeunDiscreteScheduler",
    "IPNDMScheduler",
    "DDPMWuerstchenScheduler",
    "UnCLIPScheduler",
    "MiniMaxH3Scheduler",
)
OUT = {
    "LCMScheduler": "draws another one",
    "SCMScheduler": "draws another one",
    "FlowMatchLCMScheduler": "draws another one",
    "CMStochasticIterativeScheduler": "draws another one",
    "DDIMInverseScheduler": "from data to noise",
    "RePaintScheduler": "original_image and mask",
    "ScoreSdeVeScheduler": "no single step",
    "VQDiffusionScheduler": "num_vec_classes",
    "BlockRefinementScheduler": "offers no noise levels",
}


def test_every_class_gets_a_verdict_and_every_one_left_out_a_reason(found) -> None:
    classes, missing = scheduler_classes()
    assert set(found) == {*classes, *missing}
    for v in found.values():
        assert (v.entry is None) == bool(v.reason)
        assert not v.reason or (v.reason[0].isupper() and v.reason.endswith("."))


def test_the_methods_that_solve_the_reverse_process_are_in(found) -> None:
    assert [name for name in FIT if found[name].entry is None] == []
    limit = trial(COSINE).limit
    assert all(v.distance <= limit for v in found.values() if v.entry is not None)


@pytest.mark.parametrize(("name", "reason"), OUT.items())
def test_those_made_for_something_else_are_out(found, name: str, reason: str) -> None:
    assert found[name].entry is None and reason in found[name].reason


def test_who_draws_noise_is_found_out(found) -> None:
    noisy = {name for name, v in found.items() if v.draws_noise}
    assert {"DDPMScheduler", "EulerAncestralDiscreteScheduler", "SASolverScheduler"} <= noisy
    assert not {"DDIMScheduler", "HeunDiscreteScheduler", "UniPCMultistepScheduler", "FlowMatchEulerDiscreteScheduler"} & noisy


def test_a_scheduler_that_is_subtly_wrong_is_caught() -> None:
    """DDIM that takes its last estimate of the data from the step before: plausible, and wrong."""
    from diffusers import DDIMScheduler

    class Late(DDIMScheduler):
        def step(self, model_output, timestep, sample, **more):
            return super().step(1.15 * model_output, timestep, sample, **more)

    assert misfit(Late) == ""
    assert "draws another one" in verdict("Late", Late, COSINE).reason


# --- runs -----------------------------------------------------------------------------------------------------------------


def driver(name: str, schedule: Schedule = COSINE) -> Driver:
    return driver_of(verdict(name, cls(name), schedule), schedule)


@pytest.mark.parametrize("name", ["DDIMScheduler", "HeunDiscreteScheduler", "KDPM2DiscreteScheduler", "PNDMScheduler"])
def test_evaluations_are_as_many_as_the_denoiser_is_asked(name: str) -> None:
    exact, d, asked = trial(COSINE), driver(name), []

    def counting(x, t):
        asked.append(1)
        return exact.denoiser(x, t)

    for nfe in (20, 50):
        n = d.steps_for(nfe)
        asked.clear()
        *_, end = d.run(counting, exact.noise[:4], n)
        assert len(asked) == d.evaluations(n) == end.index == end.total <= nfe
        assert d.evaluations(n + 1) > nfe


def test_second_order_pays_double_and_some_cannot_be_that_quick() -> None:
    assert driver("HeunDiscreteScheduler").steps_for(9) == 5
    assert driver("PNDMScheduler").steps_for(5) is None


def test_the_same_seed_draws_the_same_and_another_another() -> None:
    exact, d = trial(COSINE), driver("DDPMScheduler")
    a, again, other = (last(d.run(exact.denoiser, exact.noise[:5], 10, seed)) for seed in (1, 1, 2))
    assert torch.equal(a, again) and not torch.equal(a, other)


@ALL
@pytest.mark.parametrize("name", OURS)
def test_our_own_samplers_are_those_of_diffusers(schedule: Schedule, name: str) -> None:
    """On the same noise to 1e-4, under every noise schedule, each told to diffusers as a table, a line or Karras' sigmas."""
    if our_sampler(name) is None:
        pytest.skip(f"There is no sampler {OURS[name]!r} here.")
    exact, d = trial(schedule), driver(name, schedule)
    n = d.steps_for(20)
    *_, end = theirs = list(d.run(exact.denoiser, exact.noise[:100], n, 3))
    ours = ours_on_their_levels(d, theirs[0], exact.denoiser, n, 3)
    top = theirs[0].level.s / max(theirs[0].level.a, 1e-9)
    # In σ / α, diffusers' Heun carries single-precision numbers of the size of its largest σ, and halves them with a slope.
    tolerance = 5e-3 if name == "HeunDiscreteScheduler" and top > 300 else 1e-4
    assert difference(end.x, ours) < tolerance
    assert float(end.x.std()) > 0.5


@pytest.mark.parametrize("name", ["cosine", "rectified_flow"])
def test_what_is_left_between_the_two_heuns_is_single_precision(name: str) -> None:
    """Where σ / α starts at 636 and more; with diffusers' tables in double precision nothing is left."""
    schedule = SCHEDULES[name]
    exact, table = trial(schedule), alphas_cumprod(schedule)

    class InDouble(Driver):
        def prepare(self, n_steps: int):
            scheduler = super().prepare(n_steps)
            sigmas = ((1.0 - table) / table).sqrt()[scheduler.timesteps.long()]
            scheduler.alphas_cumprod, scheduler.sigmas = table, torch.cat([sigmas, torch.zeros(1, dtype=torch.float64)])
            return scheduler

    d = InDouble(cls("HeunDiscreteScheduler"), Entry("HeunDiscreteScheduler", "table", "trailing"), schedule)
    *_, end = theirs = list(d.run(exact.denoiser, exact.noise[:100].double(), 10, 3))
    assert difference(end.x, ours_on_their_levels(d, theirs[0], exact.denoiser, 10, 3)) < 1e-9


def test_what_the_network_sees_is_in_the_units_of_its_own_schedule() -> None:
    """A variance-exploding model under a scheduler that preserves variance: its input must have the standard deviation of x_t."""
    schedule = SCHEDULES["variance_exploding"]
    exact = trial(schedule)
    for evaluation in driver("DDIMScheduler", schedule).run(exact.denoiser, exact.noise, 60):
        level = level_at(schedule, evaluation.t)
        std = float((exact.real.var() * level.a**2 + level.s**2).sqrt())
        assert float(evaluation.x_t.std()) == pytest.approx(std, rel=0.1)


def test_known_lessons_come_out() -> None:
    """With an exact denoiser: fewer evaluations suffice without fresh noise, and of second order; but Heun's method, in σ / α, has to
    pay double and cross from σ / α = 636 in half as many steps. DPM-Solver++ and UniPC have arrived after ten."""
    exact, found = trial(COSINE), {}
    for name in ("DDPM", "DDIM", "HeunDiscrete", "DPMSolverMultistep", "UniPCMultistep"):
        d = driver(f"{name}Scheduler")
        for nfe in (5, 10):
            samples = last(d.run(exact.denoiser, exact.noise, d.steps_for(nfe)))
            found[name, nfe] = float(energy_distance(samples, exact.real))
    for nfe in (5, 10):
        best = max(found["DPMSolverMultistep", nfe], found["UniPCMultistep", nfe])
        assert best < found["DDIM", nfe] < found["DDPM", nfe] < found["HeunDiscrete", nfe]
    assert found["DPMSolverMultistep", 10] < exact.limit < found["DDIM", 10]


def test_a_convention_that_does_not_apply_is_not_tried() -> None:
    for convention in ("flow", "edm", "angle"):
        assert CONVENTIONS[convention].make(cls("DDIMScheduler"), COSINE, "default") is None
    with pytest.raises(ValueError, match="cannot be told"):
        Driver(cls("DDIMScheduler"), Entry("DDIMScheduler", "flow", "default"), COSINE)
