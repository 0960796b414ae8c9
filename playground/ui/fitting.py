"""Parts of the diffusion tab that fit points, or images: which of them shows."""

from __future__ import annotations

from typing import Any

import gradio as gr

from playground.config import of_points
from playground.ui.tab import QUIET, TrainingTab


def which(dataset: str) -> list[dict[str, Any]]:
    """Visibility of a part for points and of one for images."""
    points = of_points(dataset)
    return [gr.update(visible=points), gr.update(visible=not points)]


def fit(tab: TrainingTab, columns: list[gr.Column]) -> None:
    """Keeps two columns, for points and for images, true to the run of `tab`, and before there is one to the data picked."""

    def idle(values: dict[str, Any], shown: Any) -> list[Any]:
        return [gr.skip()] * 2 if shown else which(values["dataset"])

    def found(event: gr.EventData) -> list[Any]:
        return which(tab.found(event)["dataset"])

    def started(event: gr.EventData) -> list[Any]:
        return which(tab.form.values(event).get("dataset", tab.form.specs["dataset"].default))

    tab.bar.train(started, None, columns, **QUIET)
    tab.bar.attached(found, None, columns, **QUIET)
    tab.form.changed(["dataset"], idle, [tab.bar], columns)
