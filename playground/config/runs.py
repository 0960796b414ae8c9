"""The models that can be trained, by name: their settings from plain values, what may change while one trains, and what a fork keeps."""

from __future__ import annotations

from typing import Any

from playground.config.autoencoders import AutoencoderConfig, VAEConfig
from playground.config.diffusion import DiffusionConfig, LatentDiffusionConfig
from playground.config.settings import ConfigError, brief, field_specs
from playground.config.training import RunConfig

CONFIGS: dict[str, type[RunConfig]] = {
    "ae": AutoencoderConfig,
    "vae": VAEConfig,
    "diffusion": DiffusionConfig,
    "latent_diffusion": LatentDiffusionConfig,
}


def parse_config(values: dict[str, Any]) -> RunConfig:
    """The config that `values["model"]` names, from plain values (a form, a link, a checkpoint, an API call)."""
    model = values.get("model")
    if not isinstance(model, str) or model not in CONFIGS:
        raise ConfigError(f"model = {brief(model)} is unknown: it must be one of {', '.join(CONFIGS)}.")
    return CONFIGS[model](**values)


def change_live(config: RunConfig, changes: dict[str, Any]) -> RunConfig:
    """`config` with settings changed that may change while it runs. Raises `ConfigError` for others and for bad values."""
    specs = field_specs(type(config))
    for name in changes:
        if name in specs and not specs[name].live:
            raise ConfigError(f"{name} cannot be changed while a model trains: stop the run and start another.")
    return config.replace(**changes)


def shaping(config: type[RunConfig]) -> tuple[str, ...]:
    """What the weights of a model were made for: a run that goes on from a checkpoint keeps it. That is what nobody sets (the kind
    of model, the autoencoder that it works with), and the settings that are declared so."""
    specs = field_specs(config)
    return tuple(name for name in config.model_fields if name not in specs or specs[name].shapes_weights)
