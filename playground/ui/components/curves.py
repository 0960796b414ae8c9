"""Live loss curves: thin lines for training, a thick one for held-out data, a switch for the logarithmic axis."""

import gradio as gr

from playground.ui.component import card, component

EMPTY = "Press Train: the loss on training and on held-out data will be drawn here, step by step. Lower is better."


def curves(tab: str, *, title: str = "Loss", empty: str = EMPTY, height: int = 260, view: str = "curves") -> gr.HTML:
    """Draws the payload `curves` (`playground.views.payloads.curves`) of the run that `tab` follows."""
    tools = '<button type="button" class="pg-small curves-log" aria-pressed="false">log scale</button>'
    body = '<div class="curves-plot"></div><div class="curves-future" hidden></div><div class="curves-above"></div><div class="pg-names"></div>'
    template = card(title, empty, body, height=height, label=title, tools=tools)
    return component("ui/components/curves.js", template, tab=tab, view=view)
