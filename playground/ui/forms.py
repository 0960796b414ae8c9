"""Forms made from settings: one control for each field of a config, with its label, help and bounds.

What the controls hold is kept in the page (`lib/forms.js`). A button sends it with its press, as event data, so that what
was typed a moment before is never lost; `Form.values` reads it from there. A value out of range is refused by its config.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from playground.config import TIME_GRIDS, FieldSpec, Settings, field_specs
from playground.data import DATASETS
from playground.ui.components.settings import settings

TITLES: dict[str, dict] = {
    "network": {"mlp": "fully connected", "conv": "convolutional", "unet": "U-Net", "unet2d": "UNet2DModel (diffusers)"},
    "likelihood": {
        "gaussian": "Gaussian, fixed σ",
        "gaussian_learned": "Gaussian, one learned σ",
        "gaussian_per_pixel": "Gaussian, learned σ per pixel",
        "bernoulli": "Bernoulli, black and white",
    },
    "binarise": {"fixed": "drawn once", "dynamic": "drawn anew each time"},
    "objective": {"elbo": "ELBO", "iwae": "IWAE, importance-weighted"},
    "decay": {"cosine": "half cosine", "constant": "none"},
    "schedule": {
        "linear": "linear β (DDPM)",
        "cosine": "cosine",
        "rectified_flow": "rectified flow",
        "variance_exploding": "variance exploding",
    },
    "parametrization": {"eps": "ε, the noise", "x_0": "x₀, the data", "v": "v = α ε − σ x₀", "velocity": "velocity dx/dt"},
    "diffuse_in": {
        "data": "the data",
        "ae": "the latent space of the autoencoder on tab 1",
        "vae": "the latent space of the VAE on tab 2",
    },
    "label": {-1: "every class in turn"},
    "conditional": {"off": "no", "on": "yes: the network is told the class"},
    "sampler": {
        "ddpm": "DDPM (ancestral)",
        "ddim": "DDIM",
        "euler": "Euler, ODE in t",
        "heun": "Heun, ODE in t",
        "edm_heun": "Karras' Heun, ODE in σ/α",
        "dpmpp_2m": "DPM-Solver++ (2M)",
    },
    "time_grid": TIME_GRIDS,
}
"""What a choice is called on the page, where its name in the code is too short."""

SLIDERS = (
    "latent_dim",
    "beta",
    "observation_std",
    "sampling_steps",
    "eta",
    "guidance_scale",
    "learning_rate",
    "sparsity",
    "contraction",
    "label_dropout",
    "input_noise",
    "free_bits",
    "width",
    "depth",
    "ema_decay",
    "batch_size",
)
SLIDER_STEP = {
    "input_noise": 0.05,
    "free_bits": 0.05,
    "observation_std": 0.01,
    "eta": 0.05,
    "guidance_scale": 0.25,
    "label_dropout": 0.05,
    "ema_decay": 0.0005,
}
SLIDER_LOW = {"learning_rate": 1e-5, "beta": 0.01, "sparsity": 1e-5, "contraction": 1e-5}
"""Where the round numbers of a slider begin whose scale is logarithmic; 0 stands before them, where it is allowed."""
SLIDER_TOP = {
    "learning_rate": 1.0,
    "input_noise": 1.0,
    "free_bits": 3.0,
    "sampling_steps": 200,
    "guidance_scale": 10.0,
    "batch_size": 1024,
    "width": 512,
    "ema_decay": 0.9999,
}
"""Where a slider ends before the setting does, so that the useful part can be hit; the number beside it may go further."""
QUIET: dict[str, Any] = {"show_progress": "hidden", "queue": False, "api_visibility": "private"}
"""Page-only events answer at once: they wait in no queue and draw no spinner."""


class Form:
    """The controls of one config class, and the way back from what they hold to settings.

    `name` is what the page calls it, and the channel of the run that its live settings steer, by the server function `change`.
    `when` says which settings mean something only with a choice: {field: {"field": other, "any": [choices]}}, with "form" where the
    choice is made in another one; the rest is hidden, and not sent. `extra` are fields that the config does not have.
    """

    def __init__(
        self,
        name: str,
        config: type[Settings],
        leave_out: tuple[str, ...] = ("device",),
        *,
        extra: Sequence[FieldSpec] = (),
        when: dict[str, dict[str, Any]] | None = None,
        change: Callable | None = None,
    ) -> None:
        self.name, self.config, self.when, self.change = name, config, when or {}, change
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

    def rest(self) -> tuple[str, ...]:
        """Fields not drawn yet."""
        return tuple(name for name in self.specs if name not in self.groups)

    def field(self, spec: FieldSpec) -> dict[str, Any]:
        """A field as `components/settings.js` draws it."""
        when = self.when.get(spec.name)
        return {
            "name": spec.name,
            "kind": spec.kind,
            "label": spec.label,
            "unit": spec.unit,
            "help": spec.help,
            "default": spec.default,
            "low": spec.low,
            "high": spec.high,
            "step": spec.step,
            "scale": spec.scale,
            "live": spec.live,
            "slider": _slider(spec),
            "options": [[_title(spec.name, choice), choice] for choice in spec.choices if _offered(spec.name, choice)],
            "when": when and {"default": self.specs[when["field"]].default if when["field"] in self.specs else None, **when},
        }

    def values(self, event: gr.EventData) -> dict[str, Any]:
        """What the form held when a button was pressed, as keyword arguments of the config: what a person typed as it was
        typed, so that nothing is replaced unsaid. A field that was never on the page is left out, and keeps its default."""
        sent = _dict(_dict(_dict(event._data).get("settings")).get(self.name))
        return {name: _typed(self.specs[name], value) for name, value in sent.items() if name in self.specs}

    def held(self, shown: Any) -> dict[str, Any]:
        """The value of each field, from the value of one of the form's components; the default of a choice that there is not."""
        held, out = _dict(_dict(shown).get("held")), {}
        for name, spec in self.specs.items():
            value = held.get(name, spec.default)
            out[name] = value if not spec.choices or value in spec.choices else spec.default
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
        return lambda shown, *held: act(self.held(shown), *held)


def told(values: dict[str, Any], **more: Any) -> dict[str, Any]:
    """For an output that is a component of a form: sets `values`; `locked` names all fields that cannot be chosen now, `options` are
    new choices, {field: [[title, value]]}."""
    return {"told": values, **more, "at": time.time()}


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _typed(spec: FieldSpec, value: Any) -> Any:
    """JavaScript knows no whole numbers: 3.0 is one, 3.5 is refused by the config."""
    if spec.kind == "int" and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _slider(spec: FieldSpec) -> dict[str, float] | None:
    if spec.name not in SLIDERS:
        return None
    low = SLIDER_LOW[spec.name] if spec.scale == "log" else spec.low
    return {"low": low, "top": SLIDER_TOP.get(spec.name, spec.high), "step": SLIDER_STEP.get(spec.name) or spec.step or 1}


def _title(field: str, choice: str) -> str:
    if field == "dataset":
        return DATASETS[choice].title
    return TITLES.get(field, {}).get(choice, choice)


def _offered(field: str, choice: str) -> bool:
    return field != "dataset" or DATASETS[choice].available()
