"""What runs have in common: which differ by nothing but the seed, in which settings others differ, and whose losses mean the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from playground.config import CONFIGS, LIKELIHOODS, MODELS, FieldSpec, field_specs
from playground.data import DATASETS

NOWHERE = ("seed", "device")
"""Settings that make a run no other kind of run."""
NONE = "–"
Config = Mapping[str, Any]


def setup(config: Config) -> dict[str, Any]:
    """A run's settings without the seed and the machine, also those of the autoencoder that it works with."""
    kept = {name: value for name, value in config.items() if name not in NOWHERE}
    return {name: setup(value) if isinstance(value, Mapping) else value for name, value in kept.items()}


def groups(configs: Sequence[Config]) -> list[list[int]]:
    """Indices of runs that differ by nothing but the seed, together; in the order of the first of each."""
    found: dict[str, list[int]] = {}
    for index, config in enumerate(configs):
        found.setdefault(json.dumps(setup(config), sort_keys=True), []).append(index)
    return list(found.values())


def flat(config: Config) -> dict[str, Any]:
    """Every setting of a run by its name; those of its autoencoder as `autoencoder.latent_dim`."""
    return _by_name(config, dict)


def specs_of(config: Config) -> dict[str, FieldSpec]:
    """The declarations of the settings that `flat` names; of what nobody sets there is none."""
    return _by_name(config, lambda own: {name: spec for name, spec in field_specs(CONFIGS[own["model"]]).items() if name in own})


def _by_name(config: Config, told: Callable[[Config], dict[str, Any]]) -> dict[str, Any]:
    """What is `told` of a model's own settings, and in the same way of those of its autoencoder, with its name before theirs."""
    own = {name: value for name, value in config.items() if not isinstance(value, Mapping)}
    inner = {of: _by_name(values, told) for of, values in config.items() if isinstance(values, Mapping)}
    return told(own) | {f"{of}.{name}": value for of, values in inner.items() for name, value in values.items()}


def differing(configs: Sequence[Config]) -> dict[str, list[dict[str, Any]]]:
    """`{"differ", "same"}`: rows `{name, label, values}` with a text for each run. Those `differ` that at least two runs have, and not alike;
    `same` is the rest: those that are alike, and those that only one kind of model has."""
    known: dict[str, str] = {}
    texts: list[dict[str, str]] = []
    for config in configs:
        values, specs = flat(config), {name: spec for name, spec in specs_of(config).items() if name not in NOWHERE[1:]}
        known |= {name: label(name, spec) for name, spec in specs.items() if name not in known}
        texts.append({name: text(values[name], spec) for name, spec in specs.items()})
    rows: dict[str, list[dict[str, Any]]] = {"differ": [], "same": []}
    for name, words in known.items():
        have = [each[name] for each in texts if name in each]
        values = [each.get(name, NONE) for each in texts]
        rows["differ" if len(set(have)) > 1 else "same"].append({"name": name, "label": words, "values": values})
    return rows


def label(name: str, spec: FieldSpec) -> str:
    """What a setting is called, and whose it is where that is not the model itself."""
    of = name.rpartition(".")[0]
    return f"{spec.label} (of its {of})" if of else spec.label


def text(value: Any, spec: FieldSpec) -> str:
    """A value as a form shows it."""
    if spec.name == "dataset":
        return title(value)
    if value in spec.titles:
        return str(spec.titles[value])
    number = f"{value:.6g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
    return f"{number} {spec.unit}".strip()


def title(dataset: str) -> str:
    """What data are called; their name where they are gone."""
    info = DATASETS.get(dataset)
    return info.title if info else dataset


def loss_key(config: Config) -> str:
    """Runs whose keys are alike have losses of one meaning: the same data, term and unit, of a bound the same pixels, of a diffusion the same
    weights of noise levels and the same space."""
    model = MODELS[config["model"]]
    parts = [config["dataset"], model.term, model.unit]
    if model.has_bound:
        parts.append(LIKELIHOODS[config["likelihood"]].pixels.words)
    if model.diffuses:
        parts += [config["schedule"], config["parametrization"], json.dumps(setup(config.get("autoencoder", {})), sort_keys=True)]
    return "|".join(parts)
