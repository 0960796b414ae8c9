"""Forms made from settings: one control for each field of a config, with its label, help and bounds.

What the controls hold is kept in the page (`lib/forms.js`). A button sends it with its press, as event data, so that what
was typed a moment before is never lost; `Form.values` reads it from there. A value out of range is refused by its config.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import gradio as gr

from playground.config import FieldSpec, RunConfig, Settings, field_specs, of_points
from playground.data import DATASETS
from playground.ui.components.settings import settings

QUIET: dict[str, Any] = {"show_progress": "hidden", "queue": False, "api_visibility": "private"}
"""Page-only events answer at once: they wait in no queue and draw no spinner."""


class Form:
    """The controls of one config class, and the way back from what they hold to settings.

    `name` is what the page calls it, and the channel of the run that its live settings steer, by the server function `change`.
    What means something only with another choice is hidden without it, and not sent; the choice may be made in the form `beside`.
    `extra` are fields that the config does not have.
    """

    def __init__(
        self,
        name: str,
        config: type[Settings],
        leave_out: tuple[str, ...] = ("device",),
        *,
        extra: Sequence[FieldSpec] = (),
        beside: Form | None = None,
        change: Callable | None = None,
    ) -> None:
        self.name, self.config, self.beside, self.change = name, config, beside, change
        self.specs = {spec.name: spec for spec in extra}
        self.specs |= {name: spec for name, spec in field_specs(config).items() if name not in leave_out}
        self.groups: dict[str, gr.HTML] = {}

    def draw(self, *names: str) -> None:
        """Draws the named fields where the layout stands now, as one component."""
        if not names:
            return
        fields = [self.field(self.specs[name]) for name in names]
        group = settings(self.name, fields, every_field=list(self.specs), change=self.change)
        self.groups |= dict.fromkeys(names, group)

    def group(self, *groups: str) -> tuple[str, ...]:
        """The fields of these groups, one group after the other."""
        return tuple(name for group in groups for name, spec in self.specs.items() if spec.group == group)

    def rest(self) -> tuple[str, ...]:
        """Fields not drawn yet."""
        return tuple(name for name in self.specs if name not in self.groups)

    def field(self, spec: FieldSpec) -> dict[str, Any]:
        """A field as `components/settings.js` draws it."""
        return {
            "name": spec.name,
            "kind": spec.kind,
            "label": spec.label,
            "unit": spec.unit,
            "help": spec.help,
            "default": spec.default,
            "by": self._by(spec),
            "low": spec.low,
            "high": spec.high,
            "step": spec.step,
            "scale": spec.scale,
            "live": spec.live,
            "slider": spec.slider and asdict(spec.slider),
            "options": spec.options,
            "when": self._when(spec),
            "own": self._own(spec),
        }

    def _own(self, spec: FieldSpec) -> list[str]:
        """Which kinds of data of one's own may be chosen, beside those that are listed."""
        if spec.name != "dataset":
            return []
        return ["images", "table", *(["points", "drawing"] if any(map(of_points, spec.choices)) else [])]

    def _by(self, spec: FieldSpec) -> dict[str, Any] | None:
        """The setting `of` that the default hangs on, and the default with each choice there; for data also with latents."""
        if not spec.by or not issubclass(self.config, RunConfig):
            return None
        ((of, table),) = spec.by.items()
        kinds = {choice: (choice,) for choice in table}
        if of == "dataset":
            kinds = {name: self.config.data_kinds(name) for name in self.specs["dataset"].choices}
            kinds |= {"latents": ("latents",), "own images": ("images",), "own points": ("points",), "own table": ("table",)}
        values = {one: next((table[kind] for kind in each if kind in table), spec.default) for one, each in kinds.items()}
        return {"of": of, "values": values}

    def _when(self, spec: FieldSpec) -> dict[str, Any] | None:
        """Where the choice is made that `spec` hangs on, which one it is, and what is chosen at first."""
        if not spec.when:
            return None
        ((field, choice),) = spec.when.items()
        form = self if self.beside is None or field in self.specs else self.beside
        default = form.specs[field].default if field in form.specs else None
        return {"form": form.name, "field": field, "any": [choice], "default": default}

    def values(self, event: gr.EventData) -> dict[str, Any]:
        """What the form held when a button was pressed, as keyword arguments of the config: what a person typed as it was
        typed, so that nothing is replaced unsaid. A field that was never on the page is left out, and keeps its default."""
        sent = _dict(_dict(_dict(event._data).get("settings")).get(self.name))
        return {name: _typed(self.specs[name], value) for name, value in sent.items() if name in self.specs}

    def current(self, shown: Any) -> dict[str, Any]:
        """The value of each field, from the value of one of the form's components; the default of a choice that there is not."""
        sent, out = _dict(_dict(shown).get("values")), {}
        for name, spec in self.specs.items():
            value = sent.get(name, spec.default)
            known = not spec.choices or value in spec.choices or (name == "dataset" and value in DATASETS)
            out[name] = value if known else spec.default
        return out

    def changed(
        self,
        names: Sequence[str],
        act: Callable[..., Any],
        inputs: Sequence[gr.components.Component],
        outputs: Any,
        js: str | None = None,
    ) -> None:
        """Calls `act(values, *inputs)` when one of the named fields is changed, by whomever."""
        for name in names:
            event = getattr(self.groups[name], f"changed_{name}")
            event(self._handler(act), [self.groups[name], *inputs], outputs, js=js, trigger_mode="always_last", **QUIET)

    def _handler(self, act: Callable[..., Any]) -> Callable[..., Any]:
        return lambda shown, *inputs: act(self.current(shown), *inputs)


def form_update(values: dict[str, Any], **more: Any) -> dict[str, Any]:
    """For an output that is a component of a form: sets `values`; `locked` names all fields that cannot be chosen now, `options` are
    new choices, {field: [[title, value]]}."""
    return {"values": values, **more, "at": time.time()}


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _typed(spec: FieldSpec, value: Any) -> Any:
    """JavaScript knows no whole numbers: 3.0 is one, 3.5 is refused by the config."""
    if spec.kind == "int" and isinstance(value, float) and value.is_integer():
        return int(value)
    return value
