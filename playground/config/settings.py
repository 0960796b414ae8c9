"""How a setting is written down: a pydantic field with bounds, unit and help, and refusals in sentences.

The settings themselves stand in `training.py`, `autoencoders.py`, `diffusion.py`, `samplers.py` and `studies.py`. All that a form, a fork and the API have to know of one
is said where it is declared, in `setting(...)`, and read from its `FieldSpec`. A value out of bounds is refused with `ConfigError`, whose sentence names the
field, the value and the range, in the same words everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from reprlib import Repr
from typing import Any, Literal, Protocol, get_args, get_origin

import annotated_types
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

LONGEST = 60
"""Characters of a value that a refusal repeats."""
Scale = Literal["linear", "log", "octaves"]
MOST_SENTENCES = 4
"""Refused settings that are named one by one."""
_BRIEF = Repr()
_BRIEF.maxlevel, _BRIEF.maxdict, _BRIEF.maxlist, _BRIEF.maxstring, _BRIEF.maxother = 2, 3, 4, LONGEST, LONGEST


class ConfigError(ValueError):
    """A setting was refused. `str(error)` is one sentence a person can act on; `way`, settings by name that would be right in the
    place of those that were refused, as far as they are known."""

    def __init__(self, sentence: str = "", way: Mapping[str, Any] | None = None) -> None:
        super().__init__(sentence)
        self.way = dict(way or {})


class Titled(Protocol):
    """An entry of a registry that settings choose from; one with a method `available` may be missing on this machine."""

    @property
    def title(self) -> str: ...


@dataclass(frozen=True)
class Slider:
    """The useful part of a setting, so that it can be hit; the number beside the slider may go further. Where the scale is
    logarithmic, `low` is where the round numbers begin; 0 stands before them, where it is allowed."""

    low: float | None = None
    top: float | None = None
    step: float | None = None


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
    scale: Scale = "linear",
    slider: Slider | None = None,
    choices: Mapping[str, Titled] | None = None,
    titles: Mapping[str, str] | None = None,
    group: str = "",
    when: Mapping[str, str] | None = None,
    shapes_weights: bool = False,
    by: Mapping[str, Mapping[str, Any]] | None = None,
) -> Any:
    """A field that somebody sets, with what a form needs to draw it: `main` ones are not folded away, `live` ones change a running
    loop, and of those with a `log` scale the magnitude is what counts, so that a form steps them by factors; on one of `octaves` its slider stops at powers of two.

    `choices` is the registry whose names may be chosen; the choices of a `Literal` need `titles` only where their name in the code
    is too short. Settings of a `group` stand together. `when` is another setting and its one choice with which this one means
    something. Weights are made for what `shapes_weights`: a run that goes on from them keeps it.
    `by` are other defaults, of one other setting by what is chosen there: `{"dataset": {"digits": 128, "images": 32}}`, of data by their
    name or kind (`RunConfig.data_kinds`).
    """
    extra = {
        "label": label,
        "unit": unit,
        "step": step,
        "main": main,
        "live": live,
        "scale": scale,
        "slider": slider,
        "registry": choices,
        "titles": titles or {},
        "group": group,
        "when": dict(when) if when else None,
        "shapes_weights": shapes_weights,
        "by": by or {},
    }
    return Field(default, ge=ge, le=le, description=help, json_schema_extra=extra)


def like(config: type[Settings], name: str, default: Any, by: Mapping[str, Mapping[str, Any]] | None = None) -> Any:
    """The setting `name` as `config` declares it, with other defaults."""
    declared = config.model_fields[name]
    extra = {**_extra(declared), "by": by or {}}
    bounds = {sort: getattr(bound, sort) for bound in declared.metadata for sort in ("ge", "le") if hasattr(bound, sort)}
    return Field(default, description=declared.description, json_schema_extra=extra, **bounds)


class Settings(BaseModel):
    """Immutable, strict about names, and refusing in sentences."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)

    def __init__(self, /, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            items = error.errors(include_url=False, include_context=False)
            raise ConfigError(_sentences(type(self), items), _way(type(self), items)) from None

    @field_validator("*", mode="before")
    @classmethod
    def _no_slips(cls, value: Any, info: ValidationInfo) -> Any:
        """Text and whole floats become numbers (links and JavaScript send them); `True` as 1 would be a slip. Of a registry
        the names may be chosen."""
        registry = _extra(cls.model_fields[info.field_name or ""]).get("registry")
        if isinstance(value, bool) or (registry is not None and not _offered(registry, value)):
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
    unit: str = ""
    low: float | None = None
    high: float | None = None
    step: float | None = None
    choices: tuple[Any, ...] = ()
    main: bool = False
    live: bool = False
    scale: Scale = "linear"
    slider: Slider | None = None
    titles: Mapping[Any, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    """Choices that this machine does not have."""
    group: str = ""
    when: Mapping[str, str] | None = None
    shapes_weights: bool = False
    by: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Another setting -> what is chosen there -> another default."""

    @property
    def options(self) -> list[list[Any]]:
        """`[title, choice]` for each choice that can be had."""
        return [[self.titles.get(choice, choice), choice] for choice in self.choices if choice not in self.missing]


def field_specs(config: type[Settings]) -> dict[str, FieldSpec]:
    """Every setting of `config` in declaration order, for forms, flags and documentation. A field that is not declared by `setting`
    is none: it says what kind of thing this is, or what it works with, and nobody chooses it."""
    return {name: _field_spec(name, field) for name, field in config.model_fields.items() if _extra(field)}


def defaults_by(config: type[Settings], kinds: Callable[[str], Sequence[Any]]) -> dict[str, Any]:
    """The settings of `config` whose default hangs on another setting, with the one that holds; `kinds(other)` is what is chosen there, the
    nearest kind first."""
    by = {name: _extra(field).get("by") or {} for name, field in config.model_fields.items()}
    return {
        name: table[kind]
        for name, tables in by.items()
        for other, table in tables.items()
        for kind in reversed(kinds(other))
        if kind in table
    }


def _extra(field: Any) -> dict[str, Any]:
    """What `setting` wrote down; empty for other fields."""
    return field.json_schema_extra or {}


def _field_spec(name: str, field: Any) -> FieldSpec:
    extra, registry = _extra(field), _extra(field)["registry"] or {}
    low: Any = next((m.ge for m in field.metadata if isinstance(m, annotated_types.Ge)), None)
    high: Any = next((m.le for m in field.metadata if isinstance(m, annotated_types.Le)), None)
    choices = get_args(field.annotation) if get_origin(field.annotation) is Literal else tuple(registry)
    kind: Any = "choice" if choices else {int: "int", float: "float"}.get(field.annotation, "text")
    return FieldSpec(
        name,
        kind,
        field.default,
        extra["label"],
        field.description or "",
        extra["unit"],
        low,
        high,
        extra["step"],
        choices,
        extra["main"],
        extra["live"],
        extra["scale"],
        _slider(extra["slider"], low, high, extra["step"]),
        {**{name: entry.title for name, entry in registry.items()}, **extra["titles"]},
        tuple(name for name, entry in registry.items() if not getattr(entry, "available", _always)()),
        extra["group"],
        extra["when"],
        extra["shapes_weights"],
        extra["by"],
    )


def _offered(registry: Mapping[Any, Any], value: Any) -> bool:
    """Whether `value` may be chosen: it is listed, or found by a name that somebody knows."""
    return value in tuple(registry) or (isinstance(value, str) and value in registry)


def _always() -> bool:
    return True


def _slider(asked: Slider | None, low: float | None, high: float | None, step: float | None) -> Slider | None:
    """`asked` with the bounds and the step of the setting where it says nothing else."""
    if asked is None:
        return None
    return Slider(low if asked.low is None else asked.low, high if asked.top is None else asked.top, asked.step or step or 1)


def brief(value: Any) -> str:
    """`value` as it would be written in Python, cut where it is long or deep: a refusal repeats no megabyte that came in."""
    return _BRIEF.repr(value)


def _way(config: type[Settings], items: Any) -> dict[str, Any]:
    """For each number that was refused the whole one beside it, where that is what was meant, else the default, with which a training
    is known to work: the nearest bound may be one that nothing survives. Nothing where anything else is refused, too."""
    specs = field_specs(config)
    bounded = [spec for item in items if item["loc"] and (spec := specs.get(item["loc"][0])) and spec.low is not None]
    return {spec.name: _meant(spec, item["input"]) for spec, item in zip(bounded, items)} if len(bounded) == len(items) else {}


def _meant(spec: FieldSpec, value: Any) -> int | float:
    assert spec.low is not None and spec.high is not None
    between = isinstance(value, (int, float)) and spec.low <= value <= spec.high
    return round(value) if between and spec.kind == "int" else spec.default


def _sentences(config: type[Settings], items: Any) -> str:
    """The first few errors, each as a sentence, and how many more there are."""
    sentences = [_sentence(config, item) for item in items[:MOST_SENTENCES]]
    if len(items) > MOST_SENTENCES:
        sentences.append(f"{len(items) - MOST_SENTENCES} more settings are refused.")
    return " ".join(sentences)


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
