"""The quality of samples in a line, and its way while the model trains."""

import gradio as gr

from playground.ui.component import card, component

EMPTY = "Of images: how far samples are from real ones, every few seconds while the model trains."


def quality(tab: str, *, height: int = 104) -> gr.HTML:
    """Draws the payload `quality` (`playground.features.quality.view`) of the run that `tab` follows."""
    body = '<div class="quality-line"></div><svg class="quality-way" role="img" aria-label="No curve yet"></svg>'
    return component(
        "features/quality/card.js", card("Samples against real images", EMPTY, body, height=height, label="Quality"), tab=tab
    )
