"""The VAE's tab: the latent map over its prior, the bound and its two terms, and samples from the prior."""

from __future__ import annotations

import gradio as gr

from playground.ui.components.curves import curves
from playground.ui.components.image_table import image_table
from playground.ui.components.latent_map import latent_map
from playground.ui.components.model_panel import model_panel
from playground.ui.components.pinned import pinned
from playground.ui.components.term_bars import term_bars
from playground.ui.tabs.common import TrainingTab

MAP_EMPTY = (
    "Press Train: every dot will be the posterior mean of one held-out image; the dashed rings are the prior N(0, I) "
    "at 1, 2 and 3 standard deviations."
)


class VAETab(TrainingTab):
    """Its pictures; the rest is as on every tab."""

    def draw_pictures(self) -> None:
        """The pictures of this tab, from top to bottom."""
        term_bars("vae")
        with gr.Row():
            with gr.Column(scale=3, min_width=320):
                latent_map(
                    "vae", server_functions=self.service.server_functions(), title="Latent map and prior", empty=MAP_EMPTY
                )
            with gr.Column(scale=2, min_width=300):
                curves("vae", title="−ELBO", height=420)
        pinned("vae", server_functions=self.service.server_functions())
        image_table(
            "vae",
            view="samples",
            title="Samples from the prior",
            empty="Press Train: 32 fixed draws z ~ N(0, I), decoded. The z stay the same, so every tile can be followed.",
            height=150,
        )
        image_table(
            "vae",
            view="images",
            title="Held-out images",
            empty="Press Train: ten images that the model never trains on, what it makes of them, and the error.",
            height=252,
        )
        model_panel("vae", server_functions=self.service.server_functions())
