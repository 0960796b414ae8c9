"""A small paper to draw on, or to drop a picture on; where it lands, what comes back, and how usual it is beside held-out images."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import gradio as gr

from playground.config import MODELS
from playground.questions.arguments import MOST_PICTURE
from playground.ui import words
from playground.ui.component import component

TITLE = "An image of your own"
HINT = "Draw on the paper, or paste, drop or choose a picture: it is cut and shrunk to what the model was trained on."
NOT_IMAGES = "These data are no images: train on images, and draw or paste one here."
TEMPLATE = f"""
<section class="pg pg-card guest" aria-label="{TITLE}">
  <div class="pg-head"><span class="pg-title">{TITLE}</span>ABOUT<span class="pg-note"></span><span class="pg-step"></span></div>
  <div class="guest-hint">{HINT}</div>
  <div class="guest-work">
    <div class="guest-paper">
      <canvas width="224" height="224" tabindex="0" role="application" aria-label="Paper: drag to draw; with the keyboard, arrows move the brush and Space draws"></canvas>
      <div class="guest-tools">
        <label>brush <input type="range" min="6" max="44" value="20" data-guest="brush"></label>
        <label title="Of the ink; it counts where the data are coloured">ink <input type="color" value="#ffffff" data-guest="ink"></label>
        <label title="Black and white change places: most data here are light on black"><input type="checkbox" data-guest="inverted"> invert</label>
        <button type="button" class="pg-small" data-guest="clear">clear</button>
        <button type="button" class="pg-small" data-guest="choose">a picture…</button>
        <input type="file" accept="image/png,image/jpeg,image/webp,image/bmp,image/gif" hidden data-guest="file">
      </div>
    </div>
    <div class="guest-answer">
      <div class="guest-pair"></div>
      <div class="guest-facts"></div>
    </div>
  </div>
  <div class="guest-vary" hidden>
    <label class="guest-t"><span>noise up to t</span> <input type="range" min="0.02" max="1" step="0.01" value="0.5" data-guest="t"><output></output></label>
    <button type="button" class="pg-small" data-guest="seed" title="Other random numbers">new noise</button>
    <div class="guest-tiles"></div>
  </div>
  <div class="guest-error" role="status"></div>
</section>
"""


def own_image(tab: str, *, server_functions: Sequence[Callable]) -> gr.HTML:
    """For the run that `tab` follows. Needs the server function `ask` (picture; of a diffusion picture_bound and edit_picture). Tells the map of
    the same tab where the image lands (`guest`)."""
    return component(
        "features/own_image/card.js",
        TEMPLATE.replace("ABOUT", words.about(TITLE)),
        server_functions=list(server_functions),
        tab=tab,
        encodes=MODELS[tab].encodes,
        most=MOST_PICTURE,
        hint=HINT,
        otherwise=NOT_IMAGES,
    )
