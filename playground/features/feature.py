"""What a folder of `features/` tells the server: a study that it makes, and pictures that it draws of runs.

A study needs a name, its settings, the run and the view; the rest is for folders that draw what others run.

    FEATURE = Feature("bounds", BoundsConfig, "playground.features.bounds.run:bounds_run", bounds_study)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from playground.config import StudyConfig
from playground.runtimes.records import RunRecord
from playground.views.payloads import Payload
from playground.views.places import Place

Views = dict[str, Payload]
"""Payloads by the name of their view."""


class Memory(Protocol):
    """What a builder may ask of the run's earlier pictures, so that the next one stays put."""

    def previous(self, name: str) -> Payload | None:
        """The last payload of a view, which the next one keeps its axes from."""
        ...

    def place(self, record: RunRecord) -> Place:
        """The latents of a record on the map."""
        ...


Builder = Callable[[Memory, RunRecord], Views]
"""Makes the pictures of a run's newest snapshot."""


@dataclass(frozen=True)
class Feature:
    """The `FEATURE` of a `feature.py`; it has the name of its folder."""

    name: str
    settings: type[StudyConfig] | None = None
    """Of its study, a measurement of a trained model in a run of its own; their field `study` is the name again."""
    run: str = ""
    """`module:function`, the study as a generator of events: `(settings, checkpoint, control)`. That module alone may load torch."""
    view: Builder | None = None
    """Of a run of the study."""
    latents: bool = False
    """Whether the study also measures a diffusion in the latent space of an autoencoder."""
    others: tuple[str, ...] = ()
    """Further weights that the study compares with `checkpoint`, by the names of its arguments."""
    results: Callable[[dict[str, np.ndarray]], Payload] | None = None
    """What the API answers at the end of the study, from the arrays of its last snapshot; without it, the numbers of the view."""
    pictures: Mapping[str, Builder] = field(default_factory=dict)
    """Kind of run (a model, or `samples`) -> what it looks like at each snapshot."""
    static: Mapping[str, Callable[[dict[str, Any]], Views]] = field(default_factory=dict)
    """Kind of run -> what does not change while it goes, from its settings."""
    history: Callable[[RunRecord], Views] | None = None
    """What is drawn of all readings of a training; nothing for those that it is not about."""

    def configure(self, values: dict[str, Any]) -> StudyConfig:
        """The settings of the study. Raises `ConfigError` with a sentence."""
        if self.settings is None:
            raise TypeError(f"The feature {self.name} makes no study.")
        return self.settings(**values)

    def __post_init__(self) -> None:
        if self.settings is not None and self.settings.model_fields["study"].default != self.name:
            raise TypeError(f'The settings of the study {self.name} must begin with study: Literal["{self.name}"] = "{self.name}".')
