"""What a kind of model is called and what it can do: whoever treats kinds differently asks here, and names none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeGuard

from playground.config.autoencoders import AutoencoderConfig, LatentConfig, VAEConfig
from playground.config.diffusion import DiffusionConfig
from playground.config.training import RunConfig, words_for

NOT_GENERATIVE = "An autoencoder defines no distribution, so there is nothing to sample from: train a VAE or a diffusion model."


@dataclass(frozen=True)
class Model:
    """One kind of model."""

    title: str
    """In the middle of a sentence."""
    term: str
    """The loss that is drawn: `train/<term>` and `held_out/<term>`."""
    unit: str
    """Of that loss."""
    encodes: bool = False
    """It has an encoder and a decoder: a latent map, questions about latents, and a latent space that a diffusion can work in."""
    has_bound: bool = False
    """It has a prior and a posterior, and with them an ELBO to bound log p(x) by."""
    is_generative: bool = True
    """It says where to draw samples from."""
    diffuses: Literal["", "data", "latents"] = ""
    """What it takes the noise from, if it is a diffusion."""


MODELS = {
    "ae": Model("autoencoder", "mse", "squared error per pixel", encodes=True, is_generative=False),
    "vae": Model("VAE", "neg_elbo", "nats per example", encodes=True, has_bound=True),
    "diffusion": Model("diffusion", "denoising", "mean squared error", diffuses="data"),
    "latent_diffusion": Model("latent diffusion", "denoising", "mean squared error", diffuses="latents"),
}
"""By the setting `model`, which only trainings have."""


def model_of(config: Mapping[str, Any]) -> Model | None:
    """What the training with these settings trains; None for a study and for a drawing of samples."""
    return MODELS.get(config.get("model", ""))


def unit_of(config: Mapping[str, Any]) -> str:
    """The unit of the loss of the training with these settings: of a table an error is one per column."""
    return MODELS[config["model"]].unit.replace("pixel", words_for(config.get("dataset"))[1])


def encodes(config: RunConfig) -> TypeGuard[LatentConfig]:
    """Whether it has an encoder and a decoder."""
    return MODELS[config.model].encodes


def is_plain_autoencoder(config: RunConfig) -> TypeGuard[AutoencoderConfig]:
    """Whether it encodes, and says nothing of where to draw samples from."""
    return encodes(config) and not MODELS[config.model].is_generative


def has_bound(config: RunConfig) -> TypeGuard[VAEConfig]:
    """Whether it has a prior, a posterior and an ELBO."""
    return MODELS[config.model].has_bound


def diffuses_data(config: RunConfig) -> TypeGuard[DiffusionConfig]:
    """Whether it is a diffusion of the data themselves."""
    return MODELS[config.model].diffuses == "data"
