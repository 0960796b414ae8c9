"""The latent map: one dot per image, where the encoder puts it, moving while the model learns; and one can touch it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import gradio as gr

from playground.config import MODELS
from playground.ui.component import card, component

EMPTY = "Press Train: every dot will be one held-out example, placed where the encoder puts it. Same class, same colour."
BODY = (
    '<div class="map-plot"></div><canvas class="map-under" aria-hidden="true"></canvas>'
    '<canvas class="map-dots" role="img" aria-label="No dots yet"></canvas><canvas class="map-over" aria-hidden="true"></canvas>'
    '<div class="map-tip" hidden><canvas></canvas><canvas></canvas><div></div></div>'
    '<div class="map-probe" hidden><canvas></canvas><small></small></div>'
    '<div class="map-hint" hidden>Ctrl + wheel or a pinch zooms; so does the wheel after a click into the map</div>'
)


def _choice(name: str, label: str, help: str, options: Sequence[tuple[str, str]] = ()) -> str:
    chosen = "".join(f'<option value="{value}">{text}</option>' for value, text in options)
    return f'<label title="{help}">{label} <select class="map-{name}">{chosen}</select></label>'


def _number(name: str, label: str, help: str, low: int, high: int, value: int) -> str:
    field = f'<input class="map-{name}" type="number" min="{low}" max="{high}" value="{value}">'
    return f'<label class="map-neighbour-settings" title="{help}" hidden>{label} {field}</label>'


def _switch(name: str, label: str, help: str, on: bool = False) -> str:
    pressed = "true" if on else "false"
    return f'<button type="button" class="pg-small map-{name}" aria-pressed="{pressed}" title="{help}">{label}</button>'


def _bar(posterior: bool) -> str:
    """The row of choices above the map."""
    place = (
        _choice("method", "Layout", "How the latents become points on this map")
        + _choice("dims", "in", "A plane, or a space that you can turn", [("2", "2-D"), ("3", "3-D")])
        + _number("perplexity", "perplexity", "About how many neighbours count for each point", 5, 100, 30)
        + _number("seed", "seed", "Fixes the random start", 0, 9999, 0)
    )
    overlays = _switch(
        "holes",
        "holes",
        "Shade by |E(D(z)) − z|: how far a decoded point, encoded again, lands from z, in standard deviations of the codes",
    )
    if posterior:
        overlays += _switch("ellipses", "1σ ellipses", "The posterior q(z|x) of every dot, one standard deviation wide")
        overlays += _switch("prior", "prior", "The prior N(0, I): rings at 1, 2 and 3 standard deviations", on=True)
    return (
        f'<div class="map-bar" role="group" aria-label="Map settings"><span>{place}</span>'
        f"<span>{_choice('colour', 'Colour', 'What the colour of a dot means')}</span>"
        '<span class="map-drag" role="group" aria-label="Dragging">Drag '
        + _switch(
            "decode", "decodes", "Dragging decodes the place under the pointer; with Shift it moves or turns the map", on=True
        )
        + _switch("move", "moves", "Dragging moves or turns the map; with Shift it decodes")
        + f'</span><span class="map-overlays" role="group" aria-label="Overlays">{overlays}</span></div>'
    )


def latent_map(
    tab: str,
    *,
    server_functions: Sequence[Callable],
    title: str = "Latent map",
    empty: str = EMPTY,
    height: int = 420,
    view: str = "map",
) -> gr.HTML:
    """Draws the payloads `map` and `map_static` (`playground.views.payloads`) of the run that `tab` follows.

    Needs the server functions `project` and `ask` (`playground.page.service`). Wheel with Ctrl, or after a click, zooms, drag decodes (3-D: turns; with Shift the one does what the other does), a double
    click or "reset view" goes back; zoom and camera stay while the dots move. Plotly draws the axes of the plane; dots, space
    and overlays are canvases above, which cost a fraction of WebGL where there is no graphics card.
    """
    tools = '<button type="button" class="pg-small map-reset" disabled>reset view</button>'
    save = "".join(
        f'<button type="button" class="pg-small map-{name}" aria-label="{label}" title="{label}" disabled>{text}</button>'
        for name, text, label in (
            ("csv", "CSV", "Save the points with their labels as CSV"),
            ("html", "HTML", "Save the map as a web page that works on its own"),
            ("png", "PNG", "Save the map as a picture"),
        )
    )
    after = (
        '<div class="map-foot"><div class="map-legend" role="group" aria-label="Legend: press a class to hide or show it"></div>'
        f'<span class="map-save">Save {save}</span></div><div class="map-message" role="status"></div>'
    )
    template = card(title, empty, BODY, height=height, label=title, tools=tools, after=after, before=_bar(MODELS[tab].has_bound))
    return component(
        "features/latent_map/latent_map.js", template, server_functions=list(server_functions), tab=tab, view=view, title=title
    )
