"""Disentanglement where the factors are known: which latent dimension tells of which factor, how much, and its traversal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import gradio as gr

from playground.ui.component import component

TITLE = "Latent dimensions against known factors"
HINT = (
    "Choose Data: Sprites and train: those images are drawn from five known factors (shape, size, angle, x, "
    "y), so that one can measure which latent dimension tells of which."
)


def factors(tab: str, *, server_functions: Sequence[Callable]) -> gr.HTML:
    """Asks `disentanglement` and `traversals` (`playground.questions`) about the run that `tab` follows."""
    template = (
        f'<section class="pg pg-card factors" aria-label="{TITLE}"><div class="pg-head"><span class="pg-title">{TITLE}</span>'
        f'<span class="pg-note"></span><span class="pg-step"></span></div><div class="factors-hint">{HINT}</div>'
        '<div class="factors-score"></div><div class="factors-scroll"><table><thead></thead><tbody></tbody></table></div>'
        '<div class="factors-says"></div></section>'
    )
    return component("features/factors/card.js", template, server_functions=list(server_functions), tab=tab)
