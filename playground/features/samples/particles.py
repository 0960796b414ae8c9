"""Samples travelling from noise to data, next to the data they should look like; a slider walks along the way: data at the left, noise at the right,
as on every axis of t.

With the server function `ask` also what moves them, at the time of the slider: the vector field (score, velocity or x̂₀;
learned, exact or their difference) as arrows, and the density as a cloud.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import gradio as gr

from playground.ui.component import card, component

EMPTY = (
    "Press Train: grey dots will be the data, green dots samples of the model. "
    "The slider and the play button will move them from noise (t = 1) to data (t = 0)."
)

CONTROLS = """
<div class="particles-controls">
  <button type="button" class="pg-small particles-play" title="Play from noise to data" disabled>▶ Play</button>
  <button type="button" class="pg-small particles-ahead" aria-label="One sampling step ahead, towards data"
    title="One sampling step ahead" disabled>‹</button>
  <label class="particles-slide" title="Noise time t: 0 is data, 1 is noise">
    <span>data</span>
    <input type="range" min="0" max="1000" value="0" aria-label="Noise time t, from data to noise" disabled>
    <span>noise</span>
  </label>
  <button type="button" class="pg-small particles-back" aria-label="One sampling step back, towards noise"
    title="One sampling step back" disabled>›</button>
  <output class="particles-time">t = –</output>
  <button type="button" class="pg-small particles-trails" aria-pressed="false" title="The last part of each way" disabled>
    trails</button>
  <button type="button" class="pg-small particles-paths" aria-pressed="false" title="The whole way of each sample" disabled>
    paths</button>
</div>
"""


def select(name: str, label: str, options: dict[str, str], title: str) -> str:
    """A drop-down with its label in front of it; values and words by `options`."""
    chosen = "".join(f'<option value="{value}">{words}</option>' for value, words in options.items())
    return (
        f'<label class="pg-select" title="{title}"><span>{label}</span>'
        f'<select data-choose="{name}" disabled>{chosen}</select></label>'
    )


FIELDS = {"score": "score ∂ log pₜ/∂x", "velocity": "velocity dx/dt", "x_0": "x̂₀, the expected data"}
BEHIND = (
    '<div class="particles-behind">'
    + select("what", "arrows", {"": "none", **FIELDS}, "What moves the samples, at the time of the slider")
    + select("of", "of", {"learned": "the model", "exact": "the exact answer", "error": "model − exact"}, "Whose arrows")
    + select(
        "density",
        "density",
        {"": "none", "exact": "exact", "learned": "of the model"},
        "How likely each place is at the time of the slider; for the model by solving its ODE, which takes a moment",
    )
    + '{offers}<span class="particles-message" role="status"></span></div>'
)

LEGEND = (
    '<span class="particles-key"><i style="background:var(--role-data)"></i>data</span>'
    '<span class="particles-key"><i style="background:var(--role-samples)"></i>samples</span>'
)


def particles(
    tab: str,
    *,
    title: str = "Samples",
    empty: str = EMPTY,
    height: int = 380,
    view: str = "particles",
    server_functions: Sequence[Callable] = (),
    offers: str = "",
) -> gr.HTML:
    """Draws `particles` and `particles_static` (`playground.views.positions`) of the run that `tab` follows; what moves them
    only where there are `server_functions`, and the run is that of a model. `offers` are buttons beside that."""
    body = '<canvas role="img" aria-label="Samples and data as dots in the plane"></canvas>'
    behind = BEHIND.format(offers=offers) if server_functions else ""
    template = card(title, empty, body, height=height, label=title, tools=LEGEND, after=CONTROLS + behind)
    return component("features/samples/particles.js", template, server_functions=list(server_functions) or None, tab=tab, view=view)
