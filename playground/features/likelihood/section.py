"""log p(x) of held-out examples under the model of this tab: through its probability-flow ODE, and its variational bound."""

from __future__ import annotations

import gradio as gr

from playground.features.likelihood.card import likelihood
from playground.features.likelihood.settings import LikelihoodConfig
from playground.ui.studying import study
from playground.ui.tab import TrainingTab

HINT = (
    "Measures log p(x) of held-out examples under the model of this tab, with its newest weights; it may go on training meanwhile."
)


def draw(tab: TrainingTab) -> None:
    """A run bar of its own, its settings, and the result."""
    form = study(tab, LikelihoodConfig, hint=HINT, counted="example")
    with gr.Accordion("What is measured", open=False), gr.Row():
        form.draw(*form.rest())
    likelihood("likelihood")
