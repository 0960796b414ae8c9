"""ELBO, IWAE, importance sampling and the integral itself on one axis: the bounds measured on held-out images."""

import gradio as gr

from playground.ui.component import card, component

EMPTY = (
    "Press Evaluate: bounds on log p(x) of held-out images, from the ELBO to importance sampling with thousands of "
    "samples, each with its standard error; with one or two latent dimensions also log p(x) itself."
)


def bounds(channel: str, *, height: int = 396) -> gr.HTML:
    """Draws the payload `bounds` (`playground.features.bounds.view`) of the run that `channel` follows."""
    body = '<div class="bounds-plot"></div><div class="bounds-gap"></div><div class="bounds-warning"></div>'
    template = card("Bounds on held-out images", EMPTY, body, height=height, label="Bounds on held-out images")
    return component("features/bounds/card.js", template, tab=channel)
