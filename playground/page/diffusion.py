"""The diffusion tab: samples that walk from noise to data while the model learns."""

from __future__ import annotations

import gradio as gr

from playground.config import of_points
from playground.features.arena import section as arena
from playground.features.columns.card import columns
from playground.features.exact import section as exact
from playground.features.exact.error_curve import error_curve
from playground.features.forward_process import section as forward_process
from playground.features.image_lab import section as images
from playground.features.latent_diffusion import section as latent
from playground.features.likelihood import section as likelihood
from playground.features.quality.card import quality
from playground.features.reflow import section as reflow
from playground.features.samples import section as samples
from playground.page.diffuse_in import DIFFUSE_IN, DiffuseIn
from playground.runtimes.refusals import answering
from playground.ui.components.curves import curves
from playground.ui.fitting import fit
from playground.ui.following import following, joined
from playground.ui.tab import TrainingTab


class DiffusionTab(TrainingTab):
    """Its pictures, and where it diffuses; the rest is as on every tab."""

    groups = ("sampling",)
    extra = (DIFFUSE_IN,)
    heading = "**Sampling.** Steers the pictures while the model trains, and Sample."
    benches = (
        ("Fresh samples", samples.draw),
        ("Forward", forward_process.draw),
        ("Exact answer", exact.draw),
        ("Likelihood", likelihood.draw),
        ("Image lab", images.draw),
        ("Scheduler arena", arena.draw),
        ("Latent diffusion", latent.draw),
        ("Reflow", reflow.draw),
    )

    cards = ("Samples against real images", "Rows by column", "An image of your own")

    def draw_view(self) -> None:
        """Samples of the model as it learns."""
        points = of_points(self.form.specs["dataset"].default)
        self.live = samples.pictures(
            "diffusion",
            points=points,
            title="Samples while it learns",
            empty="Press Train: grey dots will be the data, green dots samples of the model, drawn from the same noise each time.",
            images_empty="Press Train: 25 samples of the model will stand here, drawn from the same noise each time.",
            functions=self.service.server_functions(),
        )

    def draw_outcome(self) -> None:
        """The loss, between what a Gaussian of the data knows and the least possible; for points also at which t the model is wrong, and what the
        forward process leaves there; for images, how good samples are."""
        with gr.Row():
            with gr.Column(min_width=230):
                curves("diffusion", height=300)
            with gr.Column(min_width=230, elem_classes=["only-points"]):
                error_curve("diffusion", server_functions=self.service.server_functions(), title="Error by t", share=20)
        with gr.Column(elem_classes=["only-points"]):
            forward_process.small(self)
        quality("diffusion", height=150)
        columns("diffusion", height=260)

    def draw_form(self) -> None:
        """Where it diffuses, then the settings as on every tab."""
        self.where = DiffuseIn(self.service)
        self.where.draw(self.form)
        super().draw_form()

    @answering
    def start(self, event: gr.EventData) -> dict[str, str]:
        """Train was pressed: as on every tab, in the space that was chosen."""
        return {"run": self.where.start(self.form.values(event) | joined(event), following(event))}

    def wire(self) -> None:
        """As on every tab, and pictures that fit the data."""
        super().wire()
        fit(self, self.live)
        self.where.wire(self.live, self.bar)
