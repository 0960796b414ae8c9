"""The settings of bounds on log p(x)."""

from __future__ import annotations

from typing import Literal

from playground.config import StudyConfig
from playground.config.settings import setting


class BoundsConfig(StudyConfig):
    """Bounds on log p(x) of held-out images under a VAE, and log p(x) itself in one or two latent dimensions."""

    study: Literal["bounds"] = "bounds"
    n_examples: int = setting(100, "Images", "Held-out images, at most.", ge=2, le=10_000, main=True)
    importance_samples: int = setting(
        5000,
        "Draws",
        "Draws of z for each image: the estimate grows towards log p(x) with them.",
        ge=50,
        le=100_000,
        main=True,
        scale="log",
    )
