"""The autoencoder's tab: a latent map that moves while the model learns, and what it makes of images it has not seen."""

from __future__ import annotations

import gradio as gr

from playground.features.columns.card import columns
from playground.features.latent_map.card import latent_map
from playground.features.latent_map.pinned import pinned
from playground.features.model_panel.card import model_panel
from playground.features.own_image.card import own_image
from playground.features.quality.card import quality
from playground.ui.components.curves import curves
from playground.ui.components.image_table import image_table
from playground.ui.components.term_bars import term_bars
from playground.ui.tab import TrainingTab

TERMS_EMPTY = (
    "Press Train: the squared error and the penalties that are switched on in the settings, which is what the weights minimise."
)


class AutoencoderTab(TrainingTab):
    """Its pictures; the rest is as on every tab."""

    groups = ("variants",)
    heading = "**Variants.** Denoising, sparse, contractive: 0 is off, and all three can be changed while the model trains."

    cards = ("Samples against real images", "Rows by column", "An image of your own")

    def draw_view(self) -> None:
        """The map."""
        latent_map("ae", server_functions=self.service.server_functions())

    def draw_outcome(self) -> None:
        """Images and their error, the loss, and what the model makes where nothing was encoded."""
        functions = self.service.server_functions()
        image_table(
            "ae",
            view="images",
            title="Held-out data",
            empty="Press Train: ten images that the model never trains on, what it makes of them, and the error.",
            height=180,
        )
        with gr.Row():
            with gr.Column(min_width=230):
                curves("ae", height=170)
            with gr.Column(min_width=230):
                term_bars("ae", title="What is minimised", empty=TERMS_EMPTY)
        pinned("ae", server_functions=functions)
        own_image("ae", server_functions=functions)
        model_panel("ae", server_functions=functions)
        quality("ae", height=150)
        columns("ae")
