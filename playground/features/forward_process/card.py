"""The forward process: examples drown in noise under every schedule at once, before anything was trained."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import gradio as gr

from playground.ui.component import component

LEAD = (
    "Move t, or press Play: at the same t, with the same noise, each schedule has left another share of the data. "
    "This is all that a model ever sees while it trains, and no network is needed for it."
)
UNIT = (
    "Draws xₜ / √(αₜ² + σₜ²), which is what the network sees; off: xₜ itself, which leaves the picture where the variance explodes"
)
CHARTS = {
    "coefficients": "α (solid) and σ (dashed)",
    "log_snr": "log-SNR = log α²/σ²",
    "signal": "signal, share of the variance of xₜ",
}
NUMBERS = (
    ("alpha", "α", "How much of the data is left"),
    ("sigma", "σ", "Standard deviation of the noise"),
    ("log_snr", "log-SNR", "log α²/σ²: what the network is told of the time"),
    ("signal", "signal", "α² Var(x₀) / (α² Var(x₀) + σ²): the share of the variance of xₜ that is data"),
    (
        "bits",
        "bits left ≤",
        "At most ½ log₂(1 + α² Var(x₀) / σ²) bits per dimension about x₀ are left in xₜ: the capacity of a channel with this noise",
    ),
)
TEMPLATE = f"""
<section class="pg pg-card forward" aria-label="Forward process">
  <div class="pg-head">
    <span class="pg-title">Forward: xₜ = αₜ x₀ + σₜ ε</span><span class="pg-note"></span><span class="pg-step"></span>
  </div>
  <div class="forward-lead">{LEAD}</div>
  <div class="forward-panels">PANELS</div>
  <div class="forward-controls">
    <button type="button" class="pg-small forward-play" title="Play from data to noise">▶ Play</button>
    <label class="forward-slide">
      <span>data</span>
      <input type="range" min="0" max="200" step="1" value="60" aria-label="Time t of the forward process">
      <span>noise</span>
    </label>
    <output class="forward-time">t = 0.30</output>
    <button type="button" class="pg-small forward-noise" title="Another ε for every example">new noise</button>
    <button type="button" class="pg-small forward-unit" aria-pressed="true" title="{UNIT}">unit scale</button>
  </div>
  <div class="forward-charts">CHARTS</div>
  <div class="forward-message"></div>
  <div class="forward-error" role="status"></div>
</section>
"""


def forward_process(schedules: dict[str, str], value: dict, *, server_function: Callable) -> gr.HTML:
    """Shows its value `{"dataset": name, "schedule": name}`; `schedules`: name -> title, a panel each. Needs `forward_process`."""
    panels = "".join(panel(name, title, i) for i, (name, title) in enumerate(schedules.items()))
    charts = "".join(
        f'<figure data-chart="{name}"><figcaption>{label}</figcaption>'
        f'<canvas role="img" aria-label="{label}, over t"></canvas></figure>'
        for name, label in CHARTS.items()
    )
    return component(
        "features/forward_process/forward.js",
        TEMPLATE.replace("PANELS", panels).replace("CHARTS", charts),
        value=value,
        server_functions=[server_function],
        titles=schedules,
    )


def panel(name: str, title: str, i: int) -> str:
    """One schedule: its name and colour, what it makes of the data, and its numbers."""
    numbers = "".join(
        f'<span title="{escape(help)}"><i>{label}</i> <b data-number="{key}">–</b></span>' for key, label, help in NUMBERS
    )
    return (
        f'<div class="forward-panel" data-schedule="{name}"><div class="forward-name">'
        f'<i style="background:var(--class-{i})"></i><b>{escape(title)}</b><small></small></div>'
        f'<canvas role="img" aria-label="x at time t, {escape(title)}"></canvas><div class="forward-numbers">{numbers}</div></div>'
    )
