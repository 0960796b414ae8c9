"""−ELBO = reconstruction + KL as an equation whose shown numbers add up, and as a bar in the same colours."""

import gradio as gr

from playground.ui.components.shared import card, component

EMPTY = "Press Train: the two terms of the bound will be shown here, in nats per example, as they trade places."


def term_bars(
    tab: str, *, title: str = "The bound", empty: str = EMPTY, height: int = 92, view: str = "terms"
) -> gr.HTML:
    """Draws the payload `terms` (`playground.views.payloads.terms`) of the run that `tab` follows."""
    body = (
        '<div class="terms-equation"></div><div class="terms-bar" role="img"><i class="terms-zero"></i></div>'
        '<div class="terms-axis"></div>'
    )
    return component("term_bars", card(title, empty, body, height=height, label=title), tab=tab, view=view)
