"""Pinned points: what the model makes of one or two dots of the latent map, who is near them, and the path between."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import gradio as gr

from playground.ui import words
from playground.ui.component import component

HINT = (
    "Click a dot of the map to pin it: its reconstruction and its nearest neighbours will stand here. Pin two for the path "
    "between them. Escape clears."
)


def pinned(tab: str, *, server_functions: Sequence[Callable]) -> gr.HTML:
    """Follows the pins that `latent_map` of the same `tab` tells of; needs the server function `ask`.

    Tells the map in return which dots are near (`near`), where the path goes (`paths`) and the first pin's code (`latents`).
    """
    template = (
        '<section class="pg pg-card pinned" aria-label="Pinned points"><div class="pg-head"><span class="pg-title">Pinned points'
        f'</span>{words.about("Pinned points")}<span class="pg-step"></span></div>'
        f'<div class="pinned-hint">{HINT}</div><div class="pinned-points" hidden></div><div class="pinned-strips" hidden></div>'
        '<div class="pinned-error" role="status"></div></section>'
    )
    return component("features/latent_map/pinned.js", template, server_functions=list(server_functions), tab=tab)
