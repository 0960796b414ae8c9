"""Reflow in numbers and pictures: straightness before and after, quality at few steps, and the paths themselves."""

import gradio as gr

from playground.ui.component import card, component

EMPTY = (
    "Press Straighten: how straight the paths of the model of this tab are, and how good its samples are after 1, 2, 4, 8 and "
    "16 Euler steps, "
    "before and after it is trained once on its own pairs of noise and sample."
)
PATHS_EMPTY = "The paths of 120 samples from noise to data will stand here, before and after, from the same noise."
NAMES = {"before": "before", "after": "after reflow"}
KEY = "".join(f'<span class="reflow-key"><i class="reflow-{when}"></i>{name}</span>' for when, name in NAMES.items())
SWITCHES = "".join(
    f'<button type="button" class="pg-small reflow-switch" data-paths="{when}" aria-pressed="true">'
    f'<i class="reflow-{when}"></i>{name}</button>'
    for when, name in NAMES.items()
)


def reflow_numbers(tab: str) -> gr.HTML:
    """Draws the payload `reflow` (`playground/views/reflow.py`) of the study that `tab` follows."""
    body = (
        '<div class="reflow-body"><div class="reflow-part" data-part="straightness"></div>'
        '<div class="reflow-part" data-part="distance"></div></div>'
    )
    after = '<p class="reflow-message" role="status"></p><p class="reflow-how"></p>'
    template = card(
        "Straight enough for one step?",
        EMPTY,
        body,
        height=430,
        label="Straightness and quality before and after reflow",
        tools=KEY,
        after=after,
    )
    return component("features/reflow/card.js", template, tab=tab)


def reflow_paths(tab: str) -> gr.HTML:
    """Draws the payload `reflow_paths` of that study: lines from noise to data."""
    body = '<canvas role="img" aria-label="Paths from noise to data, before and after reflow"></canvas>'
    template = card(
        "Paths from noise to data", PATHS_EMPTY, body, height=430, label="Paths before and after reflow", tools=SWITCHES
    )
    return component("features/reflow/paths.js", template, tab=tab)
