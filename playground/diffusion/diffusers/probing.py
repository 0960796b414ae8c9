"""Which schedulers are right for a model of ours, found by trial: each class draws from a density whose exact denoiser is known.

A scheduler that solves the reverse process lands on that density, up to the error of its steps, when the denoiser is exact. One
that was made for another kind of network (consistency models, distilled flow maps, discrete tokens) does not, or does not run at
all. So nobody has to keep a list: a class is in if it can be told of the noise schedule and its samples pass, and out with the
reason otherwise. The density is a mixture of three Gaussians that overlap, so that a collapse within a mode shows, too.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from playground.diffusion.diffusers.catalogue import required, scheduler_classes
from playground.diffusion.diffusers.conventions import CONVENTIONS
from playground.diffusion.diffusers.driving import OWN, Driver, Entry, NotCompatible, last
from playground.diffusion.noise import Schedule
from playground.diffusion.oracle import MixtureDenoiser
from playground.measures.energy import energy_distance

NFE = 60
"""Evaluations in a trial: enough that the error of a first-order method is within the noise of the measurement."""
SAMPLES, REAL = 1000, 2000
MEANS, STD, WEIGHTS = ((-1.0, -0.4), (1.0, -0.2), (0.1, 1.0)), 0.35, (0.5, 0.2, 0.3)
SPACINGS = ("trailing", "default")
"""Tried in this order. `trailing` begins at pure noise and wastes no evaluation at the end (Lin et al. 2024, section 3.3)."""


@dataclass(frozen=True)
class Verdict:
    """What a trial found: how to use the class, or why not."""

    name: str
    entry: Entry | None
    reason: str
    distance: float | None = None
    """Energy distance of its samples to the density, where it ran."""
    draws_noise: bool = False
    """Whether two runs from the same initial noise differ."""
    grid: str = OWN
    """Where its noise levels lie, as measured: one of `sampling.GRIDS`, or its own."""


@dataclass(frozen=True)
class Trial:
    """The known density under a schedule, draws from it, and the noise that every scheduler starts from."""

    schedule: Schedule
    denoiser: MixtureDenoiser
    real: Tensor
    noise: Tensor
    limit: float
    """The largest distance that still passes: five standard deviations of what exact draws have."""


@lru_cache(maxsize=8)
def trial(schedule: Schedule) -> Trial:
    """The trial under `schedule`; the same draws for all."""
    means, weights = torch.tensor(MEANS), torch.tensor(WEIGHTS)
    generator = torch.Generator().manual_seed(0)

    def draw(n: int) -> Tensor:
        which = torch.multinomial(weights, n, replacement=True, generator=generator)
        return means[which] + STD * torch.randn(n, 2, generator=generator)

    real = draw(REAL)
    floor = torch.stack([energy_distance(draw(SAMPLES), real) for _ in range(12)])
    noise = torch.randn(SAMPLES, 2, generator=generator)
    return Trial(schedule, MixtureDenoiser(means, STD, weights, schedule), real, noise, float(floor.mean() + 5.0 * floor.std()))


def verdicts(schedule: Schedule) -> Iterator[Verdict]:
    """A verdict on every scheduler class of the installed diffusers, in the order of their names."""
    classes, missing = scheduler_classes()
    for name in sorted({*classes, *missing}):
        yield Verdict(name, None, missing[name]) if name in missing else verdict(name, classes[name], schedule)


def verdict(name: str, cls: type, schedule: Schedule, grid: str = OWN) -> Verdict:
    """Tries every convention that the signature allows; the first that lands on the density is how the class is meant. With a `grid`
    of `sampling.GRIDS` it must do so on the levels of that."""
    reason = misfit(cls)
    if reason:
        return Verdict(name, None, reason)
    failed: list[Verdict] = []
    for convention in CONVENTIONS:
        for spacing in SPACINGS:
            with quietly():
                found = _attempt(Entry(name, convention, spacing, grid), cls, schedule)
            if found is not None and found.entry is not None:
                return found
            failed += [found] if found is not None else []
    nearest = min((v for v in failed if v.distance is not None), key=lambda v: v.distance or 0.0, default=None)
    if grid != OWN:
        return _without_its_levels(name, cls, schedule, nearest or (failed[0] if failed else None))
    nothing = Verdict(name, None, "It offers no noise levels, neither ᾱ nor σ, at which a model of continuous data could be asked.")
    return nearest or (failed[0] if failed else nothing)


def _without_its_levels(name: str, cls: type, schedule: Schedule, failed: Verdict | None) -> Verdict:
    """Why a class does not do on a grid that is not its own: because it never does, or because of the grid."""
    own = verdict(name, cls, schedule)
    if own.entry is None:
        return own
    return failed or Verdict(name, None, "It is right on noise levels of its own, and takes no others.")


def misfit(cls: type) -> str:
    """Why the signature alone rules a class out, as a sentence; empty where it does not."""
    if not (hasattr(cls, "step") and hasattr(cls, "set_timesteps")):
        return "It has no single step: a predictor and a corrector must be called in turn."
    needed = required(cls.__init__)
    if needed:
        return f"A noise schedule is not enough to make one: its constructor also needs {_listed(needed)}."
    needed = required(cls.step, ("model_output", "timestep", "sample"))
    if needed:
        return f"Its step needs more than the network's answer, the time and the sample: also {_listed(needed)}."
    return ""


def _attempt(entry: Entry, cls: type, schedule: Schedule) -> Verdict | None:
    """One trial; None where this convention or this spacing does not apply."""
    exact = trial(schedule)
    try:
        driver = Driver(cls, entry, schedule)
    except Exception:  # of another convention, or refuses these settings
        return None
    try:
        n = driver.steps_for(NFE)
        if n is None:
            driver.evaluations(NFE // 2)  # to hear why
            return Verdict(entry.name, None, f"It offers no number of steps that costs at most {NFE} evaluations.")
        levels = driver.levels(n)[:-1]
        if levels[0].log_ratio < levels[-1].log_ratio:
            return Verdict(entry.name, None, "It walks the other way, from data to noise.", distance=float("inf"))
        wanted = driver.wanted(n)
        if entry.grid != OWN and wanted is not None and not wanted.among(levels):
            return Verdict(
                entry.name, None, "It is right on noise levels of its own, and does not keep to others that it is given."
            )
        samples = last(driver.run(exact.denoiser, exact.noise, n))
    except NotCompatible as error:
        return Verdict(entry.name, None, str(error))
    except Exception as error:
        return Verdict(entry.name, None, f"It stops with an error when it is run: {_short(error)}")
    distance = float(energy_distance(samples, exact.real))
    if not distance <= exact.limit:
        return Verdict(
            entry.name, None, _wrong(distance, exact.limit, n, entry.grid), distance if distance == distance else float("inf")
        )
    few = driver.steps_for(20) or n
    twice = [last(driver.run(exact.denoiser, exact.noise[:20], few, seed)) for seed in (0, 1)]
    return Verdict(entry.name, entry, "", distance, draws_noise=not torch.equal(*twice), grid=driver.grid(few))


def _wrong(distance: float, limit: float, n: int, grid: str) -> str:
    where, why = ("", " It expects a network that was trained or distilled for it.") if grid == OWN else (" on this time grid", "")
    if distance != distance:
        return f"With an exact denoiser of a known density its samples{where} are not finite."
    return (
        f"Given the exact denoiser of a known density it draws another one{where}, even in {n} steps: energy distance {distance:.3f}, "
        f"where {limit:.3f} would pass.{why}"
    )


def _short(error: Exception) -> str:
    text = " ".join(str(error).split()).rstrip(".")
    return f"{type(error).__name__}: {text[:110] + '…' if len(text) > 110 else text}."


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


@contextmanager
def quietly() -> Iterator[None]:
    """diffusers warns about settings that a trial tries on purpose."""
    import diffusers

    before = diffusers.utils.logging.get_verbosity()
    diffusers.utils.logging.set_verbosity_error()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        diffusers.utils.logging.set_verbosity(before)


def driver_of(verdict: Verdict, schedule: Schedule) -> Driver:
    """The scheduler that a verdict let in. Raises `NotCompatible` with its reason for one that is out."""
    if verdict.entry is None:
        raise NotCompatible(verdict.reason)
    with quietly():
        return Driver(scheduler_classes()[0][verdict.name], verdict.entry, schedule)
