"""Where a diffusion model works: on the data themselves, or in the latent space of an autoencoder or a VAE of another tab."""

from __future__ import annotations

from typing import Any

import gradio as gr

from playground.config import ConfigError, FieldSpec
from playground.page.service import Service
from playground.runtimes.refusals import REFUSALS
from playground.ui.following import SCRIPT, followed, run_of
from playground.ui.forms import Form, form_update

NAMES = {"ae": "autoencoder on tab 1", "vae": "VAE on tab 2"}
HELP = "In a latent space the decoder of that tab turns the samples into images, so its autoencoder becomes generative."
TITLES = {"data": "the data", "ae": "the latent space of the autoencoder on tab 1", "vae": "the latent space of the VAE on tab 2"}
DIFFUSE_IN = FieldSpec("diffuse_in", "choice", "data", "Diffuse in", HELP, choices=tuple(TITLES), titles=TITLES, main=True)
"""A field of the tab's form beside those of its config."""


class DiffuseIn:
    """The choice, what is said of it, and the settings that follow from it."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def draw(self, form: Form) -> None:
        """The choice, a field of `form`, where the layout stands now."""
        self.form = form
        form.draw(DIFFUSE_IN.name)
        self.note = gr.Markdown(visible=False, elem_classes=["diffuse-note"])
        self.followed = followed()

    def source(self, choice: str, channels: Any) -> tuple[str, dict[str, Any]]:
        """The run that the latents come from, and its settings. Raises `ConfigError` with a sentence where there is none."""
        run = run_of(channels, choice) or self.service.kept(choice)
        if run is None:
            raise ConfigError(f"There is no {NAMES[choice]} yet: train one there first, then come back.")
        try:
            return run, self.service.registry.get(run).config
        except REFUSALS:
            raise ConfigError(f"The {NAMES[choice]} is no longer kept here: train one there again, then come back.") from None

    def start(self, values: dict[str, Any], channels: Any) -> str:
        """Starts the training that the form, with the choice, asks for. Raises as `Service.train`."""
        values = dict(values)
        choice = values.pop(DIFFUSE_IN.name, DIFFUSE_IN.default)
        if choice == DIFFUSE_IN.default:
            return self.service.train({"model": "diffusion", **values})
        if choice not in DIFFUSE_IN.choices:
            raise ConfigError(f"diffuse_in is refused: it must be one of {', '.join(DIFFUSE_IN.choices)}.")
        run, config = self.source(choice, channels)
        return self.service.train(
            values | {"model": "latent_diffusion", "source": run, "dataset": config["dataset"], "network": "auto"}
        )

    def wire(self, columns: list[gr.Column], bar: gr.HTML) -> None:
        """Keeps the choice of data true to the latent space; `columns` are for points and for images."""
        shown = [self.note, self.form.groups["dataset"], *columns]
        self.form.changed([DIFFUSE_IN.name], self.picked, [bar, self.followed], shown, js=SCRIPT)

    def picked(self, values: dict[str, Any], shown: Any, channels: Any) -> list[Any]:
        """The choice was changed: the data are those of the latent space, and cannot be chosen."""
        choice = values[DIFFUSE_IN.name]
        if choice not in NAMES:
            return [gr.update(visible=False), form_update({}, locked=[]), *[gr.skip()] * 2]
        try:
            _, config = self.source(choice, channels)
        except ConfigError as error:
            return [gr.update(value=str(error), visible=True), form_update({}, locked=[]), *[gr.skip()] * 2]
        columns = [gr.skip()] * 2 if shown else [gr.update(visible=False), gr.update(visible=True)]
        return [
            gr.update(value=describe(choice, config), visible=True),
            form_update({"dataset": config["dataset"]}, locked=["dataset"]),
            *columns,
        ]


def describe(choice: str, config: dict[str, Any]) -> str:
    """What the latent space is."""
    d = config["latent_dim"]
    numbers = "1 number" if d == 1 else f"{d} numbers"
    return f"Its latents: {numbers} per example, standardised. Data and decoder: those of the {NAMES[choice]}. Network: an MLP."
