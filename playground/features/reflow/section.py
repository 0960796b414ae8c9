"""Reflow: the flow above, straightened once; its paths and its quality at few steps, before and after."""

from __future__ import annotations

import gradio as gr

from playground.config import of_points
from playground.features.reflow.card import reflow_numbers, reflow_paths
from playground.features.reflow.settings import ReflowConfig
from playground.ui.components.image_table import image_table
from playground.ui.fitting import fit
from playground.ui.studying import study
from playground.ui.tab import TrainingTab

HINT = "Takes the model of this tab as it is now: measures it, draws pairs with it, trains a copy on them, and measures again."
NO_FLOW = "There is no model to straighten yet: choose the noise schedule rectified flow, and press Train first."
TILES_EMPTY = "Images after 1, 2 and 4 Euler steps from the same noise will stand here, before and after reflow."


def draw(tab: TrainingTab) -> None:
    """A run bar of its own, the numbers, and the paths (for points) or images of few steps."""
    form = study(tab, ReflowConfig, hint=HINT, train_label="Straighten", busy_word="Reflow", no_model=NO_FLOW)
    with gr.Accordion("How it is done", open=False), gr.Row():
        form.draw(*form.rest())
    points = of_points(tab.form.specs["dataset"].default)
    with gr.Row():
        with gr.Column(scale=1, min_width=320):
            reflow_numbers("reflow")
        with gr.Column(scale=1, min_width=320, visible=points) as for_points:
            reflow_paths("reflow")
        with gr.Column(scale=1, min_width=320, visible=not points) as for_images:
            image_table("reflow", view="reflow_tiles", title="Images of few steps", empty=TILES_EMPTY, height=430)
    fit(tab, [for_points, for_images])
