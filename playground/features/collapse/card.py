"""The collapse doctor: what each latent dimension carries, where codes lie in it, and a sentence when something is wrong."""

from collections.abc import Callable, Sequence

import gradio as gr

from playground.ui.component import card, component

EMPTY = (
    "Press Train: a bar for every latent dimension, as high as its KL, of which one part tells of the image; and below it where "
    "the codes of all images lie in it, against the prior. When something goes wrong, a sentence here says what and why."
)
BODY = (
    '<div class="doctor-says" role="status"></div><div class="doctor-plot" tabindex="0" role="group"></div>'
    '<div class="doctor-parts"></div><div class="doctor-one"></div>'
)


def collapse(tab: str, *, server_functions: Sequence[Callable], height: int = 478) -> gr.HTML:
    """Draws the payload `collapse` (`playground.features.collapse.view`) of the run that `tab` follows, and asks it for `information`
    (`playground.questions`)."""
    template = card("What each dimension carries", EMPTY, BODY, height=height, label="What each dimension carries")
    return component("features/collapse/card.js", template, server_functions=list(server_functions), tab=tab)
