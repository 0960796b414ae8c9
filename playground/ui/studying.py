"""The head of a study's section: its button measures the model of the tab in a run of its own, or says why not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import gradio as gr

from playground.config import ConfigError, StudyConfig
from playground.runtimes.refusals import answering
from playground.ui.components.run_bar import run_bar
from playground.ui.following import run_of
from playground.ui.forms import Form
from playground.ui.tab import QUIET, TrainingTab


def study(
    tab: TrainingTab,
    settings: type[StudyConfig],
    *,
    no_model: str = "There is no model to measure yet: press Train first.",
    **words: str,
) -> Form:
    """Draws a run bar whose runs are the study with these settings, of the run that `tab` follows. Its views follow the channel that
    is called like the study. Returns the form of the settings, of which nothing is drawn yet."""
    name = settings.model_fields["study"].default
    form = Form(name, settings)

    def start(shown: Any, event: gr.EventData) -> str:
        run = run_of(shown, "run")
        if run is None:
            raise ConfigError(no_model)
        return tab.service.study(name, run, form.values(event))

    study_bar(tab, name, start, [tab.bar], **words)
    return form


def study_bar(
    tab: TrainingTab,
    name: str,
    start: Callable[..., str],
    inputs: Sequence[gr.components.Component] = (),
    *,
    hint: str,
    train_label: str = "Evaluate",
    busy_word: str = "Evaluating",
    counted: str = "step",
) -> None:
    """Draws the run bar of the runs that `start(*inputs, event)` begins and returns the ids of; a refusal stands in it as a sentence."""
    functions = tab.service.server_functions()
    bar = run_bar(name, server_functions=functions, hint=hint, busy_word=busy_word, train_label=train_label, counted=counted)

    @answering
    @wraps(start)
    def pressed(*args: Any) -> dict[str, str]:
        return {"run": start(*args)}

    bar.train(pressed, list(inputs), bar, **QUIET)
