"""The terms of a loss as an equation whose shown numbers add up, as a bar in the same colours, and what they are made of."""

import gradio as gr

from playground.ui.component import card, component

EMPTY = "Press Train: the two terms of the bound will be shown here, in nats per example, as they trade places."
LINES = '<details><summary>in words</summary><div class="terms-lines"></div></details>'


def term_bars(
    tab: str, *, title: str = "The bound", empty: str = EMPTY, height: int = 92, view: str = "terms", lines: bool = False
) -> gr.HTML:
    """Draws the payload `terms` (`playground.features.terms.view`) of the run that `tab` follows; with `lines`, below the bar:
    which likelihood that is, and what the weights are trained on."""
    body = (
        '<div class="terms-equation"></div><div class="pg-track pg-stack terms-bar" role="img" aria-label="No numbers yet"><b class="terms-zero"></b></div>'
        '<div class="terms-axis"></div>'
    )
    template = card(title, empty, body, height=height, label=title, after=LINES if lines else "")
    return component("ui/components/term_bars.js", template, tab=tab, view=view)
