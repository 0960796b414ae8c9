"""Latent diffusion: the particles among the latents, and six ways to draw latents compared."""

from __future__ import annotations

import gradio as gr

from playground.config import ConfigError
from playground.features.comparison.card import comparison
from playground.features.comparison.settings import ComparisonConfig
from playground.features.samples.particles import particles
from playground.ui.following import following, run_of
from playground.ui.forms import Form
from playground.ui.studying import study_bar
from playground.ui.tab import TrainingTab

EMPTY = (
    "When a model diffuses in a latent space of two dimensions (set Diffuse in and press Train), "
    "its samples move here among the latents of held-out images."
)
HINT = (
    "Compares the autoencoder on tab 1 and the VAE on tab 2 as they are now, and trains a small diffusion model in the "
    "latent space of each."
)
MISSING = {
    "ae": "There is no autoencoder to compare yet: train one on tab 1 first.",
    "vae": "There is no VAE to compare yet: train one on tab 2 first.",
}


def draw(tab: TrainingTab) -> None:
    """The comparison with a run bar of its own, and the particles of the model of this tab."""
    form = Form("comparison", ComparisonConfig)

    def compare(event: gr.EventData) -> str:
        runs = {name: run for name in MISSING if (run := run_of(following(event), name) or tab.service.kept(name)) is not None}
        missing = [sentence for name, sentence in MISSING.items() if name not in runs]
        if missing:
            raise ConfigError(" ".join(missing))
        return tab.service.study("comparison", runs["ae"], form.values(event), {"vae": runs["vae"]})

    study_bar(tab, "comparison", compare, hint=HINT, train_label="Compare", busy_word="Comparing")
    with gr.Accordion("What is compared", open=False), gr.Row():
        form.draw(*form.rest())
    comparison("comparison")
    particles(
        tab.name,
        view="latent_particles",
        title="Samples among the standardised latents",
        empty=EMPTY,
        height=400,
        server_functions=tab.service.server_functions(),
    )
