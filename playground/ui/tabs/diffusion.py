"""The diffusion tab: samples that walk from noise to data while the model learns, and fresh ones on demand."""

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
from playground.ui.diffuse_in import DiffuseIn
from playground.ui.following import SCRIPT
from playground.ui.forms import Form
from playground.ui.labs import arena, exact, forward, images, latent, likelihood, reflow
from playground.ui.labs.fitting import fit, which
from playground.ui.service import REFUSALS
from playground.ui.tabs.common import QUIET, TrainingTab

SAMPLER = ("sampler", "sampling_steps", "eta", "guidance_scale")
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


class DiffusionTab(TrainingTab):
    """A training tab with a second run bar, which draws fresh samples."""

    together = SAMPLER
    heading = "**Sampling.** Steers the pictures while the model trains, and Sample."
    labs = (
        ("Forward", forward.draw), ("Exact answer", exact.draw), ("Likelihood", likelihood.draw), ("Image lab", images.draw),
        ("Scheduler arena", arena.draw),
        ("Latent diffusion", latent.draw), ("Reflow", reflow.draw),
    )  # fmt: skip

    def draw_pictures(self) -> None:
        """Samples of the model as it learns, the loss beside them, and fresh samples below."""
        points = self.form.specs["dataset"].default in POINT_DATASETS
        self.live = pictures(
            "diffusion", points=points, title="Samples while it learns",
            empty="Press Train: grey dots will be the data, green dots samples of the model, drawn from the same noise each time.",
            images_empty="Press Train: 25 samples of the model will stand here, drawn from the same noise each time.",
            beside=True, functions=self.service.server_functions(),
        )  # fmt: skip
        self.sample_form = Form(SampleConfig, leave_out=("device", "label", *SAMPLER))
        self.sample_bar = run_bar(
            "samples", server_functions=self.service.server_functions(), hint=HINT, busy_word="Sampling",
            train_label="Sample",
        )  # fmt: skip
        with gr.Row():
            self.sample_form.draw("n_samples", "sampling_seed")
            every = ("every class in turn", -1)
            self.label = gr.Dropdown([every], value=-1, label="Class", info="Which one is drawn.", visible=False)
        self.fresh = pictures(
            "samples", points=points, title="Fresh samples", empty=FRESH, images_empty=FRESH, beside=False
        )  # fmt: skip

    def draw_form(self) -> None:
        """Where it diffuses, then the settings as on every tab."""
        self.where = DiffuseIn(self.service)
        super().draw_form()
        self.beyond, self.script = (self.where.choice, self.where.followed), SCRIPT

    def start(self, *held: Any) -> dict[str, str]:
        """Train was pressed: as on every tab, in the space that was chosen."""
        *fields, choice, channels = held
        try:
            return {"run": self.where.start(self.form.values(*fields), choice, channels)}
        except REFUSALS as error:
            return {"error": str(error)}

    def wire(self) -> None:
        """As on every tab, and: pictures that fit the data, classes where the model is told them, and Sample."""
        super().wire()
        fit(self, self.live)
        self.where.wire(self, self.live)
        dataset, conditional, guidance = (self.form.controls[name] for name in ("dataset", "conditional", "guidance_scale"))
        guidance.visible = False
        gr.on([dataset.change, conditional.change], classes, [dataset, conditional], [self.label, guidance], **QUIET)
        dataset.input(self.fit_idle, [self.sample_bar, dataset], self.fresh, **QUIET)
        sampler = [self.form.controls[name] for name in SAMPLER]
        self.sample_bar.train(
            self.sample, [self.bar, self.label, *sampler, *self.sample_form.inputs], [self.sample_bar, *self.fresh], **QUIET
        )  # fmt: skip
        self.sample_bar.attached(self.restore_pictures, None, self.fresh, **QUIET)

    def fit_idle(self, shown: Any, dataset: str) -> list[Any]:
        """Another data set was picked: the empty pictures fit it, but pictures of a run stay."""
        return [gr.skip()] * 2 if shown else which(dataset)

    def restore_pictures(self, event: gr.EventData) -> list[Any]:
        """A run was found again after a reload: the kind of pictures that its data needs."""
        return which(self.found(event)["dataset"])

    def sample(self, shown: Any, label: Any, *held: Any) -> list[Any]:
        """Sample was pressed: a run id for the run bar, or a sentence, and the pictures that fit."""
        run = shown.get("run") if isinstance(shown, dict) else None
        if run is None:
            return [{"error": "There is no model to draw from yet: press Train first."}, gr.skip(), gr.skip()]
        try:
            values = {"label": label, **dict(zip(SAMPLER, held)), **self.sample_form.values(*held[len(SAMPLER) :])}
            dataset = self.service.registry.get(run).config["dataset"]
            return [{"run": self.service.sample(run, values)}, *which(dataset)]
        except REFUSALS as error:
            return [{"error": str(error)}, gr.skip(), gr.skip()]
