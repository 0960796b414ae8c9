"""Ways to draw latents, compared: for each a bar for its distance to real images on one scale, and samples beside it."""

import gradio as gr

from playground.ui.component import card, component

EMPTY = (
    "Press Compare: six ways to draw z for a decoder will stand here, each with samples and with their distance to real "
    "images. "
    "It needs an autoencoder (tab 1) and a VAE (tab 2), trained on the same data with the same number of latent dimensions."
)
KEY = (
    '<span class="comparison-key"><i style="background:var(--role-reconstruction)"></i>AE decoder</span>'
    '<span class="comparison-key"><i style="background:var(--role-posterior)"></i>VAE decoder</span>'
)


def comparison(tab: str) -> gr.HTML:
    """Draws the payload `comparison` (`playground/views/comparison.py`) of the study that `tab` follows."""
    body = '<div class="comparison-body"><div class="comparison-rows"></div></div>'
    after = '<p class="comparison-message" role="status"></p><p class="comparison-how"></p>'
    template = card(
        "Who makes the better samples?",
        EMPTY,
        body,
        height=740,
        label="Comparison of six ways to draw latents",
        tools=KEY,
        after=after,
    )
    return component("features/comparison/card.js", template, tab=tab)
