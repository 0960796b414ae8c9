"""Options from settings: each setting is one, with the bounds, the default and the help that the page has."""

from __future__ import annotations

import argparse
from collections.abc import Collection
from typing import Any

from playground.config import FieldSpec, Settings, field_specs


def add_settings(parser: argparse.ArgumentParser, config: type[Settings], only: Collection[str] = ()) -> None:
    """An option for every setting of `config`, or for those named alone. What is given is checked by `config` itself, in its own words."""
    group = parser.add_argument_group("settings")
    for name, spec in field_specs(config).items():
        if only and name not in only:
            continue
        group.add_argument(flag(name), dest=f"set_{name}", metavar=metavar(spec), help=described(spec), default=argparse.SUPPRESS)


def settings_of(options: argparse.Namespace) -> dict[str, Any]:
    """Those settings that were given."""
    return {name.removeprefix("set_"): value for name, value in vars(options).items() if name.startswith("set_")}


def flag(name: str) -> str:
    """learning_rate: --learning-rate."""
    return "--" + name.replace("_", "-")


def metavar(spec: FieldSpec) -> str:
    return "NAME" if spec.choices else {"int": "N", "float": "X"}.get(spec.kind, "TEXT")


def described(spec: FieldSpec) -> str:
    """The help of a setting, what it may be, and what it is where nobody says."""
    allowed = ", ".join(str(choice) for choice in spec.choices if choice not in spec.missing)
    if not allowed and spec.low is not None:
        allowed = f"{spec.low:g} to {spec.high:g} {spec.unit}".strip()
    by = "by data or network" if spec.by else str(spec.default)
    return f"{spec.help} [{allowed + '; ' if allowed else ''}default {by}]".replace("%", "%%")
