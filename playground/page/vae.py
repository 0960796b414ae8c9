"""The VAE's tab: the latent map over its prior, the bound and its terms, what both are worth, and samples from the prior."""

from __future__ import annotations

import math
from typing import Any

import gradio as gr

from playground.config import LIKELIHOODS, of_table
from playground.config.likelihoods import of_columns
from playground.data import DATASETS
from playground.features.bound_at_point.card import truth
from playground.features.bounds import section as bound
from playground.features.collapse import section as collapse
from playground.features.columns.card import columns
from playground.features.factors import section as factors
from playground.features.latent_map.card import latent_map
from playground.features.latent_map.pinned import pinned
from playground.features.model_panel.card import model_panel
from playground.features.own_image.card import own_image
from playground.features.quality.card import quality
from playground.features.rate_distortion import section as rate_distortion
from playground.features.reparametrisation import section as reparametrisation
from playground.ui.components.curves import curves
from playground.ui.components.image_table import image_table
from playground.ui.components.term_bars import term_bars
from playground.ui.tab import LATEX, TrainingTab

MAP_EMPTY = (
    "Press Train: every dot will be the posterior mean of one held-out example; the dashed rings are the prior N(0, I) "
    "at 1, 2 and 3 standard deviations."
)
SAMPLES = (
    (
        "samples",
        "means E[x|z]",
        "The mean of p(x|z): what is usually shown, smoother than anything the model itself calls an image",
    ),
    ("samples_drawn", "draws from p(x|z)", "With the pixel noise that p(x|z) has: the images that log p(x) is about"),
)
"""What a sample from the prior is shown as: payload, label, help."""


class VAETab(TrainingTab):
    """Its pictures and its form; the rest is as on every tab."""

    groups = ("observation", "bound", "variants")
    benches = (
        ("Bound and gap", bound.draw),
        ("Collapse doctor", collapse.draw),
        ("Rate and distortion", rate_distortion.draw),
        ("Reparametrisation", reparametrisation.draw),
        ("Factors", factors.draw),
    )

    cards = ("The bound at one image", "Samples against real images", "Rows by column", "An image of your own")

    def draw_view(self) -> None:
        """The map over its prior."""
        latent_map("vae", server_functions=self.service.server_functions(), title="Latent map and prior", empty=MAP_EMPTY)

    def draw_outcome(self) -> None:
        """Samples, the bound as it rises and in its terms, reconstructions, and the bound at one image: the first three in the first screen."""
        functions = self.service.server_functions()
        image_table(
            "vae",
            view="samples",
            title="Samples from the prior",
            empty="Press Train: 32 fixed draws z ~ N(0, I), decoded. The z stay the same, so every tile can be followed.",
            choices=SAMPLES,
            height=84,
        )
        with gr.Row():
            with gr.Column(min_width=230):
                curves("vae", title="−ELBO", height=165)
            with gr.Column(min_width=230):
                term_bars("vae", lines=True)
        image_table(
            "vae",
            view="images",
            title="Held-out data",
            empty="Press Train: ten images that the model never trains on, what it makes of them, and the error.",
            height=180,
        )
        quality("vae", height=150)
        columns("vae")
        pinned("vae", server_functions=functions)
        own_image("vae", server_functions=functions)
        model_panel("vae", server_functions=functions)
        truth("vae", server_functions=functions)

    def draw_together(self) -> None:
        """The likelihood with its formula, then the bound and its variants."""
        gr.Markdown("**Likelihood.** What the decoder says about pixels, and so what *reconstruction* means.")
        self.form.draw(*self.form.group("observation"))
        words = self.say({name: spec.default for name, spec in self.form.specs.items()})
        self.words = gr.Markdown(words, latex_delimiters=LATEX, elem_classes=["likelihood-words"])
        gr.Markdown("**Bound.** What training makes as large as it can. On screen, −ELBO always has the KL with weight 1.")
        self.form.draw(*self.form.group("bound", "variants"))

    def wire(self) -> None:
        """As on every tab, and the formula follows the form."""
        super().wire()
        self.form.changed(["dataset", "likelihood", "observation_std"], self.say, [], self.words)

    def say(self, values: dict[str, Any]) -> str:
        """The formula of what the form holds."""
        numbers, std = math.prod(DATASETS[values["dataset"]].shape), values["observation_std"]
        likelihood, std = LIKELIHOODS[values["likelihood"]], std if isinstance(std, (int, float)) else None
        return of_columns(likelihood, numbers, std) if of_table(values["dataset"]) else likelihood.formula(numbers, std)
