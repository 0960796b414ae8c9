"""The image lab: five things to do with a trained denoiser of images, one at a time, each a few network evaluations away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

import gradio as gr

from playground.features.samples.particles import select
from playground.ui.component import component

MODES = {
    "edit": (
        "image-to-image",
        "SDEdit (Meng et al. 2022): noise as of time t on an image, and the way back from there. Little noise keeps what it shows, much noise only its layout.",
    ),
    "inpaint": (
        "inpainting",
        "Mark a part of an image; the model fills it in, and keeps the rest: RePaint (Lugmayr et al. 2022), which puts the noisy known part "
        "back at every step. It is no draw from p(missing | known): how far from it is measured on points, under Exact answer.",
    ),
    "invert": (
        "inversion",
        "From an image up to the noise that it is made from, by the ODE, and down again along the same times. It nearly comes back: how nearly is said below.",
    ),
    "interpolate": (
        "between two noises",
        "Two noises, each an image, and what lies between: on an arc, which keeps the length that noise has, and straight, "
        "which does not.",
    ),
    "guidance": (
        "guidance",
        "One class from the same noise, told more and more of the class: ε(x) + scale · (ε(x, class) − ε(x)). More scale is more "
        "typical, and less varied.",
    ),
}
FIRST = (
    "Train on images first (Data: Digits, Fashion-MNIST or Sprites). Then the model can be used for more than samples; it may go on "
    "training meanwhile."
)
STEPS = {"10": "10", "20": "20", "50": "50", "100": "100"}


def slider(name: str, label: str, low: float, high: float, value: float, step: float) -> str:
    """A slider with its number."""
    bounds = f'min="{low}" max="{high}" step="{step}" value="{value}"'
    return (
        f'<label class="pg-select lab-slider" data-for="{name}"><span>{label}</span>'
        f'<input type="range" data-set="{name}" {bounds}><output></output></label>'
    )


TEMPLATE = f"""
<section class="pg pg-card lab" aria-label="Image lab">
  <div class="pg-head"><span class="pg-title">Image lab</span><span class="pg-note"></span><span class="pg-step"></span></div>
  <div class="lab-modes" role="group" aria-label="What to do">MODES</div>
  <div class="lab-hint">{FIRST}</div>
  <div class="lab-work" hidden>
    <div class="lab-picker" role="listbox" aria-label="Held-out image" tabindex="0"></div>
    <div class="lab-paint" hidden>
      <canvas tabindex="0" role="img" aria-label="The image; draw over the part to be inpainted"></canvas>
      <div class="lab-tools">
        <span>Draw over what is to be inpainted; with Shift, take it back.</span>
        {slider("brush", "brush", 1, 9, 3, 1)}
        <button type="button" class="pg-small" data-mask="half">lower half</button>
        <button type="button" class="pg-small" data-mask="clear">clear</button>
      </div>
    </div>
    <div class="lab-controls">
      {slider("t", "t", 0.02, 1, 0.5, 0.01)}
      {slider("scale", "guidance scale", 0, 10, 1, 0.25)}
      {select("label", "class", {"-1": "any"}, "Asked of a class-conditional model")}
      {select("steps", "steps", STEPS, "Steps of the sampler: more is finer, and takes longer")}
      <button type="button" class="pg-small lab-seed" title="Other random numbers">new noise</button>
      <button type="button" class="lab-go" title="Ask the model">Draw</button>
    </div>
    <div class="lab-rows"></div>
  </div>
  <div class="lab-error" role="status"></div>
</section>
"""


def image_lab(tab: str, *, server_functions: Sequence[Callable]) -> gr.HTML:
    """The lab for the run of images that `tab` follows. Needs the server function `ask` (edit, inpaint, invert, interpolate_noise)."""
    buttons = "".join(
        f'<button type="button" class="pg-small" data-mode="{name}" aria-pressed="false" title="{escape(help)}">{title}</button>'
        for name, (title, help) in MODES.items()
    )
    return component(
        "features/image_lab/image_lab.js",
        TEMPLATE.replace("MODES", buttons),
        server_functions=list(server_functions),
        tab=tab,
        hints={name: help for name, (_, help) in MODES.items()},
        first=FIRST,
    )
