"""The scheduler arena: the model of this tab, or a diffusers folder, under every scheduler of diffusers that fits it."""

from __future__ import annotations

from typing import Any

import gradio as gr

from playground.config.settings import field_specs
from playground.features.arena.card import arena
from playground.features.arena.pick import arena_pick
from playground.features.arena.service import ArenaService
from playground.features.arena.settings import ArenaConfig
from playground.ui.following import run_of
from playground.ui.forms import Form
from playground.ui.studying import study_bar
from playground.ui.tab import TrainingTab

HINT = (
    "Draws from one model with every scheduler picked above, from the same initial noise, and measures how far the samples are from "
    "held-out data. The model may go on training meanwhile. Stop keeps what is done."
)


def draw(tab: TrainingTab) -> None:
    """Who takes part, a run bar of its own, and the results."""
    service, specs = ArenaService(tab.service), field_specs(ArenaConfig)
    form = Form("arena", ArenaConfig, leave_out=("device", "schedulers", "evaluations"))
    pick = arena_pick(
        tab.name,
        schedulers=specs["schedulers"].default,
        evaluations=specs["evaluations"].default,
        server_functions=service.server_functions(),
    )
    form.draw("time_grid")

    def run(shown: Any, chosen: Any, event: gr.EventData) -> str:
        return service.run(run_of(shown, "run"), chosen, form.values(event))

    words = {"hint": HINT, "train_label": "Run the arena", "busy_word": "Measuring", "counted": "evaluation"}
    study_bar(tab, "arena", run, [tab.bar, pick], **words)
    with gr.Accordion("How it is measured", open=False), gr.Row():
        form.draw(*form.rest())
    arena("arena")
