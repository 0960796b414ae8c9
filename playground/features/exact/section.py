"""The exact answer beside the learned one: fields, a conditional and errors by time for points, errors and the memorisation meter for images."""

from __future__ import annotations

import gradio as gr

from playground.config import of_points
from playground.features.exact.conditional import conditional
from playground.features.exact.error_curve import error_curve
from playground.features.exact.fields import fields
from playground.features.exact.memorisation import memorisation
from playground.ui.fitting import fit
from playground.ui.tab import TrainingTab


def draw(tab: TrainingTab) -> None:
    """Which of them shows follows the run above, and before there is one the data picked."""
    functions, points = tab.service.server_functions(), of_points(tab.form.specs["dataset"].default)
    with gr.Column(visible=points) as for_points:
        fields(tab.name, server_functions=functions)
        conditional(tab.name, server_functions=functions)
    error_curve(tab.name, server_functions=functions)
    with gr.Column(visible=not points) as for_images:
        memorisation(tab.name, server_functions=functions)
    fit(tab, [for_points, for_images])
