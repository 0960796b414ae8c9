"""Where a diffusion model works: on the data themselves, or in the latent space of an autoencoder or a VAE of another tab."""

from __future__ import annotations

from typing import Any

import gradio as gr

from playground.config import ConfigError
from playground.ui.following import SCRIPT, followed, run_of
from playground.ui.preview import preview
from playground.ui.service import REFUSALS, Service
from playground.ui.tabs.common import QUIET

CHOICES = (
    ("the data", "data"), ("the latent space of the autoencoder on tab 1", "ae"),
    ("the latent space of the VAE on tab 2", "vae"),
)  # fmt: skip
NAMES = {"ae": "autoencoder on tab 1", "vae": "VAE on tab 2"}
HELP = "In a latent space the decoder of that tab turns the samples into images, so its autoencoder becomes generative."


class DiffuseIn:
    """The choice, what is said of it, and the settings that follow from it."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.choice = gr.Dropdown(list(CHOICES), value="data", label="Diffuse in", info=HELP, interactive=True)
        self.note = gr.Markdown(visible=False, elem_classes=["diffuse-note"])
        self.followed = followed()

    def source(self, choice: str, channels: Any) -> tuple[str, dict[str, Any]]:
        """The run that the latents come from, and its settings. Raises `ConfigError` with a sentence where there is none."""
        run = run_of(channels, choice)
        if run is None:
            raise ConfigError(f"There is no {NAMES[choice]} yet: train one there first, then come back.")
        try:
            return run, self.service.registry.get(run).config
        except REFUSALS:
            raise ConfigError(f"The {NAMES[choice]} is no longer kept here: train one there again, then come back.") from None

    def start(self, values: dict[str, Any], choice: str, channels: Any) -> str:
        """Starts the training that the form and the choice ask for. Raises as `Service.train`."""
        if choice not in NAMES:
            return self.service.train({"model": "diffusion", **values})
        run, config = self.source(choice, channels)
        return self.service.train(values | {
            "model": "latent_diffusion", "source": run, "dataset": config["dataset"], "network": "auto",
        })  # fmt: skip

    def wire(self, tab: Any, columns: list[gr.Column]) -> None:
        """Keeps the choice of data true to the latent space; `columns` are for points and for images."""
        dataset = tab.form.controls["dataset"]
        shown = [self.note, dataset, tab.preview, *columns]
        self.choice.input(self.picked, [self.choice, tab.bar, dataset, self.followed], shown, js=SCRIPT, **QUIET)
        self.found = tab.found
        tab.bar.attached(self.restore, None, [self.choice, self.note, dataset], **QUIET)

    def picked(self, choice: str, shown: Any, dataset: str, channels: Any) -> list[Any]:
        """The choice was changed: the data are those of the latent space, and cannot be chosen."""
        if choice not in NAMES:
            return [gr.update(visible=False), gr.update(interactive=True), *[gr.skip()] * 3]
        try:
            _, config = self.source(choice, channels)
        except ConfigError as error:
            return [gr.update(value=str(error), visible=True), gr.update(interactive=True), *[gr.skip()] * 3]
        columns = [gr.skip()] * 2 if shown else [gr.update(visible=False), gr.update(visible=True)]
        data = config["dataset"]
        return [
            gr.update(value=said(choice, config), visible=True),
            gr.update(value=data, interactive=False),
            preview(data),
            *columns,
        ]

    def restore(self, event: gr.EventData) -> list[Any]:
        """A run was found again after a reload: the choice that it was started with."""
        config = self.found(event).get("autoencoder")
        if config is None:
            return ["data", gr.update(visible=False), gr.update(interactive=True)]
        return [config["model"], gr.update(value=said(config["model"], config), visible=True), gr.update(interactive=False)]


def said(choice: str, config: dict[str, Any]) -> str:
    """What the latent space is."""
    d = config["latent_dim"]
    numbers = "1 number" if d == 1 else f"{d} numbers"
    return f"Its latents: {numbers} per image, standardised. Data and decoder: those of the {NAMES[choice]}. Network: an MLP."
