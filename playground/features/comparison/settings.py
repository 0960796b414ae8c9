"""The settings of the comparison of ways to draw latents."""

from __future__ import annotations

from typing import Literal

from playground.config import StudyConfig
from playground.config.settings import Slider, setting


class ComparisonConfig(StudyConfig):
    """Six ways to draw images through the decoders of an autoencoder and a VAE, measured against held-out images alike."""

    study: Literal["comparison"] = "comparison"
    steps: int = setting(
        1500,
        "Training steps",
        "Of each of the two small diffusion models that are trained in the latent spaces.",
        ge=1,
        le=200_000,
        main=True,
        scale="log",
    )
    n_samples: int = setting(
        1000,
        "Samples",
        "In one measurement of a distance, at most half of the held-out images. Each row is measured five times.",
        ge=4,
        le=4096,
        main=True,
    )
    width: int = setting(
        128, "Width", "Units per layer of the two diffusion models.", ge=16, le=1024, step=16, slider=Slider(top=512)
    )
    sampling_steps: int = setting(
        50, "Sampling steps", "Of the two diffusion models, with DDIM.", ge=1, le=1000, slider=Slider(top=200)
    )
