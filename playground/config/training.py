"""The settings that all trainings share, and the data that they may choose from."""

from __future__ import annotations

from typing import Any, Literal

from playground.config.settings import ConfigError, Settings, Slider, defaults_by, setting
from playground.config.studies import Device
from playground.data import DATASETS, Catalogue

IMAGE_DATASETS = ("fashion_mnist", "digits", "sprites", "fashion_mnist_full")
"""In the order in which a form offers them."""
ENCODED = Catalogue(
    {name: DATASETS[name] for name in (*IMAGE_DATASETS[:-1], "wine", IMAGE_DATASETS[-1])}, lambda info: info.kind != "points"
)
"""What an autoencoder or a VAE is trained on: images and tables; the one that need not be installed stays last."""


def offer(dataset: str) -> None:
    """Lists data that were brought in every form that can use them."""
    DATASETS.offer(dataset)
    ENCODED.offer(dataset)


def of_points(dataset: Any) -> bool:
    """Whether data of this name are points in the plane."""
    info = DATASETS.get(dataset)
    return info is not None and info.kind == "points"


def words_for(dataset: Any) -> tuple[str, str]:
    """What an example of these data is called, and one of its numbers."""
    info = DATASETS.get(dataset)
    return {"images": ("image", "pixel"), "points": ("point", "coordinate"), "table": ("row", "column")}[
        info.kind if info else "images"
    ]


def of_table(dataset: Any) -> bool:
    """Whether data of this name are rows of a table."""
    info = DATASETS.get(dataset)
    return info is not None and info.kind == "table"


TABLE_STEPS, TABLE_RATE = 1000, 1e-3
"""Of tables, which are small: with three times the rate a network soon knows 120 rows of wine by heart, and its held-out loss rises."""


class RunConfig(Settings):
    """What all three trainings share. Use one of `AutoencoderConfig`, `VAEConfig`, `DiffusionConfig`."""

    def __init__(self, /, **values: Any) -> None:
        def kinds(other: str) -> tuple[Any, ...]:
            choice = values.get(other, type(self).model_fields[other].default)
            return self.data_kinds(choice) if other == "dataset" else (choice,) if isinstance(choice, str) else ()

        super().__init__(**(defaults_by(type(self), kinds) | values))

    @classmethod
    def data_kinds(cls, dataset: Any) -> tuple[str, ...]:
        """What defaults may hang on, the nearest first: the name of the data, and their kind."""
        info = DATASETS.get(dataset)
        return (dataset, info.kind) if info else ()

    def needs_images(self, field: str, right: str) -> None:
        """Raises `ConfigError`: the value of `field` is for images, these data are none, and `right` is a value that they can take."""
        value, title = getattr(self, field), DATASETS[self.dataset].title
        raise ConfigError(
            f"{field} = {value!r} is refused: it is for images, and {title} are none; {field} = {right!r} is for any data."
        )

    model: Literal["ae", "vae", "diffusion", "latent_diffusion"]
    dataset: str
    steps: int = setting(
        3000,
        "Steps",
        "How many optimiser steps the run takes.",
        ge=1,
        le=200_000,
        main=True,
        scale="log",
        slider=Slider(low=10, top=20_000),
    )
    learning_rate: float = setting(
        1e-3,
        "Learning rate",
        "Peak step size of Adam. It can be changed while the model trains.",
        ge=1e-6,
        le=10.0,
        main=True,
        live=True,
        scale="log",
        slider=Slider(low=1e-5, top=1.0),
    )
    batch_size: int = setting(
        128,
        "Batch size",
        "Examples in one optimiser step.",
        ge=1,
        le=4096,
        unit="examples",
        scale="octaves",
        slider=Slider(top=1024),
    )
    warmup_steps: int = setting(
        100,
        "Warm-up",
        "The learning rate rises linearly over this many first steps.",
        ge=0,
        le=10_000,
        unit="steps",
        scale="log",
        slider=Slider(low=1, top=5000),
    )
    decay: Literal["cosine", "constant"] = setting(
        "cosine",
        "Learning rate decay",
        "After the warm-up: fall to zero along a half cosine, or stay.",
        titles={"cosine": "half cosine", "constant": "none"},
    )
    gradient_clip: float = setting(
        1.0,
        "Gradient clip",
        "Longest gradient allowed (L2 norm over all weights); 0 switches clipping off.",
        ge=0.0,
        le=1000.0,
        scale="log",
        slider=Slider(low=0.01, top=100.0),
    )
    ema_length: float = setting(
        0.05,
        "EMA length",
        "Pictures come from a moving average of the weights; this is the mean age of what it holds, as a share of the steps so far. "
        "0: no average.",
        ge=0.0,
        le=0.5,
        slider=Slider(top=0.25, step=0.01),
    )
    seed: int = setting(
        0,
        "Seed",
        "Same seed, same settings, same device: same run, to the last bit where it may take one thread only.",
        ge=0,
        le=2**31 - 1,
    )
    precision: Literal["auto", "f32", "bf16"] = setting(
        "auto",
        "Precision",
        "Numbers that the network computes in while it trains; weights and losses are float32 in any case. auto: bfloat16 on a processor "
        "that has instructions for it, where a step is work enough for it to be quicker.",
        titles={"f32": "float32", "bf16": "bfloat16"},
    )
    device: Device = setting("auto", "Device", "Where the arithmetic is done; auto takes a GPU where there is one.")
