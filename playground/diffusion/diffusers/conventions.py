"""What a scheduler hands a network, and what it wants back.

A scheduler gives the network some `x = a x_0 + s ε` and some label of time, and takes one number per pixel back. A convention
says what `(a, s)` are and how `x_0` becomes that answer. Which convention a class follows is not listed anywhere: each one that
the class's own signature allows is tried, and the exact denoiser is the judge (`probing.py`).
"""

from __future__ import annotations

import inspect
import math
from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor

from playground.diffusion.diffusers.catalogue import parameters
from playground.diffusion.diffusers.wanted import Wanted
from playground.diffusion.levels import Level, alphas_cumprod, betas_of, level_at
from playground.diffusion.noise import Schedule

UNCLIPPED = {"clip_sample": False, "clip_denoised": False, "thresholding": False}
"""The denoiser that is handed over keeps to the range of the data by itself, so a scheduler must not do it a second time."""


class Convention(ABC):
    """One way in which schedulers speak to networks."""

    name: str
    sentence: str
    prediction: str = ""
    """What `prediction_type` is set to, where there is one."""

    def make(self, cls: type, schedule: Schedule, spacing: str, wanted: Wanted | None = None) -> Any | None:
        """A scheduler of `cls` for `schedule`, which shall ask at the levels `wanted`, else at its own; or None where its signature
        does not have what this convention needs."""
        takes = parameters(cls.__init__)
        settings = self.settings(takes, schedule, wanted)
        if settings is None:
            return None
        settings |= {name: value for name, value in UNCLIPPED.items() if name in takes}
        if "prediction_type" in takes and self.prediction:
            settings["prediction_type"] = self.prediction
        if spacing != "default":
            if "timestep_spacing" not in takes:
                return None
            settings["timestep_spacing"] = spacing
        scheduler = cls(**settings)
        return scheduler if self.fits(scheduler) else None

    @abstractmethod
    def settings(self, takes: dict[str, Any], schedule: Schedule, wanted: Wanted | None) -> dict[str, Any] | None:
        """Constructor arguments, or None where the constructor does not take what it must, or no levels but its own."""

    def fits(self, scheduler: Any) -> bool:
        """Whether the scheduler, once made, has what `level` reads."""
        return True

    def set_steps(self, scheduler: Any, n: int, spacing: str, wanted: Wanted | None = None) -> None:
        """Tells it how many steps there are, and at which levels, where its constructor was not told."""
        scheduler.set_timesteps(n)

    def times(self, scheduler: Any) -> list[Tensor]:
        """The times at which it asks the network; one that stands for clean data is not asked at."""
        return [t for t in scheduler.timesteps if self.level(scheduler, float(t)).s > 0.0]

    def timestep(self, t: Tensor, n: int) -> Tensor:
        """The time as its `step` wants it for n samples."""
        return t

    @abstractmethod
    def level(self, scheduler: Any, t: float) -> Level:
        """`(a, s)` of what the network sees at the scheduler's time `t`."""

    @abstractmethod
    def answer(self, x: Tensor, x_0: Tensor, level: Level, scheduler: Any) -> Tensor:
        """What a network of this convention would say that believes the clean data to be `x_0`."""


def v_of(x: Tensor, x_0: Tensor, level: Level) -> Tensor:
    """`v = a eps - s x_0` where `a² + s² = 1` (Salimans & Ho 2022): well conditioned at every level."""
    return (level.a * x - x_0) / level.s


def eps_of(x: Tensor, x_0: Tensor, level: Level) -> Tensor:
    """`eps = (x - a x_0) / s`."""
    return (x - level.a * x_0) / level.s


class Table(Convention):
    """Discrete and variance preserving (Ho et al. 2020): `a² = ᾱ_i`, `s² = 1 - ᾱ_i`, and the network sees the index `i`. Schedulers
    that compute with `σ = s / a` rescale the network's input to this."""

    name, sentence = "table", "a table of 1,000 noise levels ᾱ"
    prediction = "v_prediction"

    def settings(self, takes, schedule, wanted):
        if "trained_betas" in takes:
            table = wanted.cumprod if wanted else alphas_cumprod(schedule)
            if wanted and "timestep_spacing" not in takes:  # then its n steps are the upper n of n + 1 levels
                table = torch.cat([0.5 + 0.5 * table[:1], table])
            return {"num_train_timesteps": len(table), "trained_betas": betas_of(table)}
        return {} if "beta_schedule" in takes and not wanted else None

    def make(self, cls, schedule, spacing, wanted=None):
        """As above; a class that does not know `v` is answered with `x_0` itself."""
        scheduler = super().make(cls, schedule, spacing, wanted)
        if scheduler is not None and "prediction_type" in scheduler.config and "v_prediction" not in inspect.getsource(cls):
            scheduler.register_to_config(prediction_type="sample")
        return scheduler

    def fits(self, scheduler):
        return getattr(scheduler, "alphas_cumprod", None) is not None

    def level(self, scheduler, t):
        """Between two indices `log(s / a)` is taken to be straight."""
        table = scheduler.alphas_cumprod
        k = min(max(int(t), 0), len(table) - 2) if len(table) > 1 else 0
        logs = [0.5 * (math.log1p(-float(a)) - math.log(float(a))) for a in table[k : k + 2].double()]
        log_ratio = logs[0] + (min(max(t, 0.0), len(table) - 1.0) - k) * (logs[1] - logs[0])
        a_squared = 1.0 / (1.0 + math.exp(2.0 * log_ratio))
        return Level(math.sqrt(a_squared), math.sqrt(-math.expm1(math.log(a_squared))))

    def answer(self, x, x_0, level, scheduler):
        kind = scheduler.config.get("prediction_type", "epsilon")
        if kind == "sample":
            return x_0
        return v_of(x, x_0, level) if kind == "v_prediction" else eps_of(x, x_0, level)


class Angle(Convention):
    """Variance preserving in an angle: `a = cos φ`, `s = sin φ`, and the network sees `φ` (or `2φ/π`) and says `v`."""

    name, sentence = "angle", "an angle φ with α = cos φ and σ = sin φ"
    prediction = "trigflow"

    def settings(self, takes, schedule, wanted):
        if wanted:
            return None
        if "trigflow" in str(takes.get("prediction_type")):
            return {"sigma_data": 1.0}
        return {} if "trained_betas" in takes and "beta_schedule" not in takes and "beta_start" not in takes else None

    def set_steps(self, scheduler, n, spacing, wanted=None):
        once_more = "intermediate_timesteps" in parameters(scheduler.set_timesteps)
        scheduler.set_timesteps(n, **({"intermediate_timesteps": None} if once_more else {}))

    def level(self, scheduler, t):
        angle = t if scheduler.config.get("prediction_type") == "trigflow" else 0.5 * math.pi * t
        return Level(max(math.cos(angle), 0.0), math.sin(angle))

    def answer(self, x, x_0, level, scheduler):
        return v_of(x, x_0, level)


class Function(Convention):
    """Variance preserving with `ᾱ` as a function of a continuous time, which each sample has its own of; the network says `eps`."""

    name, sentence = "function", "a function ᾱ(t) of continuous time"

    def settings(self, takes, schedule, wanted):
        return {} if "trained_betas" not in takes and not wanted else None

    def fits(self, scheduler):
        return hasattr(scheduler, "_alpha_cumprod")

    def times(self, scheduler):
        return list(scheduler.timesteps[:-1])

    def timestep(self, t, n):
        return t.expand(n)

    def level(self, scheduler, t):
        a_squared = float(scheduler._alpha_cumprod(torch.tensor([t]), torch.device("cpu")))
        return Level(math.sqrt(a_squared), math.sqrt(1.0 - a_squared))

    def answer(self, x, x_0, level, scheduler):
        return eps_of(x, x_0, level)


class Flow(Convention):
    """A straight line (Liu et al. 2023; Lipman et al. 2023): `a = 1 - s`; the network sees `1000 s` and says `eps - x_0`."""

    name, sentence = "flow", "a straight line, x = (1 − s) x₀ + s ε"

    def settings(self, takes, schedule, wanted):
        if "trained_betas" in takes or "sigma_data" in takes or "beta_schedule" in takes:
            return None
        return {"shift": 1.0} if "shift" in takes else {}

    def make(self, cls, schedule, spacing, wanted=None):
        given = spacing == "trailing" or wanted
        return super().make(cls, schedule, "default", wanted) if "sigmas" in parameters(cls.set_timesteps) or not given else None

    def set_steps(self, scheduler, n, spacing, wanted=None):
        """`trailing` is the even grid `1, 1 - 1/n, … 1/n`; the schedulers' own grid spends its last evaluation at 1/1000."""
        if spacing != "trailing" and not wanted:
            scheduler.set_timesteps(n)
            return
        sigmas = [level.s / (level.a + level.s) for level in wanted.levels] if wanted else [1.0 - i / n for i in range(n)]
        if not _ends_in_data(scheduler, sigmas, n):  # this one wants to be told the end, too
            scheduler.set_timesteps(sigmas=[*sigmas, 0.0], **_number(scheduler, n))

    def fits(self, scheduler):
        return hasattr(scheduler, "sigmas")

    def level(self, scheduler, t):
        s = min(max(t / scheduler.config.get("num_train_timesteps", 1000), 0.0), 1.0)
        return Level(1.0 - s, s)

    def answer(self, x, x_0, level, scheduler):
        return (x - x_0) / level.s


class FlowFromData(Flow):
    """The same line the other way round: the network sees `1 - s` and says `x_0 - eps`."""

    name, sentence = "flow from data", "a straight line walked from the data's end, time 1 − s"

    def level(self, scheduler, t):
        return Level(float(t), 1.0 - float(t))

    def answer(self, x, x_0, level, scheduler):
        return (x_0 - x) / level.s


class EDM(Convention):
    """Karras et al. 2022: `x = c_in (x_0 + σ ε)`, and the answer `F` with `x_0 = c_skip x + c_out F`, where the scheduler knows
    `c_skip` and `c_out`."""

    name, sentence = "edm", "Karras' preconditioning, x₀ = c_skip x + c_out F"
    prediction = "epsilon"
    RULES = {"karras": "karras", "log_snr": "exponential"}
    """Our names of the grids that these classes make themselves, and theirs."""

    def settings(self, takes, schedule, wanted):
        if not {"sigma_min", "sigma_max", "sigma_data"} <= set(takes):
            return None
        if wanted and not (wanted.grid in self.RULES and "sigma_schedule" in takes):
            return None
        high, low = (
            (wanted.levels[0], wanted.levels[-1]) if wanted else (level_at(schedule, t) for t in (schedule.t_max, schedule.t_min))
        )
        ends = {"sigma_min": low.s / low.a, "sigma_max": high.s / high.a, "sigma_data": 1.0}
        return ends | ({"sigma_schedule": self.RULES[wanted.grid]} if wanted else {})

    def level(self, scheduler, t):
        sigma = float(scheduler.sigmas[int((scheduler.timesteps - t).abs().argmin())])
        scale = 1.0 / math.hypot(sigma, scheduler.config.sigma_data)
        return Level(scale, scale * sigma)

    def answer(self, x, x_0, level, scheduler):
        sigma, sample = level.s / level.a, x / level.a
        if hasattr(scheduler, "get_scalings_for_boundary_condition"):
            c_skip, c_out = scheduler.get_scalings_for_boundary_condition(sigma)
        else:
            data = scheduler.config.sigma_data
            c_skip, c_out = data**2 / (sigma**2 + data**2), sigma * data / math.hypot(sigma, data)
        return (x_0 - c_skip * sample) / c_out


CONVENTIONS: dict[str, Convention] = {c.name: c for c in (Table(), Angle(), Function(), Flow(), FlowFromData(), EDM())}


def _ends_in_data(scheduler: Any, sigmas: list[float], n: int) -> bool:
    """Whether it takes these levels, and goes on from the last to the data by itself."""
    try:
        scheduler.set_timesteps(sigmas=sigmas, **_number(scheduler, n))
    except ValueError:
        return False
    return float(scheduler.sigmas[-1]) == 0.0


def _number(scheduler: Any, n: int) -> dict[str, int]:
    """`num_inference_steps`, for those that want it beside the levels."""
    return {"num_inference_steps": n} if "num_inference_steps" in parameters(scheduler.set_timesteps) else {}
