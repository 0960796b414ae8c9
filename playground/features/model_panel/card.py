"""Ask the model: pictures made on demand - the manifold grid, latent traversals, and samples measured against real data."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import gradio as gr

from playground.ui import words
from playground.ui.component import component

QUESTIONS = {
    "ae": (
        ("box", "from a box", "z drawn evenly from the box around the codes of training images"),
        ("gaussian", "from a fitted Gaussian", "z drawn from one Gaussian fitted to the codes of training images"),
        ("mixture", "from a fitted mixture", "z drawn from ten Gaussians fitted to the codes of training images"),
        ("grid", "grid of codes", "Decoded quantiles of the codes of the two dimensions that vary most"),
        ("traversals", "latent traversals", "One dimension changes along a row, the others stay"),
    ),
    "vae": (
        ("grid", "manifold grid", "Decoded quantiles of the prior in the two dimensions with the largest KL"),
        ("traversals", "latent traversals", "One dimension changes along a row, the others stay; ordered by KL"),
        ("prior", "prior, measured", "z drawn from the prior N(0, I), then x drawn from p(x|z)"),
        ("prior:mean", "prior, as means", "The same z, shown as the mean E[x|z]"),
    ),
}
TITLES = {"ae": "Sample it as if it were generative", "vae": "Look inside"}
HINTS = {
    "ae": "An autoencoder says nothing about where to draw z from. Pick a distribution, and see what comes out, and how far it is from real data.",
    "vae": "Pick a picture: it is made from the newest weights, once a second while the model trains.",
}


def model_panel(tab: str, *, server_functions: Sequence[Callable]) -> gr.HTML:
    """Buttons, each for a picture that costs the model some work: one at a time, off at first. Needs the server function `ask`."""
    buttons = "".join(
        f'<button type="button" class="pg-small" data-ask="{name}" aria-pressed="false" title="{help}">{label}</button>'
        for name, label, help in QUESTIONS[tab]
    )
    template = (
        f'<section class="pg pg-card panel" aria-label="{TITLES[tab]}"><div class="pg-head"><span class="pg-title">{TITLES[tab]}</span>{words.about(TITLES[tab])}'
        f'<span class="pg-step"></span></div><div class="panel-buttons" role="group" aria-label="Pictures">{buttons}</div>'
        f'<div class="panel-hint">{HINTS[tab]}</div><div class="panel-distance" hidden></div><div class="panel-rows"></div>'
        '<div class="panel-error" role="status"></div></section>'
    )
    return component("features/model_panel/card.js", template, server_functions=list(server_functions), tab=tab)
