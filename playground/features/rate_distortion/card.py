"""The rate-distortion plane: every run of this browser window a path, every moment of it a point."""

import gradio as gr

from playground.ui.component import card, component

EMPTY = (
    "Press Train: each reading will be a point here, rate (KL) across, distortion (reconstruction) up. Train again with "
    "another β: runs of the same data and likelihood stay together on this plane until this browser window is closed."
)
FORGET = (
    '<button type="button" class="pg-small rate-forget" disabled title="Only the newest run stays on the plane">'
    "forget other runs</button>"
)
AFTER = (
    '<div class="rate-foot"><div class="rate-legend" role="group" aria-label="Runs: press one to hide or show it"></div>'
    f'{FORGET}</div><div class="rate-message" role="status"></div>'
)


def rate_distortion(tab: str, *, height: int = 400) -> gr.HTML:
    """Draws the payload `rate` (`playground.features.rate_distortion.view`) of the run that `tab` follows, and those that `rate_memory.js` keeps."""
    template = card(
        "Rate and distortion", EMPTY, '<div class="rate-plot"></div>', height=height, label="Rate and distortion", after=AFTER
    )
    return component("features/rate_distortion/card.js", template, tab=tab)
