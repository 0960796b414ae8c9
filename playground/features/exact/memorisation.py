"""Memorised or new? Samples beside the training images nearest to them, and a meter with its floor and its ceiling."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import gradio as gr

from playground.ui import words
from playground.ui.component import component

HINT = (
    "Draws 128 samples of the model (fewer if they take long), and 16 of the ideal denoiser of the training set from the same noise, "
    "and looks for the training image nearest to each; the first 16 are shown. The ideal denoiser minimises the loss, and can only repeat the training set: a model that "
    "makes something new does so because it fails to be ideal."
)
TEMPLATE = f"""
<section class="pg pg-card memory" aria-label="Memorisation meter">
  <div class="pg-head">
    <span class="pg-title">Memorised, or new?</span>{words.about("Memorised, or new?")}
    <button type="button" class="pg-small memory-ask" disabled>Measure</button>
    <span class="pg-step"></span>
  </div>
  <div class="memory-hint" data-first="{HINT}">{HINT}</div>
  <div class="memory-meter" hidden></div>
  <div class="memory-rows"></div>
  <div class="memory-error" role="status"></div>
</section>
"""


def memorisation(tab: str, *, server_functions: Sequence[Callable]) -> gr.HTML:
    """A button and its result, for the run of images that `tab` follows. Needs the server function `ask` (memorisation)."""
    return component("features/exact/memorisation.js", TEMPLATE, server_functions=list(server_functions), tab=tab)
