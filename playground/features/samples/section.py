"""Fresh samples: drawn on demand from the model of this tab, by a run of their own; and the pictures that samples are shown in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import gradio as gr

from playground.config import ConfigError, SampleConfig, SamplerSettings, field_specs, of_points
from playground.data import DATASETS
from playground.features.columns.card import columns
from playground.features.samples.particles import particles
from playground.runtimes.refusals import answering
from playground.ui.component import offer
from playground.ui.components.image_table import image_table
from playground.ui.components.run_bar import run_bar
from playground.ui.fitting import which
from playground.ui.following import run_of
from playground.ui.forms import Form, form_update
from playground.ui.tab import QUIET, TrainingTab

SAMPLER = tuple(field_specs(SamplerSettings))
"""Settings of the tab's form that steer its live pictures and the fresh samples alike."""
EVERY_CLASS = "every class in turn"
STRIP = (
    "One of the samples will stand here at every t, from data (left) to noise (right), and below it what the model expects there."
)
FRESH = "Press Sample: fresh samples, drawn with the newest weights of the model of this tab, will stand here."
HINT = "Draws fresh samples from the model of this tab, at any time while it trains and after, with the sampler that is set in the form."


def pictures(
    channel: str, *, points: bool, title: str, empty: str, images_empty: str, functions: Sequence[Callable] = ()
) -> list[gr.Column]:
    """The views of one run: particles for points, a grid and a strip for images. Returns the two columns, of which one
    shows. With server `functions`, those of the model of a tab, also what moves the particles, and the way to the arena."""
    offers = offer("Scheduler arena", "under every scheduler") if functions else ""
    with gr.Column(visible=points) as for_points:
        particles(channel, title=title, empty=empty, height=380, server_functions=functions, offers=offers)
    with gr.Column(visible=not points) as for_images:
        image_table(channel, view="samples", title=title, empty=images_empty, height=226, film=True, offers=offers)
        image_table(channel, view="strip", title="One sample at every t", empty=STRIP, height=120)
    return [for_points, for_images]


def classes(values: dict[str, Any]) -> dict[str, Any]:
    """The classes of the data, to choose one from."""
    titles = [[EVERY_CLASS, -1], *([name, k] for k, name in enumerate(DATASETS[values["dataset"]].label_names))]
    return form_update({"label": -1}, options={"label": titles})


def draw(tab: TrainingTab) -> None:
    """A run bar of its own, how many and of which class, and the pictures."""
    bar = run_bar("samples", server_functions=tab.service.server_functions(), hint=HINT, busy_word="Sampling", train_label="Sample")
    label = field_specs(SampleConfig)["label"]
    label = replace(label, kind="choice", choices=(-1,), titles={-1: EVERY_CLASS}, help="Which one is drawn.")
    form = Form("samples", SampleConfig, leave_out=("device", "label", *SAMPLER), extra=(label,), beside=tab.form)
    form.draw("n_samples", "sampling_seed", "label")
    points = of_points(tab.form.specs["dataset"].default)
    shown = pictures("samples", points=points, title="Fresh samples", empty=FRESH, images_empty=FRESH)
    columns("samples", height=300)
    wire(tab, bar, form, shown)


def wire(tab: TrainingTab, bar: gr.HTML, form: Form, shown: list[gr.Column]) -> None:
    """Sample; the classes that the data have; pictures that fit the data."""

    def sample(followed: Any, event: gr.EventData) -> list[Any]:
        """Sample was pressed: a run id for the run bar, or a sentence, and the pictures that fit."""
        run = run_of(followed, "run")
        answer = started(run, event)
        if run is None or "error" in answer:
            return [answer, *[gr.skip()] * 2]
        return [answer, *which(tab.service.registry.get(run).config["dataset"])]

    @answering
    def started(run: str | None, event: gr.EventData) -> dict[str, str]:
        if run is None:
            raise ConfigError("There is no model to draw from yet: press Train first.")
        steers = {name: value for name, value in tab.form.values(event).items() if name in SAMPLER}
        return {"run": tab.service.sample(run, steers | form.values(event))}

    def idle(values: dict[str, Any], followed: Any) -> list[Any]:
        """Another data set was picked: the empty pictures fit it, but pictures of a run stay."""
        return [gr.skip()] * 2 if followed else which(values["dataset"])

    def found(event: gr.EventData) -> list[Any]:
        """A run was found again after a reload: the kind of pictures that its data needs."""
        return which(tab.found(event)["dataset"])

    tab.form.changed(["dataset", "conditional"], classes, [], form.groups["label"])
    tab.form.changed(["dataset"], idle, [bar], shown)
    bar.train(sample, tab.bar, [bar, *shown], **QUIET)
    bar.attached(found, None, shown, **QUIET)
