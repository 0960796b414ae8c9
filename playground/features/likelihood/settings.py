"""The settings of log-likelihood under a diffusion model."""

from __future__ import annotations

from typing import Literal

from playground.config import StudyConfig
from playground.config.settings import setting


class LikelihoodConfig(StudyConfig):
    """Log-likelihood of held-out examples under a diffusion model: through the probability-flow ODE, and its bound."""

    study: Literal["likelihood"] = "likelihood"
    n_examples: int = setting(256, "Examples", "Held-out examples, at most.", ge=1, le=10_000, main=True, unit="examples")
    probes: int = setting(
        2,
        "Probes",
        "Random vectors that estimate the divergence of the flow for each image (Hutchinson); exact for points.",
        ge=1,
        le=16,
    )
    bound_draws: int = setting(
        64, "Noise levels", "At how many random noise levels the variational bound looks at each example.", ge=2, le=1000
    )
