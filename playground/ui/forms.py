"""Forms made from settings: one Gradio control for each field of a config, with its label, help and bounds.

Numbers carry no bounds of Gradio's own: a value out of range is refused by `config.py`, in the same words everywhere.
"""

from __future__ import annotations

from typing import Any

import gradio as gr

from playground.config import FieldSpec, Settings, field_specs
from playground.data import DATASETS

TITLES: dict[str, dict[str, str]] = {
    "network": {"mlp": "fully connected", "conv": "convolutional", "unet": "U-Net", "unet2d": "UNet2DModel (diffusers)"},
    "likelihood": {
        "gaussian": "Gaussian, fixed σ", "gaussian_learned": "Gaussian, one learned σ", "gaussian_per_pixel": "Gaussian, learned σ per pixel",
        "bernoulli": "Bernoulli, black and white",
    },
    "binarise": {"fixed": "drawn once", "dynamic": "drawn anew each time"},
    "objective": {"elbo": "ELBO", "iwae": "IWAE, importance-weighted"},
    "decay": {"cosine": "half cosine", "constant": "none"},
    "schedule": {
        "linear": "linear β (DDPM)", "cosine": "cosine", "rectified_flow": "rectified flow",
        "variance_exploding": "variance exploding",
    },
    "parametrization": {"eps": "ε, the noise", "x_0": "x₀, the data", "v": "v = α ε − σ x₀", "velocity": "velocity dx/dt"},
    "conditional": {"off": "no", "on": "yes: the network is told the class"},
    "sampler": {
        "ddpm": "DDPM (ancestral)", "ddim": "DDIM", "euler": "Euler, ODE in t", "heun": "Heun, ODE in t",
        "edm_heun": "Karras' Heun, ODE in σ/α", "dpmpp_2m": "DPM-Solver++ (2M)",
    },
    "time_grid": {"uniform_t": "uniform in t", "karras": "Karras, ρ = 7 in σ/α", "log_snr": "uniform in log-SNR"},
}  # fmt: skip
"""What a choice is called on the page, where its name in the code is too short."""

SLIDERS = (
    "latent_dim", "beta", "observation_std", "sampling_steps", "eta", "guidance_scale",
    "label_dropout", "input_noise", "free_bits", "width", "depth", "ema_decay", "batch_size",
)
SLIDER_STEP = {"input_noise": 0.05, "free_bits": 0.05, "beta": 0.1, "observation_std": 0.01, "eta": 0.05, "guidance_scale": 0.25, "label_dropout": 0.05, "ema_decay": 0.0005}
SLIDER_TOP = {"input_noise": 1.0, "free_bits": 3.0, "sampling_steps": 200, "guidance_scale": 10.0, "batch_size": 1024, "width": 512, "ema_decay": 0.9999}
"""Where a slider ends before the setting does, so that the useful part can be hit; a script may go further."""


class Form:
    """The controls of one config class, by field name, and the way back from their values to settings."""

    def __init__(self, config: type[Settings], leave_out: tuple[str, ...] = ("device",)) -> None:
        self.config = config
        self.specs = {name: spec for name, spec in field_specs(config).items() if name not in leave_out}
        self.controls: dict[str, gr.components.Component] = {}

    def draw(self, *names: str) -> None:
        """Draws the named fields where the layout stands now."""
        for name in names:
            self.controls[name] = _control(self.specs[name])

    def rest(self) -> tuple[str, ...]:
        """Fields not drawn yet."""
        return tuple(name for name in self.specs if name not in self.controls)

    @property
    def inputs(self) -> list[gr.components.Component]:
        """All controls, in one order; `values` takes what they hold in that order."""
        return list(self.controls.values())

    def values(self, *held: Any) -> dict[str, Any]:
        """What the controls hold, as keyword arguments of the config. A cleared number keeps its default."""
        return {name: _typed(self.specs[name], value) for name, value in zip(self.controls, held) if value is not None}

    def updates(self, config: dict[str, Any]) -> list[Any]:
        """New values for all controls, to show the settings of a run that was found again."""
        return [config.get(name, gr.skip()) for name in self.controls]


def _typed(spec: FieldSpec, value: Any) -> Any:
    """Gradio hands whole numbers out as floats at times; 3.0 is a whole number, 3.5 is refused by the config."""
    if spec.kind == "int" and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _control(spec: FieldSpec) -> gr.components.Component:
    label = f"{spec.label} ({spec.unit})" if spec.unit else spec.label
    if spec.kind == "choice":
        choices = [(_title(spec.name, choice), choice) for choice in spec.choices if _offered(spec.name, choice)]
        return gr.Dropdown(choices, value=spec.default, label=label, info=spec.help, interactive=True)
    if spec.name in SLIDERS:
        step = SLIDER_STEP.get(spec.name) or spec.step or 1
        top = SLIDER_TOP.get(spec.name, spec.high)
        slider = gr.Slider(spec.low, top, value=spec.default, step=step, label=label, info=spec.help, interactive=True)
        slider.preprocess = lambda value: value  # Gradio's own refusal would reach nobody: the run bar waits for ours
        return slider
    return gr.Number(spec.default, label=label, info=spec.help, interactive=True)


def _title(field: str, choice: str) -> str:
    if field == "dataset":
        return DATASETS[choice].title
    return TITLES.get(field, {}).get(choice, choice)


def _offered(field: str, choice: str) -> bool:
    return field != "dataset" or DATASETS[choice].available()
