"""Rows of image tiles on a canvas: originals above reconstructions above errors, grids, strips with captions."""

from collections.abc import Sequence

import gradio as gr

from playground.ui.component import card, component

FILM = """
<div class="film">
  <button type="button" class="pg-small" title="Play from noise to data" disabled>▶ Play</button>
  <label title="Noise time t: 0 is data, 1 is noise"><span>data</span>
    <input type="range" min="0" max="1" value="0" step="1" aria-label="Noise time t, from data to noise" disabled>
    <span>noise</span></label>
  <output>t = –</output>
</div>
"""


def image_table(
    tab: str,
    *,
    view: str = "images",
    title: str,
    empty: str,
    height: int = 240,
    film: bool = False,
    choices: Sequence[tuple[str, str, str]] = (),
    offers: str = "",
) -> gr.HTML:
    """Draws the payload `view` - "images", "samples" or "strip" - of the run that `tab` follows. `choices` are payloads to switch
    between instead, each with a label and a help text, the first one at first.

    Tiles are as large as fit into `height` and the width; rows that are too long for a narrow page lose their last
    tiles, but where the whole row matters. `film` puts a slider over t below samples whose way is kept; `offers` are buttons in the title row.
    """
    body = '<div class="tiles-rows"></div>'
    tools = "".join(
        f'<button type="button" class="pg-small" data-view="{name}" aria-pressed="{str(k == 0).lower()}" title="{help}">{label}</button>'
        for k, (name, label, help) in enumerate(choices)
    )
    template = card(title, empty, body, height=height, label=title, tools=tools + offers, after=FILM if film else "")
    views = [name for name, *_ in choices] or [view]
    return component("ui/components/image_table.js", template, tab=tab, views=views)
