"""The reparametrisation trick, drawn."""

from __future__ import annotations

from playground.features.reparametrisation.card import reparametrisation
from playground.ui.tab import TrainingTab


def draw(tab: TrainingTab) -> None:
    """The section's card."""
    reparametrisation(tab.name, server_functions=tab.service.server_functions())
