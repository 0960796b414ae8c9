"""Rows of image tiles on a canvas: originals above reconstructions above errors, grids, strips with captions."""

import gradio as gr

from playground.ui.components.shared import card, component


def image_table(tab: str, *, view: str = "images", title: str, empty: str, height: int = 240) -> gr.HTML:
    """Draws the payload `view` - "images", "samples" or "strip" - of the run that `tab` follows.

    Tiles are as large as fit into `height` and the width; rows that are too long for a narrow page lose their last
    tiles, strips go on in the next line.
    """
    body = '<div class="tiles-rows"></div>'
    template = card(title, empty, body, height=height, label=title)
    return component("image_table", template, tab=tab, view=view)
