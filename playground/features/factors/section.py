"""Disentanglement on data whose factors are known."""

from __future__ import annotations

from playground.features.factors.card import factors
from playground.ui.tab import TrainingTab


def draw(tab: TrainingTab) -> None:
    """The section's table."""
    factors(tab.name, server_functions=tab.service.server_functions())
