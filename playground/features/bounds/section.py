"""The bound, measured: live curves of ELBO, IWAE and log p(x) on the same images, and all of them exactly on demand."""

from __future__ import annotations

import gradio as gr

from playground.features.bound_at_point.card import truth
from playground.features.bounds.card import bounds
from playground.features.bounds.settings import BoundsConfig
from playground.ui.components.curves import curves
from playground.ui.studying import study
from playground.ui.tab import TrainingTab

LIVE_EMPTY = (
    "Press Train: −ELBO, the tighter −IWAE with 50 samples and, with one or two latent dimensions, −log p(x) itself, of "
    "the same 32 held-out images. What lies between the outer two is the gap."
)
HINT = "Measures the model of this tab, at any time while it trains and after. Stop keeps what it has."


def draw(tab: TrainingTab) -> None:
    """The section, wired to the run that the tab follows."""
    truth(tab.name, server_functions=tab.service.server_functions())
    with gr.Row():
        with gr.Column(scale=2, min_width=320):
            curves(tab.name, title="Bounds while it learns", empty=LIVE_EMPTY, height=400, view="bound_curves")
        with gr.Column(scale=3, min_width=320):
            form = study(tab, BoundsConfig, hint=HINT, counted="image")
            bounds("bounds")
            with gr.Row():
                form.draw("n_examples", "importance_samples", "seed")
