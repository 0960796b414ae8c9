"""All features that the server has to know, found by their folders: whoever adds a folder with a `feature.py` has registered it."""

from __future__ import annotations

import importlib
import pkgutil
from importlib.util import find_spec

import playground.features
from playground.config import ConfigError
from playground.features.feature import Builder, Feature


def find() -> dict[str, Feature]:
    """The `FEATURE` of every folder that has a `feature.py`, by name."""
    found = {}
    for folder in pkgutil.iter_modules(playground.features.__path__):
        name = f"playground.features.{folder.name}.feature"
        if folder.ispkg and find_spec(name):
            feature = importlib.import_module(name).FEATURE
            if feature.name != folder.name:
                raise TypeError(f"The feature {feature.name} stands in the folder {folder.name}: both need the same name.")
            found[feature.name] = feature
    return found


FEATURES = find()


def studies() -> dict[str, Feature]:
    """Those that measure, by name."""
    return {name: feature for name, feature in FEATURES.items() if feature.settings is not None}


def study(name: object) -> Feature:
    """The study that is called `name`. Raises `ConfigError` with a sentence."""
    known = studies()
    if not isinstance(name, str) or name not in known:
        raise ConfigError(f"There is no study of this name: known are {', '.join(known)}.")
    return known[name]


def builder(kind: str) -> Builder:
    """What makes the pictures of a run of this kind: a model, `samples`, or the name of a study."""
    feature = FEATURES.get(kind)
    if feature is not None and feature.view is not None:
        return feature.view
    return next(feature.pictures[kind] for feature in FEATURES.values() if kind in feature.pictures)
