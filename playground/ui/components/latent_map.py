"""The latent map: one dot per image, where the encoder puts it, moving while the model learns."""

import gradio as gr

from playground.ui.components.shared import card, component

EMPTY = "Press Train: every dot will be one held-out image, placed where the encoder puts it. Same class, same colour."

BODY = (
    '<div class="map-plot"></div><canvas class="map-dots" role="img"></canvas>'
    '<div class="map-tip" hidden><canvas></canvas><div></div></div>'
)


def latent_map(
    tab: str, *, title: str = "Latent map", empty: str = EMPTY, height: int = 420, view: str = "map"
) -> gr.HTML:
    """Draws the payloads `map` and `map_static` (`playground.views.payloads`) of the run that `tab` follows.

    Wheel zooms, drag moves, a double click or "reset view" goes back; the zoom stays while the dots move. Plotly draws
    axes and prior rings; the dots are a canvas above them, which costs a fraction of a WebGL trace where there is no
    graphics card, and works where there is no WebGL.
    """
    tools = (
        '<button type="button" class="pg-small map-reset" disabled>reset view</button>'
        '<button type="button" class="pg-small map-png" aria-label="Save the map as a picture" disabled>PNG</button>'
    )
    after = '<div class="map-legend" role="group" aria-label="Classes: press to hide or show"></div>'
    template = card(title, empty, BODY, height=height, label=title, tools=tools, after=after)
    return component("latent_map", template, needs_plotly=True, tab=tab, view=view, title=title)
