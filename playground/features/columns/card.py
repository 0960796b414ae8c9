"""The columns of a table as parallel axes: a line for each held-out row, and one for each row that the model makes."""

from __future__ import annotations

import gradio as gr

from playground.ui.component import card, component

EMPTY = "Of a table: held-out rows and those that the model makes, each as a line across all columns."


def columns(tab: str, *, height: int = 200) -> gr.HTML:
    """Draws the payloads `columns` and `columns_static` of the run that `tab` follows; of data that are no table the card is not there."""
    body = '<canvas class="columns-lines" role="img" aria-label="No lines yet" tabindex="0"></canvas>'
    after = '<div class="columns-line" role="status"></div>'
    return component(
        "features/columns/card.js", card("Rows by column", EMPTY, body, height=height, label="Rows by column", after=after), tab=tab
    )
