"""The button of a study: it measures the model of the tab in a run of its own, or says why not."""

from __future__ import annotations

from typing import Any

import gradio as gr

from playground.runtimes.refusals import REFUSALS
from playground.ui.forms import Form
from playground.ui.tab import QUIET, TrainingTab

NO_MODEL = "There is no model to measure yet: press Train first."


def study(tab: TrainingTab, bar: gr.HTML, name: str, form: Form, no_model: str = NO_MODEL) -> None:
    """Pressing the button of `bar` starts the study `name` of the run that `tab` follows, as `form` says."""

    def start(shown: Any, event: gr.EventData) -> dict[str, str]:
        run = shown.get("run") if isinstance(shown, dict) else None
        if run is None:
            return {"error": no_model}
        try:
            return {"run": tab.service.study(name, run, form.values(event))}
        except REFUSALS as error:
            return {"error": str(error)}

    bar.train(start, tab.bar, bar, **QUIET)
