"""The dialog in which one brings files, draws a distribution, or names images of the Hub; a button in the card of the data opens it."""

from __future__ import annotations

import gradio as gr

from playground.config.own_data import HubConfig, OwnDataConfig
from playground.data.own.limits import FEWEST, MAX_FILES, MAX_UPLOAD, MB, MOST_COLUMNS
from playground.features.own_data.service import ADDRESS, OwnDataService, fields
from playground.ui.component import component

TAKES = (
    f"Pictures (PNG, JPEG, WebP, BMP, GIF), a folder or a zip archive of them, of which each folder is a class; arrays (.npy, .npz) of images or of "
    f"rows of numbers; a table (.csv) of 2 to {MOST_COLUMNS} columns of numbers, and perhaps one of classes: two columns are points in the plane. {FEWEST} examples at least; up to {MAX_FILES:,} files, {MAX_UPLOAD // MB} MB in all. They stay on this server, "
    "under a name that only this browser knows, until newer data need the room."
)
HUB = (
    "Images of any public data set of the Hugging Face Hub, by its name: <code>ylecun/mnist</code>, <code>uoft-cs/cifar10</code>. Pictures and labels alone are fetched, from "
    "the Hub's copy as parquet, until there is no room for more; what was left out is told."
)
TEMPLATE = """
<dialog class="own pg" aria-labelledby="own-title">
  <div class="own-head">
    <h2 id="own-title">Your own data</h2>
    <div class="own-ways" role="group" aria-label="Where from">
      <button type="button" class="pg-small" data-way="files" aria-pressed="true">bring files</button>
      <button type="button" class="pg-small" data-way="draw" aria-pressed="false">draw a distribution</button>
      <button type="button" class="pg-small" data-way="hub" aria-pressed="false" hidden>from the Hugging Face Hub</button>
    </div>
    <button type="button" class="own-quiet" data-do="close" aria-label="Close">×</button>
  </div>
  <div class="own-part" data-part="files">
    <div class="own-drop">
      <p><b>Drop files or a folder here</b>, or choose
        <button type="button" class="own-button" data-do="files">files</button>
        <button type="button" class="own-button" data-do="folder">a folder</button></p>
      <p class="own-soft">TAKES</p>
      <input type="file" multiple hidden data-input="files"><input type="file" webkitdirectory hidden data-input="folder">
    </div>
  </div>
  <div class="own-part" data-part="hub" hidden>
    <div class="own-settings" data-fields="hub"></div>
    <p class="own-soft">HUB</p>
  </div>
  <div class="own-part" data-part="draw" hidden>
    <div class="own-paper">
      <canvas width="640" height="640" tabindex="0" role="application" aria-label="Paper: drag to draw; with the keyboard, arrows move the brush and Space sets a dab"></canvas>
      <div class="own-tools">
        <label>Name <input type="text" maxlength="60" data-draw="title" value="Drawing"></label>
        <label>Brush <input type="range" min="0.015" max="0.2" step="0.005" value="0.05" data-draw="std"></label>
        <label>Mirror <select data-draw="mirror"><option value="1">none</option><option value="x">left and right</option><option value="y">up and down</option><option value="xy">both</option><option value="5">five times around</option></select></label>
        <div class="own-row">
          <button type="button" class="own-button" data-draw="erase" aria-pressed="false">Eraser</button>
          <button type="button" class="own-button" data-draw="undo" disabled>Undo</button>
          <button type="button" class="own-button" data-draw="clear" disabled>Clear</button>
          <button type="button" class="own-button" data-draw="photo">From a photo</button>
          <input type="file" accept="image/*" hidden data-input="photo">
        </div>
        <p class="own-soft">Every dab of the brush is a round Gaussian, and what you draw the mixture of them all: its density and its score are known exactly at
          every noise level, so that the exact answer, the likelihood and the arena measure against the truth.</p>
        <p class="own-soft" data-draw="count"></p>
      </div>
    </div>
  </div>
  <div class="own-settings" data-fields="files"></div>
  <div class="own-found" hidden>
    <img alt=""><div><b class="own-name"></b><p class="own-about"></p><ul class="own-left"></ul></div>
  </div>
  <p class="own-message" role="status"></p>
  <progress class="own-progress" max="1" hidden></progress>
  <div class="own-foot">
    <button type="button" class="own-button" data-do="make" disabled>Read it</button>
    <button type="button" class="own-button own-main" data-do="use" disabled>Use it</button>
  </div>
</dialog>
"""


def own_data(service: OwnDataService) -> gr.HTML:
    """Draws the dialog, closed."""
    return component(
        "features/own_data/card.js",
        TEMPLATE.replace("TAKES", TAKES).replace("HUB", HUB),
        server_functions=service.server_functions(),
        address=ADDRESS.removeprefix("/"),
        most=MAX_UPLOAD,
        fields=fields(),
        hub=fields(HubConfig, beside=OwnDataConfig) if service.reads_hub else [],
    )
