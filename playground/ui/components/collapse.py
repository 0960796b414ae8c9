"""The collapse doctor: what each latent dimension carries, where codes lie in it, and a sentence when something is wrong."""

import gradio as gr

from playground.ui.components.shared import card, component

EMPTY = (
    "Press Train: a bar for every latent dimension, as high as the nats that it carries, and below it where the codes of "
    "all images lie in it, against the prior. When something goes wrong, a sentence here says what and why."
)
BODY = (
    '<div class="doctor-says" role="status"></div><div class="doctor-plot" tabindex="0" role="group"></div>'
    '<div class="doctor-one"></div>'
)


def collapse(tab: str, *, height: int = 378) -> gr.HTML:
    """Draws the payload `collapse` (`playground.views.collapse`) of the run that `tab` follows."""
    template = card("What each dimension carries", EMPTY, BODY, height=height, label="What each dimension carries")
    return component("collapse", template, scripts=("drawing", "collapse"), tab=tab)
