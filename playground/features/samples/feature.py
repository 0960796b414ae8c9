"""What a diffusion model looks like while it learns, and what fresh samples look like."""

from __future__ import annotations

from typing import Any

from playground.features.feature import Feature, Views
from playground.features.samples.view import diffusion_views, points_static


def data(config: dict[str, Any]) -> Views:
    """The data beside which the samples of a run are drawn."""
    return points_static(config["dataset"])


KINDS = ("diffusion", "samples")
FEATURE = Feature(
    "samples", pictures=dict.fromkeys(KINDS, diffusion_views), static=dict.fromkeys((*KINDS, "latent_diffusion"), data)
)
