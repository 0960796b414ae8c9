"""The time slider: moves all pictures of a tab back to any moment that is kept of its run, and plays them as a film.

While a moment of the past is shown, the run goes on: its numbers in the run bar change, the pictures do not.

    slider = time_slider("vae", server_functions=[replay])
    # fork(event: gr.EventData, *settings) -> ({"run": id} | {"error": sentence} for the run bar, anything new for the slider)
    slider.fork(fork, inputs=[...], outputs=[bar, slider], show_progress="hidden")

`replay([run, step])` answers with a frame to publish (`{run, replay: step, views}`) or `{"error": sentence}`; the event
carries `{run, step}`, with `step` that of a checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import gradio as gr

from playground.ui.component import component

TEMPLATE = """
<section class="pg pg-card time" aria-label="Moments of the run">
  <div class="time-line">
    <button type="button" class="pg-small time-play" aria-label="Play the moments as a film" disabled>▶ Film</button>
    <div class="time-track">
      <input type="range" min="0" max="1" value="1" step="1" aria-label="Moment of the run" disabled>
      <div class="time-marks" aria-hidden="true"></div>
    </div>
    <output class="time-step">–</output>
    <button type="button" class="pg-small time-now" aria-pressed="true" disabled>● live</button>
  </div>
  <div class="time-line">
    <span class="time-message"></span>
    <button type="button" class="pg-small time-fork" disabled>Continue from here</button>
  </div>
</section>
"""


def time_slider(tab: str, *, server_functions: Sequence[Callable]) -> gr.HTML:
    """The slider over the moments of the run that `tab` follows. Event: `fork`."""
    return component("ui/components/time_slider.js", TEMPLATE, events=["fork"], server_functions=list(server_functions), tab=tab)
