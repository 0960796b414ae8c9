"""log p(x) under a diffusion model: means with their errors on one axis, and each example against the truth."""

from __future__ import annotations

import gradio as gr

from playground.ui.component import card, component

EMPTY = (
    "Press Evaluate: log p(x) of held-out examples will stand here, by the flow of the model and as a lower bound, in nats and "
    "for images in bits per dimension, the units in which a VAE is measured too. For the mixture of Gaussians, also the truth."
)


def likelihood(tab: str, *, height: int = 330) -> gr.HTML:
    """Draws the payload `likelihood` (`playground.features.likelihood.view`) of the study that `tab` follows."""
    body = '<div class="likelihood-body"><div class="likelihood-rows"></div><div class="likelihood-plot"></div></div>'
    after = '<div class="likelihood-message"></div>'
    template = card("log p(x) of held-out examples", EMPTY, body, height=height, label="Likelihood", after=after)
    return component("features/likelihood/card.js", template, tab=tab)
