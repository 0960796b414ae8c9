"""The reparametrisation trick, drawn: ε, z = μ + σ ε and the decoded draws of one image, and the variance of its gradient."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import gradio as gr

from playground.ui.component import card, component

EMPTY = (
    "Press Train: draws ε of a standard normal, where they land as z = μ + σ ε, what is decoded there; and how much the "
    "gradient for μ and σ varies from draw to draw, against REINFORCE, which must do without the path."
)
TOOLS = '<button type="button" class="pg-small trick-again" disabled>other draws</button>'
BODY = (
    '<div class="trick-path"></div><div class="trick-words"></div><div class="trick-variance"></div><div class="trick-says"></div>'
)


def reparametrisation(tab: str, *, server_functions: Sequence[Callable], height: int = 520) -> gr.HTML:
    """Asks `reparametrisation` and `decode` about the image that is pinned on the map of the same `tab`, else the first."""
    title = "The trick, drawn"
    template = card(title, EMPTY, BODY, height=height, label=title, tools=TOOLS)
    return component("features/reparametrisation/card.js", template, server_functions=list(server_functions), tab=tab)
