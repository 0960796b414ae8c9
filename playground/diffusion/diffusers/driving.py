"""One diffusers scheduler on its way from noise to data with a denoiser of ours."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from playground.diffusion.diffusers.catalogue import parameters
from playground.diffusion.diffusers.conventions import CONVENTIONS, Convention
from playground.diffusion.diffusers.wanted import Wanted, wanted
from playground.diffusion.levels import Level, level_at, time_of
from playground.diffusion.noise import Schedule
from playground.diffusion.sampling import GRIDS

DenoiserFn = Callable[[Tensor, Tensor], Any]


OWN = "own"
"""The grid of a scheduler that is left its own noise levels."""


class NotCompatible(ValueError):
    """A scheduler cannot do this; `str(error)` is the reason, a sentence."""


@dataclass(frozen=True)
class Entry:
    """How a scheduler class is to be used: found by `probing.py`, never written down."""

    name: str
    convention: str
    spacing: str
    """`trailing` where it can be told so, else `default`: where its own noise levels lie."""
    grid: str = OWN
    """One of `sampling.GRIDS`, whose levels it is given in place of its own."""


@dataclass(frozen=True)
class Evaluation:
    """The scheduler has asked the denoiser the `index`-th of `total` times, at `x_t` in the units of the model's own schedule."""

    index: int
    total: int
    t: float
    level: Level
    x_t: Tensor
    x: Tensor
    """What the scheduler made of the answer, in its own units; clean data after the last."""


class Driver:
    """A scheduler, ready to run. Raises `NotCompatible` where it cannot be made."""

    def __init__(self, cls: type, entry: Entry, schedule: Schedule) -> None:
        self.cls, self.entry, self.schedule = cls, entry, schedule
        self.convention: Convention = CONVENTIONS[entry.convention]
        self._prepared: dict[int, int] = {}
        self._fresh: dict[int, Any] = {}
        if self._made(2) is None:
            raise NotCompatible(f"It cannot be told of {self.convention.sentence}.")

    def wanted(self, n_steps: int) -> Wanted | None:
        """The levels that it is given; None where it has its own."""
        return None if self.entry.grid == OWN else wanted(self.schedule, self.entry.grid, n_steps)

    def _made(self, n_steps: int) -> Any | None:
        """A scheduler as its constructor made it; one that has its own levels is the same for all numbers of steps."""
        key = 0 if self.entry.grid == OWN else n_steps
        if key not in self._fresh:
            self._fresh[key] = self.convention.make(self.cls, self.schedule, self.entry.spacing, self.wanted(n_steps))
        return self._fresh[key]

    def prepare(self, n_steps: int) -> Any:
        """A fresh scheduler, told to make `n_steps` steps."""
        scheduler = deepcopy(self._made(n_steps))  # some take a third of a second to make
        self.convention.set_steps(scheduler, n_steps, self.entry.spacing, self.wanted(n_steps))
        return scheduler

    def evaluations(self, n_steps: int) -> int:
        """How often it asks the denoiser in `n_steps` of its steps: once a time on its list."""
        if n_steps not in self._prepared:
            self._prepared[n_steps] = len(self.convention.times(self.prepare(n_steps)))
        return self._prepared[n_steps]

    def steps_for(self, nfe: int) -> int | None:
        """The most steps that cost at most `nfe` evaluations; None where even the fewest that it makes cost more."""
        guess = nfe + 1
        for _ in range(12):  # evaluations are about proportional to steps, so this settles at once; then feel the way down
            cost = self._cost(guess)
            if cost is not None and cost <= nfe:
                break
            guess = min(guess - 1, max(1, round(guess * (nfe / cost if cost else 0.8)) + 1))
        return next((n for n in range(guess, max(0, guess - 8), -1) if 0 < (self._cost(n) or nfe + 1) <= nfe), None)

    def _cost(self, n_steps: int) -> int | None:
        """`evaluations`, or None where it refuses that many steps: some want an even number, or more than one."""
        try:
            return self.evaluations(n_steps)
        except Exception:  # each refuses in its own way
            return None

    def levels(self, n_steps: int) -> list[Level]:
        """The noise levels at which it asks, from noise to data, and data itself."""
        scheduler = self.prepare(n_steps)
        return [self.convention.level(scheduler, float(t)) for t in self.convention.times(scheduler)] + [Level(1.0, 0.0)]

    def grid(self, n_steps: int) -> str:
        """The one of `sampling.GRIDS` whose levels it asks at, whoever chose them; `OWN` where it is none of them."""
        asked = [level_at(self.schedule, time_of(self.schedule, level)) for level in self.levels(n_steps)[:-1]]
        known = (grid for grid in GRIDS if wanted(self.schedule, grid, len(set(asked))).among(asked))
        return next(known, OWN) if self.entry.grid == OWN else self.entry.grid

    @torch.no_grad()
    def run(self, denoiser: DenoiserFn, noise: Tensor, n_steps: int, seed: int = 0) -> Iterator[Evaluation]:
        """From `noise`, standard normal of shape (n, ...), to data. `seed` fixes the noise that it draws on the way."""
        scheduler = self.prepare(n_steps)
        times = self.convention.times(scheduler)
        generator = torch.Generator(noise.device).manual_seed(seed)
        takes = parameters(scheduler.step)
        optional: dict[str, Any] = {"generator": generator} if "generator" in takes else {}
        x = noise * float(getattr(scheduler, "init_noise_sigma", 1.0))
        with seeded(seed):
            for index, t in enumerate(times):
                seen = scheduler.scale_model_input(x, t) if hasattr(scheduler, "scale_model_input") else x
                level = self.convention.level(scheduler, float(t))
                time = time_of(self.schedule, level)
                x_t = seen * self.to_ours(level, time)
                x_0 = denoiser(x_t, torch.full((1,), time, dtype=x_t.dtype, device=x_t.device)).x_0
                answer = self.convention.answer(seen, x_0, level, scheduler)
                if "prev_timestep" in takes:  # else it would step from t to t - 1
                    optional["prev_timestep"] = times[index + 1] if index + 1 < len(times) else None
                stepped = scheduler.step(answer, self.convention.timestep(t, len(x)), x, **optional)
                x = stepped.prev_sample if hasattr(stepped, "prev_sample") else stepped[0]
                yield Evaluation(index + 1, len(times), time, level, x_t, x)

    def to_ours(self, level: Level, t: float) -> float:
        """The factor from the scheduler's units at `level` to `alpha_t x_0 + sigma_t eps`."""
        at = torch.tensor(t, dtype=torch.float64)
        return math.hypot(float(self.schedule.alpha(at)), float(self.schedule.sigma(at))) / level.norm


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """torch's global random state fixed and put back, for schedulers that take no generator."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def last(evaluations: Iterator[Evaluation]) -> Tensor:
    """The clean data at the end of a way."""
    x = None
    for evaluation in evaluations:
        x = evaluation.x
    if x is None:
        raise NotCompatible("It makes no step at all.")
    return x
