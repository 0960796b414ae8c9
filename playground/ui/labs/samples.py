"""Fresh samples: drawn on demand from the model above, by a run of their own; and the pictures that samples are shown in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from playground.config import POINT_DATASETS, SampleConfig
from playground.data import DATASETS
from playground.ui.components.curves import curves
from playground.ui.components.image_table import image_table
from playground.ui.components.particles import particles
from playground.ui.components.run_bar import run_bar
from playground.ui.forms import Form
from playground.ui.labs.fitting import which
from playground.ui.service import REFUSALS
from playground.ui.tabs.common import QUIET, TrainingTab

SAMPLER = ("sampler", "sampling_steps", "time_grid", "eta", "guidance_scale")
"""Settings of the tab's form that steer its live pictures and the fresh samples alike."""
STRIP = "The first of the samples on its way from noise (left) to data (right) will stand here."
FRESH = "Press Sample: fresh samples, drawn with the newest weights of the model above, will stand here."
HINT = "Draws fresh samples from the model above, at any time while it trains and after, with the sampler set at the side."


def pictures(
    channel: str, *, points: bool, title: str, empty: str, images_empty: str, beside: bool, functions: Sequence[Callable] = ()
) -> list[gr.Column]:  # fmt: skip
    """The views of one run: particles for points, a grid and a strip for images. Returns the two columns, of which one
    shows; `beside` adds the loss, and (by the server `functions`) what moves the particles."""
    with gr.Row():
        with gr.Column(scale=3, min_width=320, visible=points) as for_points:
            particles(channel, title=title, empty=empty, height=420 if beside else 380, server_functions=functions)
        with gr.Column(scale=3, min_width=320, visible=not points) as for_images:
            image_table(channel, view="samples", title=title, empty=images_empty, height=250)
            image_table(channel, view="strip", title="One sample, from noise to data", empty=STRIP, height=150)
        if beside:
            with gr.Column(scale=2, min_width=300):
                curves(channel, height=420)
    return [for_points, for_images]


def classes(dataset: str, conditional: str) -> list[dict[str, Any]]:
    """The choice of a class and the guidance scale, shown for a model that is told classes; 1, no guidance, for others."""
    choices = [("every class in turn", -1), *((name, k) for k, name in enumerate(DATASETS[dataset].label_names))]
    off = {} if conditional == "on" else {"value": 1.0}
    return [gr.update(choices=choices, value=-1, visible=not off), gr.update(visible=not off, **off)]


def draw(tab: TrainingTab) -> None:
    """A run bar of its own, how many and of which class, and the pictures."""
    bar = run_bar(
        "samples", server_functions=tab.service.server_functions(), hint=HINT, busy_word="Sampling", train_label="Sample"
    )  # fmt: skip
    form = Form(SampleConfig, leave_out=("device", "label", *SAMPLER))
    with gr.Row():
        form.draw("n_samples", "sampling_seed")
        label = gr.Dropdown([("every class in turn", -1)], value=-1, label="Class", info="Which one is drawn.", visible=False)
    points = tab.form.specs["dataset"].default in POINT_DATASETS
    shown = pictures("samples", points=points, title="Fresh samples", empty=FRESH, images_empty=FRESH, beside=False)
    wire(tab, bar, form, label, shown)


def wire(tab: TrainingTab, bar: gr.HTML, form: Form, label: gr.Dropdown, shown: list[gr.Column]) -> None:
    """Sample; the class and the guidance scale where the model is told classes; pictures that fit the data."""

    def sample(followed: Any, picked: Any, *held: Any) -> list[Any]:
        """Sample was pressed: a run id for the run bar, or a sentence, and the pictures that fit."""
        run = followed.get("run") if isinstance(followed, dict) else None
        if run is None:
            return [{"error": "There is no model to draw from yet: press Train first."}, gr.skip(), gr.skip()]
        try:
            values = {"label": picked, **dict(zip(SAMPLER, held)), **form.values(*held[len(SAMPLER) :])}
            dataset = tab.service.registry.get(run).config["dataset"]
            return [{"run": tab.service.sample(run, values)}, *which(dataset)]
        except REFUSALS as error:
            return [{"error": str(error)}, gr.skip(), gr.skip()]

    def idle(followed: Any, dataset: str) -> list[Any]:
        """Another data set was picked: the empty pictures fit it, but pictures of a run stay."""
        return [gr.skip()] * 2 if followed else which(dataset)

    def found(event: gr.EventData) -> list[Any]:
        """A run was found again after a reload: the kind of pictures that its data needs."""
        return which(tab.found(event)["dataset"])

    dataset, conditional, guidance = (tab.form.controls[name] for name in ("dataset", "conditional", "guidance_scale"))
    guidance.visible = False
    gr.on([dataset.change, conditional.change], classes, [dataset, conditional], [label, guidance], **QUIET)
    dataset.input(idle, [bar, dataset], shown, **QUIET)
    sampler = [tab.form.controls[name] for name in SAMPLER]
    bar.train(sample, [tab.bar, label, *sampler, *form.inputs], [bar, *shown], **QUIET)
    bar.attached(found, None, shown, **QUIET)
