"""The forward process of the data and the schedule that are picked in the form; works before any training."""

from __future__ import annotations

from typing import Any

import gradio as gr

from playground.features.forward_process.card import forward_process
from playground.features.forward_process.service import ScheduleTables
from playground.ui.tab import TrainingTab


def draw(tab: TrainingTab) -> None:
    """The picture, which follows the form."""
    shown = forward_process(
        dict(tab.form.specs["schedule"].titles),
        choice({name: spec.default for name, spec in tab.form.specs.items()}),
        server_function=ScheduleTables(tab.service.registry).server_function(),
    )
    tab.form.changed(["dataset", "schedule"], choice, [], shown)


def small(tab: TrainingTab) -> None:
    """The same for the first screen, without its lead, numbers and charts: the style leaves them out there."""
    with gr.Column(elem_classes=["forward-small"]):
        draw(tab)


def choice(values: dict[str, Any]) -> dict[str, Any]:
    """The value of the picture."""
    return {name: values[name] for name in ("dataset", "schedule")}
