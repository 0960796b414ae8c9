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
from playground.ui.tab import LATEX, TrainingTab

TEXT = (
    "An autoencoder has no prior to draw a new $z$ from, and that of a VAE only nearly fits where its encoder "
    "puts images. "
    "**Latent diffusion** learns one: it diffuses in the standardised latents $z = (E(x) - m) / s$ of a finished "
    "encoder, and the decoder turns its samples into "
    "images. For a VAE the latents are drawn from $q(z|x)$ afresh for every batch, because that is what its decoder was "
    "trained on. "
    "To watch one learn, set **Diffuse in**. To see whether it helps, compare:"
)
EMPTY = (
    "When a model diffuses in a latent space of two dimensions (set Diffuse in and press Train), "
    "its samples move here among the latents of held-out images."
)
AMONG = (
    "**The model of this tab at work**, where it diffuses in two dimensions: grey dots are the latents of held-out images, "
    "green ones its samples, which the decoder turns into "
    "the images at the top. Each axis is one latent, less its mean and divided by its standard deviation, so noise and "
    "latents have the same size.\n\n"
    "Are there gaps between the grey dots? A single Gaussian fills them; diffusion can leave them empty. Arrows and "
    "density show what it learned, next to the exact answer "
    "for these latents."
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
    gr.Markdown(TEXT, latex_delimiters=LATEX)
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
    with gr.Row():
        with gr.Column(scale=3, min_width=320):
            particles(
                tab.name,
                view="latent_particles",
                title="Samples among the standardised latents",
                empty=EMPTY,
                height=400,
                server_functions=tab.service.server_functions(),
            )
        with gr.Column(scale=2, min_width=280):
            gr.Markdown(AMONG, latex_delimiters=LATEX)
