"""One coordinate given the other: what inpainting makes of it, by the model and by the exact denoiser, beside what is right."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import gradio as gr

from playground.ui.component import card, component

EMPTY = (
    "Press Train, then Inpaint: the first coordinate is held, the second is inpainted many times, and its histogram stands here beside "
    "the exact p(x₂ | x₁), which is known for the mixture."
)
CONTROLS = """
<div class="given-controls">
  <button type="button" class="pg-small given-ask" disabled>Inpaint</button>
  <label class="given-slide"><span>x₁ is held at</span>
    <input type="range" min="-2" max="2" step="0.05" value="0.45" aria-label="The first coordinate" disabled><output>0.45</output></label>
  <label class="pg-select" title="How often RePaint makes each step again"><span>turns per step</span>
    <select disabled><option>1</option><option selected>3</option><option>10</option></select></label>
</div>
<div class="given-message" role="status"></div>
"""


def conditional(tab: str, *, server_functions: Sequence[Callable], height: int = 260) -> gr.HTML:
    """A histogram for the run of points that `tab` follows. Needs the server function `ask` (question conditional)."""
    title = "Inpainting, and what is right"
    template = card(title, EMPTY, '<div class="given-plot"></div>', height=height, label=title, after=CONTROLS)
    return component("features/exact/conditional.js", template, server_functions=list(server_functions), tab=tab)
