"""The forward process of the data and the schedule that are picked in the form; works before any training."""

from __future__ import annotations

from typing import Any

from playground.features.forward.card import forward
from playground.features.forward.desk import Forward
from playground.ui.tab import TrainingTab


def draw(tab: TrainingTab) -> None:
    """The picture, which follows the form."""
    shown = forward(
        dict(tab.form.specs["schedule"].titles),
        choice({name: spec.default for name, spec in tab.form.specs.items()}),
        server_function=Forward(tab.service.registry).server_function(),
    )
    tab.form.changed(["dataset", "schedule"], choice, [], shown)


def choice(held: dict[str, Any]) -> dict[str, Any]:
    """The value of the picture."""
    return {name: held[name] for name in ("dataset", "schedule")}
