"""What the model has learned of the way back, beside what it should have learned: two vector fields and their difference."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import gradio as gr

from playground.features.samples.particles import FIELDS, select
from playground.ui.component import card, component

EMPTY = "Press Train: the arrows of the model will stand here beside the exact ones, at any time t, and what is left between them."
PANELS = (("learned", "the model", "posterior"), ("exact", "exact", "prior"), ("error", "model − exact", "error"))
CONTROLS = (
    '<div class="fields-controls">'
    + select("what", "arrows", FIELDS, "Three ways to say the same: score, velocity of the flow, expected data")
    + '<label class="fields-slide"><span>data</span><input type="range" min="1" max="99" step="1" value="30" disabled '
    'aria-label="Time t of the fields"><span>noise</span></label><output class="fields-time">t = 0.30</output>'
    + select("label", "class", {"-1": "any"}, "Asked of a class-conditional model")
    + "</div>"
    '<div class="fields-message" role="status"></div>'
)


def fields(tab: str, *, server_functions: Sequence[Callable], height: int = 330) -> gr.HTML:
    """Three planes for the run of points that `tab` follows. Needs the server function `ask` (questions field, density)."""
    panels = "".join(
        f'<figure data-panel="{name}"><figcaption><i style="background:var(--role-{role})"></i>{title}</figcaption>'
        f'<canvas role="img" aria-label="Vector field: {title}"></canvas></figure>'
        for name, title, role in PANELS
    )
    body, title = f'<div class="fields-panels">{panels}</div>', "Learned and exact"
    template = card(title, EMPTY, body, height=height, label=title, after=CONTROLS)
    return component("features/exact/fields.js", template, server_functions=list(server_functions), tab=tab)
