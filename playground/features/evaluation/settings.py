"""The settings of an evaluation."""

from __future__ import annotations

from typing import Literal

from playground.config import StudyConfig
from playground.config.settings import setting


class EvaluationConfig(StudyConfig):
    """All that can be measured of one model, by the same measures for every kind, on the same held-out data."""

    study: Literal["evaluation"] = "evaluation"
    n_samples: int = setting(
        500, "Samples", "Samples in one draw, at most half as many as there are held-out examples.", ge=20, le=5000, main=True
    )
    draws: int = setting(3, "Draws", "Fresh draws of so many samples: the spread is that between them.", ge=2, le=20)
    n_examples: int = setting(32, "Likelihoods", "Held-out examples whose bound and log-likelihood are measured.", ge=2, le=10_000)
    importance_samples: int = setting(
        1000, "Draws of z", "For each example, where log p(x) of a VAE cannot be integrated.", ge=50, le=100_000
    )
