"""The autoencoder's tab: a latent map that moves while the model learns, and what it makes of images it has not seen."""

from __future__ import annotations

import gradio as gr

from playground.features.latent_map.card import latent_map
from playground.features.latent_map.pinned import pinned
from playground.features.model_panel.card import model_panel
from playground.features.quality.card import quality
from playground.ui.components.curves import curves
from playground.ui.components.image_table import image_table
from playground.ui.components.term_bars import term_bars
from playground.ui.tab import TrainingTab

TERMS_EMPTY = (
    "Press Train: the squared error and the penalties that are switched on at the side, which is what the weights minimise."
)


class AutoencoderTab(TrainingTab):
    """Its pictures; the rest is as on every tab."""

    groups = ("variants",)
    heading = "**Variants.** Denoising, sparse, contractive: 0 is off, and all three can be changed while the model trains."

    def draw_pictures(self) -> None:
        """The pictures of this tab, from top to bottom."""
        functions = self.service.server_functions()
        term_bars("ae", title="What is minimised", empty=TERMS_EMPTY)
        with gr.Row():
            with gr.Column(scale=3, min_width=320):
                latent_map("ae", server_functions=functions)
            with gr.Column(scale=2, min_width=300):
                curves("ae", height=420)
                quality("ae", height=150)
        pinned("ae", server_functions=functions)
        image_table(
            "ae",
            view="images",
            title="Held-out images",
            empty="Press Train: ten images that the model never trains on, what it makes of them, and the error.",
            height=252,
        )
        model_panel("ae", server_functions=functions)
