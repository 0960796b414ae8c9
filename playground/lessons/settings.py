"""The settings that a step of a lesson sets, in the form of its tab: what they make of a config, and how a run differs from it."""

from __future__ import annotations

from typing import Any

from playground.config import MODELS, ConfigError, LatentDiffusionConfig, RunConfig, field_specs, parse_config

WHERE = {"ae", "vae"}
"""Tabs in whose latent space the diffusion tab may work, by its field `diffuse_in`."""
FREE = {"model", "device", "seed", "autoencoder", "map_points"}
"""What a reader may change without making another experiment of it."""


def given(text: str) -> dict[str, str]:
    """`dataset=digits, steps=300` as settings by name. Raises `ConfigError`."""
    found: dict[str, str] = {}
    for part in text.split(","):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not (name and equals and value) or name in found:
            raise ConfigError("settings are written “dataset=digits, steps=300”, each once.")
        found[name] = value
    return found


def configure(tab: str, values: dict[str, Any]) -> RunConfig:
    """The config of a training with these settings, all others as they are. Raises `ConfigError`; one for what no form has."""
    values = dict(values)
    inside = values.pop("diffuse_in", "data") if MODELS[tab].diffuses else "data"
    if inside not in WHERE | {"data"}:
        raise ConfigError("diffuse_in is refused: it must be one of data, ae, vae.")
    if set(values) & {"model", "device"}:
        raise ConfigError("A lesson chooses neither the kind of model, which is that of its tab, nor the device.")
    if inside == "data":
        return parse_config({"model": tab, **values})
    return LatentDiffusionConfig(**values)


def typed(tab: str, values: dict[str, Any]) -> dict[str, Any]:
    """The same settings as numbers where they are numbers, for the form."""
    known = configure(tab, values).model_dump()
    return {name: known.get(name, value) for name, value in values.items()}


def others(tab: str, values: dict[str, Any], config: dict[str, Any]) -> list[str]:
    """Settings of a run, in words, that differ from those of the step."""
    wanted = configure(tab, values)
    specs = field_specs(type(wanted))
    if config.get("model") != wanted.model:
        return ["the kind of model"]
    dump = wanted.model_dump()
    return [f"{specs[name].label} {config.get(name)}" for name in specs if name not in FREE and config.get(name) != dump[name]]
