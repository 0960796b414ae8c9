"""Samples travelling from noise to data, next to the data they should look like; a slider walks along the way."""

import gradio as gr

from playground.ui.components.shared import card, component

EMPTY = (
    "Press Train: grey dots will be the data, green dots samples of the model. "
    "The slider and the play button will move them from noise (t = 1) to data (t = 0)."
)

CONTROLS = (
    '<div class="particles-controls">'
    '<button type="button" class="pg-small particles-play" title="Play from noise to data" disabled>▶ Play</button>'
    '<label class="particles-slide"><span>noise</span>'
    '<input type="range" min="0" max="1000" value="1000" aria-label="Position between noise and data" disabled>'
    "<span>data</span></label>"
    '<output class="particles-time">t = –</output>'
    '<button type="button" class="pg-small particles-trails" aria-pressed="false" disabled>trails</button></div>'
)

LEGEND = (
    '<span class="particles-key"><i style="background:var(--role-data)"></i>data</span>'
    '<span class="particles-key"><i style="background:var(--role-samples)"></i>samples</span>'
)


def particles(
    tab: str, *, title: str = "Samples", empty: str = EMPTY, height: int = 380, view: str = "particles"
) -> gr.HTML:
    """Draws `particles` and `particles_static` (`playground.views.positions`) of the run that `tab` follows."""
    body = '<canvas role="img" aria-label="Samples and data as dots in the plane"></canvas>'
    template = card(title, empty, body, height=height, label=title, tools=LEGEND, after=CONTROLS)
    return component("particles", template, tab=tab, view=view)
