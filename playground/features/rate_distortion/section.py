"""The rate-distortion plane."""

from __future__ import annotations

from playground.features.rate_distortion.card import rate_distortion
from playground.ui.tab import TrainingTab


def draw(tab: TrainingTab) -> None:
    """The section's plane."""
    rate_distortion(tab.name)
