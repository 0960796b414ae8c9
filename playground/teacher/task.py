"""A task for a class: what is trained on what, which settings are everybody's, what a run may cost, and what counts."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from playground.config import (
    CONFIGS,
    LIKELIHOODS,
    MODELS,
    ConfigError,
    RunConfig,
    SamplerSettings,
    field_specs,
    parse_config,
    words_for,
)
from playground.config.settings import brief, named
from playground.data import DATASETS

KINDS = [name for name, model in MODELS.items() if model.diffuses != "latents"]
"""Models of which there are tasks; each has the name of its tab."""
FREE = {"dataset", "device", "precision", "map_points"} | (SamplerSettings.model_fields.keys() - {"guidance_scale"})
"""Settings that no task fixes and no board shows: the data are the task's own, and the others change nothing of what counts."""
COSTLY = ("contraction",)
"""Settings of a run that goes on with which its steps would cost more or less."""
LONGEST, MOST_TRIES = 200_000, 100
UNITS = ((1e15, "quadrillion"), (1e12, "trillion"), (1e9, "billion"), (1e6, "million"), (1e3, "thousand"))


@dataclass(frozen=True)
class Task:
    """`usual` are the settings with which everybody begins; `steps` steps with them cost `budget` operations, which is what a run may cost."""

    id: str
    usual: RunConfig
    fixed: dict[str, Any]
    steps: int
    budget: float
    tries: int

    @property
    def model(self) -> str:
        return self.usual.model

    @property
    def query(self) -> str:
        """Of the link: the tab, the task, and the settings of the form that it fixes, which the form then hides."""
        given = {"dataset": self.usual.dataset, **self.fixed}
        query = {"tab": self.model, "task": self.id} | {f"{self.model}.{name}": value for name, value in given.items()}
        return urlencode(query | ({"hide": ",".join(self.fixed)} if self.fixed else {}), safe=",")

    @property
    def title(self) -> str:
        """ "VAE · Digits"."""
        title = MODELS[self.model].title
        return f"{title[0].upper()}{title[1:]} · {DATASETS[self.usual.dataset].title}"

    @property
    def counts(self) -> str:
        """What is ranked by."""
        many, image = f"{words_for(self.usual.dataset)[0]}s", DATASETS[self.usual.dataset].is_image
        if MODELS[self.model].has_bound:
            return f"the bound on −log p(x) of held-out {many}"
        if MODELS[self.model].encodes:
            return f"the squared error of held-out {many}"
        return (
            "the Fréchet distance of its samples to real images"
            if image
            else f"the energy distance of its samples to held-out {many}"
        )

    @property
    def sentence(self) -> str:
        """All that a student has to know."""
        model = MODELS[self.model].title
        article = "an" if model[0] in "aeiou" else "a"
        tries = "1 try" if self.tries == 1 else f"{self.tries} tries"
        fixed = "; ".join(differing(self.usual, self.fixed, self.fixed))
        return (
            f"Train {article} {model} on {DATASETS[self.usual.dataset].title}. What counts is {self.counts}: the lowest wins. A run may cost "
            f"{operations(self.budget)}, as do {self.steps:,} steps of the usual settings; {tries}, and each training begun here is one."
            + (f" The same for all: {fixed}." if fixed else "")
        )

    def configured(self, values: dict[str, Any]) -> RunConfig:
        """The settings of a training, if they are the task's where those are fixed. Raises `ConfigError` with a sentence."""
        return self.checked(parse_config({**values, "model": self.model}))

    def checked(self, config: RunConfig) -> RunConfig:
        """The same of settings that were read already."""
        for name, right in {"dataset": self.usual.dataset, **self.fixed}.items():
            if getattr(config, name) != right:
                raise ConfigError(f"{name} = {brief(getattr(config, name))} is refused: in this task it is {right}.", {name: right})
        if binarised(config) != binarised(self.usual):
            right = self.usual.model_dump()["likelihood"]
            raise ConfigError(
                f"likelihood = {brief(config.model_dump()['likelihood'])} is refused: bits of black and white pixels and of grey levels cannot be "
                "ranked together.",
                {"likelihood": right},
            )
        return config

    def afford(self, config: RunConfig, step: float) -> None:
        """Raises `ConfigError` where a run whose step costs `step` operations is over the budget, with how many steps would fit."""
        if config.steps * step <= self.budget:
            return
        fitting = int(self.budget // step)
        enough = "no step" if not fitting else "1 step" if fitting == 1 else f"{fitting:,} steps"
        said = f"steps = {config.steps} is refused: with these settings a step costs {operations(step)}, and the budget is enough for {enough}"
        if "steps" in self.fixed or not fitting:
            raise ConfigError(f"{said}. A smaller network or batch size would fit.")
        raise ConfigError(f"{said}.", {"steps": fitting})


def asked(values: Any) -> tuple[RunConfig, dict[str, Any], int, int]:
    """What a teacher wants, `{"model", "dataset", "fixed": {name: value}, "steps", "tries"}`: the usual settings, those that are fixed, steps of the
    budget, and tries. Raises `ConfigError` with a sentence."""
    match values:
        case {"model": str(model), "dataset": str(dataset), "fixed": dict(fixed), "steps": steps, "tries": tries} if model in KINDS:
            pass
        case _:
            raise ConfigError(
                f"A task has a model (one of {', '.join(KINDS)}), a dataset, what is fixed, steps of the budget and tries."
            )
    if dataset not in [name for _, name in field_specs(CONFIGS[model])["dataset"].options]:
        raise ConfigError(f"dataset = {brief(dataset)} is refused: it must be one that the form offers.")
    for words, value, most in (("The budget in steps", steps, LONGEST), ("Tries", tries, MOST_TRIES)):
        if type(value) is not int or not 1 <= value <= most:
            raise ConfigError(f"{words}: a whole number from 1 to {most:,}.")
    if unknown := [name for name in named(fixed) if name not in fixable(model)]:
        raise ConfigError(f"{brief(unknown[0])} is nothing that a task can fix: {', '.join(fixable(model))} are.")
    usual = parse_config({"model": model, "dataset": dataset, **fixed})
    return usual, {name: getattr(usual, name) for name in fixed}, steps, tries


def new(usual: RunConfig, fixed: dict[str, Any], steps: int, tries: int, step: float) -> Task:
    """A task with an id of its own, where a step of the usual settings costs `step` operations."""
    return Task(secrets.token_urlsafe(9).replace("-", "_"), usual, fixed, steps, steps * step, tries)


def fixable(model: str) -> list[str]:
    """The settings of a kind of model that a task may fix."""
    return [name for name in field_specs(CONFIGS[model]) if name not in FREE]


def form() -> dict[str, Any]:
    """What the teacher's form offers for each kind of model: its title, data, steps, and what may be fixed."""
    found = {}
    for model in KINDS:
        specs, title = field_specs(CONFIGS[model]), MODELS[model].title
        settings = [
            {
                "name": name,
                "label": specs[name].label,
                "options": specs[name].options,
                "low": specs[name].low,
                "high": specs[name].high,
            }
            for name in fixable(model)
        ]
        found[model] = {"title": title[0].upper() + title[1:], "data": specs["dataset"].options, "settings": settings}
    return found


def differing(usual: RunConfig, values: dict[str, Any], names: Any = None) -> list[str]:
    """Settings in words, "Width 64": those of `names`, or where none are given all that are not the usual ones, but for the steps."""
    specs, before = field_specs(type(usual)), usual.model_dump()
    chosen = names or [name for name in specs if name not in FREE | {"steps"} and name in values and values[name] != before[name]]
    return [f"{specs[name].label} {specs[name].titles.get(values[name], values[name])}" for name in chosen]


def binarised(config: RunConfig) -> bool:
    """Whether a bound is of black and white pixels."""
    name = getattr(config, "likelihood", "")
    return bool(name) and LIKELIHOODS[name].binarised


def operations(n: float) -> str:
    """A number of operations in words: "60.3 billion operations"."""
    size, word = next(((size, word) for size, word in UNITS if n >= 0.9995 * size), (1.0, ""))
    return f"{n / size:.3g} {word} operations".replace("  ", " ")
