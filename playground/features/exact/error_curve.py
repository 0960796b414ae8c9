"""How far the model is from the exact answer at each time, and what the exact answer would do on data it has not seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import gradio as gr

from playground.ui.component import card, component

EMPTY = (
    "Press Train: how far the model is from the exact answer will be drawn here, from t = 0 (data) to t = 1 (noise), measured on "
    "held-out examples."
)
SHOWN = (
    '<span class="errors-shown" role="group" aria-label="What is drawn"><button type="button" class="pg-small" data-show="error" '
    'aria-pressed="true" title="Squared distance of the model from the exact answer">error</button><button type="button" '
    'class="pg-small" data-show="loss" aria-pressed="false" title="The denoising loss at each time, on training and on held-out '
    'examples, for the model and for the exact answer">losses</button></span>'
)


def error_curve(
    tab: str, *, server_functions: Sequence[Callable], title: str = "Error at each time", share: int = 4, height: int = 300
) -> gr.HTML:
    """A chart for the run that `tab` follows, which takes at most one in `share` of its time. Needs the server function `ask` (question errors)."""
    body = '<div class="errors-plot"></div><div class="pg-names"></div>'
    template = card(
        title, EMPTY, body, height=height, label=title, tools=SHOWN, after='<div class="errors-message" role="status"></div>'
    )
    return component("features/exact/error_curve.js", template, server_functions=list(server_functions), tab=tab, share=share)
