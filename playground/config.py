"""Every setting, once: its default, bounds, unit and help text.

Sliders, the command line, the API, links and checkpoints are all derived from these models; how one is written down stands
in `settings.py`.
"""

from __future__ import annotations

from typing import Any, Literal

from playground.settings import ConfigError, FieldSpec, Settings, field_specs, setting

__all__ = [
    "AnyDataset", "AutoencoderConfig", "CONFIGS", "ConfigError", "DiffusionConfig", "FieldSpec", "IMAGE_DATASETS",
    "POINT_DATASETS", "RunConfig", "SampleConfig", "SamplerSettings", "Settings", "StudyConfig", "VAEConfig", "change_live",
    "field_specs", "parse_config", "setting",
]  # fmt: skip

POINT_DATASETS = ("mixture", "moons", "circles", "swiss_roll", "checkerboard", "spirals", "pinwheel")
IMAGE_DATASETS = ("fashion_mnist", "digits", "sprites", "fashion_mnist_full")

ImageDataset = Literal["fashion_mnist", "digits", "sprites", "fashion_mnist_full"]
AnyDataset = Literal[
    "mixture", "moons", "circles", "swiss_roll", "checkerboard", "spirals", "pinwheel",
    "digits", "fashion_mnist", "sprites", "fashion_mnist_full",
]  # fmt: skip
Sampler = Literal["ddpm", "ddim", "euler", "heun"]
Device = Literal["auto", "cpu", "cuda", "mps"]


class RunConfig(Settings):
    """What all three trainings share. Use one of `AutoencoderConfig`, `VAEConfig`, `DiffusionConfig`."""

    model: Literal["ae", "vae", "diffusion"]
    dataset: str
    steps: int = setting(3000, "Steps", "How many optimiser steps the run takes.", ge=1, le=200_000, main=True)
    learning_rate: float = setting(
        1e-3, "Learning rate", "Peak step size of Adam. It can be changed while the model trains.",
        ge=1e-6, le=10.0, main=True, live=True,
    )  # fmt: skip
    batch_size: int = setting(128, "Batch size", "Examples in one optimiser step.", ge=1, le=4096, unit="examples")
    warmup_steps: int = setting(
        100, "Warm-up", "The learning rate rises linearly over this many first steps.", ge=0, le=10_000, unit="steps"
    )
    decay: Literal["cosine", "constant"] = setting(
        "cosine", "Learning rate decay", "After the warm-up: fall to zero along a half cosine, or stay."
    )
    gradient_clip: float = setting(
        1.0, "Gradient clip", "Longest gradient allowed (L2 norm over all weights); 0 switches clipping off.",
        ge=0.0, le=1000.0,
    )  # fmt: skip
    ema_decay: float = setting(
        0.999, "EMA decay", "Pictures come from a moving average of the weights; this is how much of it one step keeps.",
        ge=0.0, le=0.99999,
    )  # fmt: skip
    seed: int = setting(0, "Seed", "Same seed, same settings, same device: same run.", ge=0, le=2**31 - 1)
    device: Device = setting("auto", "Device", "Where the arithmetic is done; auto takes a GPU where there is one.")


class AutoencoderConfig(RunConfig):
    """`x_hat = D(E(x))`, trained on `|x - x_hat|²`."""

    model: Literal["ae"] = "ae"
    dataset: ImageDataset = setting("fashion_mnist", "Data", "What the model is trained on.", main=True)
    latent_dim: int = setting(2, "Latent dimensions", "Numbers the encoder may keep of an image.", ge=1, le=64, main=True)
    network: Literal["mlp", "conv"] = setting(
        "mlp", "Network", "Fully connected layers (fast on a CPU) or convolutions (sharper pictures)."
    )
    width: int = setting(256, "Width", "Units in the first hidden layer, or 8 times the channels.", ge=16, le=2048, step=16)
    depth: int = setting(2, "Depth", "Hidden layers in the encoder and in the decoder.", ge=1, le=6)
    map_points: int = setting(
        1000, "Points on the map", "Held-out images on the latent map, as far as there are so many. More make fewer pictures "
        "a second.", ge=50, le=10_000,
    )  # fmt: skip


class VAEConfig(AutoencoderConfig):
    """`q(z|x) = N(mu(x), diag s²(x))`, `p(z) = N(0, I)`, `p(x|z) = N(D(z), observation_std² I)`, trained on the ELBO."""

    model: Literal["vae"] = "vae"
    beta: float = setting(
        1.0, "β", "Weight of the KL term while training. 1 is the bound on log p(x); 0 is a noisy autoencoder.",
        ge=0.0, le=100.0, main=True, live=True,
    )  # fmt: skip
    observation_std: float = setting(
        0.4, "Pixel noise σ", "Standard deviation of p(x|z). Smaller: pixels count for more, the prior for less.",
        ge=0.05, le=2.0, main=True,
    )  # fmt: skip


class SamplerSettings(Settings):
    """How noise is turned into data with a trained denoiser."""

    sampler: Sampler = setting(
        "ddim", "Sampler", "DDPM draws fresh noise at each step; DDIM needs none (η = 0); Euler and Heun solve the ODE.",
        main=True, live=True,
    )  # fmt: skip
    sampling_steps: int = setting(20, "Sampling steps", "Steps from noise to data.", ge=1, le=1000, main=True, live=True)
    eta: float = setting(
        0.0, "η (DDIM only)", "Fresh noise in DDIM: 0 is deterministic, 1 is as noisy as DDPM.", ge=0.0, le=1.0, live=True
    )


class SampleConfig(SamplerSettings):
    """One request for samples."""

    n_samples: int = setting(100, "Samples", "How many are drawn.", ge=1, le=4096)
    sampling_seed: int = setting(0, "Sampling seed", "Fixes the initial noise.", ge=0, le=2**31 - 1)
    device: Device = setting("auto", "Device", "Where the arithmetic is done.")


class DiffusionConfig(RunConfig, SamplerSettings):
    """`x_t = alpha_t x_0 + sigma_t eps`, and a network that learns the way back."""

    model: Literal["diffusion"] = "diffusion"
    dataset: AnyDataset = setting("mixture", "Data", "What the model is trained on.", main=True)
    batch_size: int = setting(256, "Batch size", "Examples in one optimiser step.", ge=1, le=4096, unit="examples")
    learning_rate: float = setting(
        3e-3, "Learning rate", "Peak step size of Adam. It can be changed while the model trains.",
        ge=1e-6, le=10.0, main=True, live=True,
    )  # fmt: skip
    schedule: Literal["linear", "cosine", "rectified_flow", "variance_exploding"] = setting(
        "cosine", "Noise schedule", "How fast the data drowns: α and σ as functions of time.", main=True
    )
    parametrization: Literal["eps", "x_0", "v", "velocity"] = setting(
        "v", "The network predicts", "ε, x₀, v = α ε − σ x₀, or the velocity dx/dt.", main=True
    )
    network: Literal["auto", "mlp", "unet"] = setting(
        "auto", "Network", "auto: a residual MLP for points, a U-Net for images."
    )
    width: int = setting(64, "Width", "Units per layer, or 4 times the channels.", ge=16, le=1024, step=16)
    depth: int = setting(3, "Depth", "Residual blocks.", ge=1, le=12)


class StudyConfig(Settings):
    """A measurement of a trained model that takes a while, made in a run of its own with progress and partial results."""

    study: str
    seed: int = setting(0, "Seed", "Fixes every random number of the measurement.", ge=0, le=2**31 - 1)
    device: Device = setting("auto", "Device", "Where the arithmetic is done.")


CONFIGS: dict[str, type[RunConfig]] = {"ae": AutoencoderConfig, "vae": VAEConfig, "diffusion": DiffusionConfig}


def parse_config(values: dict[str, Any]) -> RunConfig:
    """The config that `values["model"]` names, from plain values (a form, a link, a checkpoint, an API call)."""
    model = values.get("model")
    if not isinstance(model, str) or model not in CONFIGS:
        raise ConfigError(f"model = {model!r} is unknown: it must be one of {', '.join(CONFIGS)}.")
    return CONFIGS[model](**values)


def change_live(config: RunConfig, changes: dict[str, Any]) -> RunConfig:
    """`config` with settings changed that may change while it runs. Raises `ConfigError` for others and for bad values."""
    specs = field_specs(type(config))
    for name in changes:
        if name in specs and not specs[name].live:
            raise ConfigError(f"{name} cannot be changed while a model trains: stop the run and start another.")
    return config.replace(**changes)
