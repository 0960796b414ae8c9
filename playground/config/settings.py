"""How a setting is written down: a pydantic field with bounds, unit and help, and refusals in sentences.

The settings themselves stand in `runs.py`, `samplers.py` and `studies.py`. A value out of bounds is refused with `ConfigError`, whose sentence names the
field, the value and the range, in the same words everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from reprlib import Repr
from typing import Any, Literal, get_args, get_origin

import annotated_types
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

HIDDEN = ("model", "study", "autoencoder")
"""Fields that nobody sets: what kind of thing this is, and the settings of the autoencoder that a latent diffusion works with."""


LONGEST = 60
"""Characters of a value that a refusal repeats."""
MOST_SENTENCES = 4
"""Refused settings that are named one by one."""
_BRIEF = Repr()
_BRIEF.maxlevel, _BRIEF.maxdict, _BRIEF.maxlist, _BRIEF.maxstring, _BRIEF.maxother = 2, 3, 4, LONGEST, LONGEST


class ConfigError(ValueError):
    """A setting was refused. `str(error)` is one sentence a person can act on."""


def setting(
    default: Any,
    label: str,
    help: str,
    *,
    ge: float | None = None,
    le: float | None = None,
    step: float | None = None,
    unit: str = "",
    main: bool = False,
    live: bool = False,
    scale: Literal["linear", "log"] = "linear",
) -> Any:
    """A field with what a form needs to draw it: `main` ones are not folded away, `live` ones change a running loop, and of
    those with a `log` scale the magnitude is what counts, so that a form steps them by factors."""
    extra = {"label": label, "unit": unit, "step": step, "main": main, "live": live, "scale": scale}
    return Field(default, ge=ge, le=le, description=help, json_schema_extra=extra)


class Settings(BaseModel):
    """Immutable, strict about names, and refusing in sentences."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)

    def __init__(self, /, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise ConfigError(_sentences(type(self), error.errors(include_url=False, include_context=False))) from None

    @field_validator("*", mode="before")
    @classmethod
    def _numbers_are_not_booleans(cls, value: Any) -> Any:
        """Text and whole floats become numbers (links and JavaScript send them); `True` as 1 would be a slip."""
        if isinstance(value, bool):
            raise ValueError
        return value

    def replace(self, /, **changes: Any):
        """A copy with some settings changed, checked like new ones."""
        return type(self)(**{**self.model_dump(), **changes})


@dataclass(frozen=True)
class FieldSpec:
    """One setting as a form sees it."""

    name: str
    kind: Literal["int", "float", "choice", "text"]
    default: Any
    label: str
    help: str
    unit: str
    low: float | None
    high: float | None
    step: float | None
    choices: tuple[str, ...]
    main: bool
    live: bool
    scale: Literal["linear", "log"] = "linear"


def field_specs(config: type[Settings]) -> dict[str, FieldSpec]:
    """Every setting of `config` in declaration order, with its bounds, for sliders, flags and documentation."""
    return {name: _field_spec(name, field) for name, field in config.model_fields.items() if name not in HIDDEN}


def _field_spec(name: str, field) -> FieldSpec:
    extra = field.json_schema_extra or {}
    low = next((m.ge for m in field.metadata if isinstance(m, annotated_types.Ge)), None)
    high = next((m.le for m in field.metadata if isinstance(m, annotated_types.Le)), None)
    choices = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
    kind = "choice" if choices else {int: "int", float: "float"}.get(field.annotation, "text")
    return FieldSpec(
        name,
        kind,
        field.default,
        extra.get("label", name),
        field.description or "",
        extra.get("unit", ""),
        low,
        high,
        extra.get("step"),
        choices,
        bool(extra.get("main")),
        bool(extra.get("live")),
        extra.get("scale", "linear"),
    )


def brief(value: Any) -> str:
    """`value` as it would be written in Python, cut where it is long or deep: a refusal repeats no megabyte that came in."""
    return _BRIEF.repr(value)


def _sentences(config: type[Settings], items: list[dict[str, Any]]) -> str:
    """The first few errors, each as a sentence, and how many more there are."""
    said = [_sentence(config, item) for item in items[:MOST_SENTENCES]]
    if len(items) > MOST_SENTENCES:
        said.append(f"{len(items) - MOST_SENTENCES} more settings are refused.")
    return " ".join(said)


def _sentence(config: type[Settings], item: dict[str, Any]) -> str:
    """One pydantic error as a sentence that says what was wrong and what would be right."""
    name = str(item["loc"][0]) if item["loc"] else "?"
    specs = field_specs(config)
    if name not in specs:
        return f"{name if name.isidentifier() and len(name) <= LONGEST else brief(name)} is not a setting here: known settings are {', '.join(specs)}."
    spec = specs[name]
    if spec.choices:
        right = f"one of {', '.join(map(str, spec.choices))}"
    elif spec.low is not None:
        whole = "a whole number" if spec.kind == "int" else "a number"
        right = f"{whole} from {spec.low:g} to {spec.high:g}" + (f" {spec.unit}" if spec.unit else "")
    else:
        right = {"int": "a whole number", "float": "a number"}.get(spec.kind, "text")
    return f"{name} = {brief(item['input'])} is refused: it must be {right}."


def named(values: Any) -> dict[str, Any]:
    """`values` if they are settings by name, as they came from anybody. Raises `ConfigError` otherwise."""
    if not (isinstance(values, dict) and all(isinstance(name, str) for name in values)):
        raise ConfigError('Settings are given by name, such as {"learning_rate": 0.001}.')
    return values
