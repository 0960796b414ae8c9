"""The settings of reflow."""

from __future__ import annotations

from typing import Literal

from playground.config import StudyConfig
from playground.config.settings import setting


class ReflowConfig(StudyConfig):
    """One round of reflow: a rectified flow trained again on its own pairs of noise and sample (Liu et al. 2023)."""

    study: Literal["reflow"] = "reflow"
    steps: int = setting(
        2000, "Training steps", "On the pairs, from the weights of the model of this tab.", ge=1, le=200_000, main=True, scale="log"
    )
    pairs: int = setting(
        0,
        "Pairs",
        "Of noise and the sample that the model makes of it. 0: 20,000 of points, 2,000 of images.",
        ge=0,
        le=200_000,
        main=True,
        scale="log",
    )
    ode_steps: int = setting(
        100,
        "ODE steps",
        "Euler steps from noise to sample, for a pair and for a path whose straightness is measured.",
        ge=2,
        le=1000,
    )
