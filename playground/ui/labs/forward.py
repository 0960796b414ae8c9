"""The forward process of the data and the schedule that are picked in the form; works before any training."""

from __future__ import annotations

from typing import Any

import gradio as gr

from playground.ui.components.forward import forward
from playground.ui.forms import TITLES
from playground.ui.forward import SCHEDULES, Forward
from playground.ui.tabs.common import QUIET, TrainingTab


def draw(tab: TrainingTab) -> None:
    """The picture, which follows the form."""
    data, schedule = (tab.form.controls[name] for name in ("dataset", "schedule"))
    shown = forward(
        {name: TITLES["schedule"][name] for name in SCHEDULES},
        choice(data.value, schedule.value),
        server_function=Forward(tab.service.registry).server_function(),
    )
    gr.on([data.change, schedule.change], choice, [data, schedule], shown, **QUIET)


def choice(dataset: Any, schedule: Any) -> dict[str, Any]:
    """The value of the picture."""
    return {"dataset": dataset, "schedule": schedule}
