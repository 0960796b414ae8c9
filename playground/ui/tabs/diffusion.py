"""The diffusion tab: samples that walk from noise to data while the model learns, and fresh ones on demand."""

from __future__ import annotations

from typing import Any

import gradio as gr

from playground.config import POINT_DATASETS, SampleConfig
from playground.ui.components.curves import curves
from playground.ui.components.image_table import image_table
from playground.ui.components.particles import particles
from playground.ui.components.run_bar import run_bar
from playground.ui.forms import Form
from playground.ui.service import REFUSALS
from playground.ui.tabs.common import QUIET, TrainingTab

SAMPLER = ("sampler", "sampling_steps", "eta")
STRIP = "The first of the samples on its way from noise (left) to data (right) will stand here."
FRESH = "Press Sample: fresh samples, drawn with the newest weights of the model above, will stand here."
HINT = "Draws fresh samples from the model above, at any time while it trains and after, with the sampler set at the side."


def pictures(channel: str, *, points: bool, title: str, empty: str, images_empty: str, beside: bool) -> list[gr.Column]:
    """The views of one run: particles for points, a grid and a strip for images. Returns the two columns, of which one
    shows; `beside` adds the loss."""
    with gr.Row():
        with gr.Column(scale=3, min_width=320, visible=points) as for_points:
            particles(channel, title=title, empty=empty, height=420 if beside else 380)
        with gr.Column(scale=3, min_width=320, visible=not points) as for_images:
            image_table(channel, view="samples", title=title, empty=images_empty, height=250)
            image_table(channel, view="strip", title="One sample, from noise to data", empty=STRIP, height=150)
        if beside:
            with gr.Column(scale=2, min_width=300):
                curves(channel, height=420)
    return [for_points, for_images]


def which(dataset: str) -> list[dict[str, Any]]:
    """Visibility of the two columns for a data set."""
    points = dataset in POINT_DATASETS
    return [gr.update(visible=points), gr.update(visible=not points)]


class DiffusionTab(TrainingTab):
    """A training tab with a second run bar, which draws fresh samples."""

    together = SAMPLER
    heading = "**Sampling.** Steers the pictures while the model trains, and Sample."

    def draw_pictures(self) -> None:
        """Samples of the model as it learns, the loss beside them, and fresh samples below."""
        points = self.form.specs["dataset"].default in POINT_DATASETS
        self.live = pictures(
            "diffusion", points=points, title="Samples while it learns",
            empty="Press Train: grey dots will be the data, green dots samples of the model, drawn from the same noise each time.",
            images_empty="Press Train: 25 samples of the model will stand here, drawn from the same noise each time.",
            beside=True,
        )  # fmt: skip
        self.sample_form = Form(SampleConfig, leave_out=("device", *SAMPLER))
        self.sample_bar = run_bar(
            "samples", server_functions=self.service.server_functions(), hint=HINT, busy_word="Sampling",
            train_label="Sample",
        )  # fmt: skip
        with gr.Row():
            self.sample_form.draw("n_samples", "sampling_seed")
        self.fresh = pictures(
            "samples", points=points, title="Fresh samples", empty=FRESH, images_empty=FRESH, beside=False
        )  # fmt: skip

    def wire(self) -> None:
        """As on every tab, and: pictures that fit the data, and Sample."""
        super().wire()
        dataset = self.form.controls["dataset"]
        self.bar.train(which, dataset, self.live, **QUIET)
        self.bar.attached(self.restore_pictures, None, self.live, **QUIET)
        dataset.input(self.fit_idle, [self.bar, dataset], [*self.live, *self.fresh], **QUIET)
        sampler = [self.form.controls[name] for name in SAMPLER]
        self.sample_bar.train(
            self.sample, [self.bar, *sampler, *self.sample_form.inputs], [self.sample_bar, *self.fresh], **QUIET
        )  # fmt: skip
        self.sample_bar.attached(self.restore_pictures, None, self.fresh, **QUIET)

    def fit_idle(self, shown: Any, dataset: str) -> list[Any]:
        """Another data set was picked: the empty pictures fit it, but pictures of a run stay."""
        return [gr.skip()] * 4 if shown else which(dataset) * 2

    def restore_pictures(self, event: gr.EventData) -> list[Any]:
        """A run was found again after a reload: the kind of pictures that its data needs."""
        return which(self.found(event)["dataset"])

    def sample(self, shown: Any, *held: Any) -> list[Any]:
        """Sample was pressed: a run id for the run bar, or a sentence, and the pictures that fit."""
        run = shown.get("run") if isinstance(shown, dict) else None
        if run is None:
            return [{"error": "There is no model to draw from yet: press Train first."}, gr.skip(), gr.skip()]
        try:
            values = dict(zip(SAMPLER, held)) | self.sample_form.values(*held[len(SAMPLER) :])
            dataset = self.service.registry.get(run).config["dataset"]
            return [{"run": self.service.sample(run, values)}, *which(dataset)]
        except REFUSALS as error:
            return [{"error": str(error)}, gr.skip(), gr.skip()]
