"""The collapse doctor."""

from __future__ import annotations

from playground.features.collapse.card import collapse
from playground.ui.tab import TrainingTab


def draw(tab: TrainingTab) -> None:
    """The section's card."""
    collapse(tab.name, server_functions=tab.service.server_functions())
