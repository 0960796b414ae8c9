"""Every setting, once: its default, bounds, unit and help text.

Sliders, the command line, the API, links and checkpoints are all derived from these models; how one is written down stands
in `settings.py`.
"""

from __future__ import annotations

from typing import Any, Literal

from playground.config.samplers import SamplerSettings
from playground.config.settings import ConfigError, Settings, brief, field_specs, setting
from playground.config.studies import Device

POINT_DATASETS = ("mixture", "moons", "circles", "swiss_roll", "checkerboard", "spirals", "pinwheel")
IMAGE_DATASETS = ("fashion_mnist", "digits", "sprites", "fashion_mnist_full")

ImageDataset = Literal["fashion_mnist", "digits", "sprites", "fashion_mnist_full"]
AnyDataset = Literal[
    "mixture",
    "moons",
    "circles",
    "swiss_roll",
    "checkerboard",
    "spirals",
    "pinwheel",
    "digits",
    "fashion_mnist",
    "sprites",
    "fashion_mnist_full",
]


class RunConfig(Settings):
    """What all three trainings share. Use one of `AutoencoderConfig`, `VAEConfig`, `DiffusionConfig`."""

    model: Literal["ae", "vae", "diffusion", "latent_diffusion"]
    dataset: str
    steps: int = setting(3000, "Steps", "How many optimiser steps the run takes.", ge=1, le=200_000, main=True, scale="log")
    learning_rate: float = setting(
        1e-3,
        "Learning rate",
        "Peak step size of Adam. It can be changed while the model trains.",
        ge=1e-6,
        le=10.0,
        main=True,
        live=True,
        scale="log",
    )
    batch_size: int = setting(128, "Batch size", "Examples in one optimiser step.", ge=1, le=4096, unit="examples")
    warmup_steps: int = setting(
        100, "Warm-up", "The learning rate rises linearly over this many first steps.", ge=0, le=10_000, unit="steps", scale="log"
    )
    decay: Literal["cosine", "constant"] = setting(
        "cosine", "Learning rate decay", "After the warm-up: fall to zero along a half cosine, or stay."
    )
    gradient_clip: float = setting(
        1.0,
        "Gradient clip",
        "Longest gradient allowed (L2 norm over all weights); 0 switches clipping off.",
        ge=0.0,
        le=1000.0,
        scale="log",
    )
    ema_decay: float = setting(
        0.999,
        "EMA decay",
        "Pictures come from a moving average of the weights; this is how much of it one step keeps.",
        ge=0.0,
        le=0.99999,
    )
    seed: int = setting(0, "Seed", "Same seed, same settings, same device: same run.", ge=0, le=2**31 - 1)
    device: Device = setting("auto", "Device", "Where the arithmetic is done; auto takes a GPU where there is one.")


class LatentConfig(RunConfig):
    """What autoencoder and VAE share: an encoder and a decoder with a few numbers between them."""

    dataset: ImageDataset = setting("fashion_mnist", "Data", "What the model is trained on.", main=True)
    latent_dim: int = setting(2, "Latent dimensions", "Numbers the encoder may keep of an image.", ge=1, le=64, main=True)
    network: Literal["mlp", "conv"] = setting(
        "mlp", "Network", "Fully connected layers (fast on a CPU) or convolutions (sharper pictures)."
    )
    width: int = setting(256, "Width", "Units in the first hidden layer, or 8 times the channels.", ge=16, le=2048, step=16)
    depth: int = setting(2, "Depth", "Hidden layers in the encoder and in the decoder.", ge=1, le=6)
    map_points: int = setting(
        1000,
        "Points on the map",
        "Held-out images on the latent map, as far as there are so many. More make fewer pictures per second.",
        ge=50,
        le=10_000,
    )
    input_noise: float = setting(
        0.0,
        "Input noise",
        "While training, the encoder sees each image with Gaussian noise of this standard deviation, and the "
        "decoder must still make the clean one (denoising). 0 is off.",
        ge=0.0,
        le=2.0,
        live=True,
    )


class AutoencoderConfig(LatentConfig):
    """`x_hat = D(E(x))`, trained on `|x - x_hat|²` and, if wanted, a penalty on the code."""

    model: Literal["ae"] = "ae"
    sparsity: float = setting(
        0.0,
        "Sparsity",
        "Weight of the mean |z|, which pulls the numbers of a code towards 0 (L1). 0 is off.",
        ge=0.0,
        le=1.0,
        live=True,
        scale="log",
    )
    contraction: float = setting(
        0.0,
        "Contraction",
        "Weight of |dE/dx|², the squared slopes of the encoder, so that similar images share a code. 0 is off; "
        "every step takes about twice as long.",
        ge=0.0,
        le=1.0,
        live=True,
        scale="log",
    )


class VAEConfig(LatentConfig):
    """`q(z|x) = N(mu(x), diag s²(x))`, `p(z) = N(0, I)`, `p(x|z)` as `likelihoods.py` says, trained on a bound on log p(x)."""

    model: Literal["vae"] = "vae"
    beta: float = setting(
        1.0,
        "β",
        "Weight of the KL term while training. 1 is the bound on log p(x); 0 is a noisy autoencoder.",
        ge=0.0,
        le=100.0,
        main=True,
        live=True,
        scale="log",
    )
    likelihood: Literal["gaussian", "gaussian_learned", "gaussian_per_pixel", "bernoulli"] = setting(
        "gaussian",
        "Likelihood p(x|z)",
        "What the decoder says about pixels. A Gaussian with a fixed σ is mean squared error in "
        "disguise; its σ may be learned, one for all pixels or one for each; Bernoulli is for black and white.",
        main=True,
    )
    observation_std: float = setting(
        0.4,
        "Pixel noise σ",
        "Standard deviation of p(x|z), for the likelihood gaussian. Smaller: pixels count for more, the prior for less.",
        ge=0.05,
        le=2.0,
        main=True,
    )
    binarise: Literal["fixed", "dynamic"] = setting(
        "dynamic",
        "Black and white",
        "For the likelihood bernoulli: a pixel is white with its grey level as probability, drawn once "
        "(fixed) or anew whenever a training image is seen (dynamic). Held-out images are always drawn once.",
    )
    kl_warmup: int = setting(
        0,
        "KL warm-up",
        "β grows from 0 to its value over this many first steps. 0 is off.",
        ge=0,
        le=100_000,
        unit="steps",
        scale="log",
    )
    free_bits: float = setting(
        0.0,
        "Free bits",
        "A dimension whose mean KL is below this costs as much as one at it, so it may as well carry something. 0 is off.",
        ge=0.0,
        le=10.0,
        unit="nats",
    )
    objective: Literal["elbo", "iwae"] = setting(
        "elbo", "Objective", "elbo: reconstruction + β KL; iwae: the tighter importance-weighted bound of k draws."
    )
    importance_samples: int = setting(
        5, "Draws k", "For the objective iwae: draws of z for each image, and so many times the work.", ge=2, le=64, unit="draws"
    )

    def __init__(self, /, **values: Any) -> None:
        super().__init__(**values)
        if self.objective == "iwae" and (self.beta != 1.0 or self.kl_warmup or self.free_bits):
            raise ConfigError(
                "objective = 'iwae' is a bound without a KL term to weigh: it needs beta = 1, kl_warmup = 0 and free_bits = 0."
            )


class DiffusionConfig(RunConfig, SamplerSettings):
    """`x_t = alpha_t x_0 + sigma_t eps`, and a network that learns the way back."""

    model: Literal["diffusion"] = "diffusion"
    dataset: AnyDataset = setting("mixture", "Data", "What the model is trained on.", main=True)
    batch_size: int = setting(256, "Batch size", "Examples in one optimiser step.", ge=1, le=4096, unit="examples")
    learning_rate: float = setting(
        3e-3,
        "Learning rate",
        "Peak step size of Adam. It can be changed while the model trains.",
        ge=1e-6,
        le=10.0,
        main=True,
        live=True,
        scale="log",
    )
    schedule: Literal["linear", "cosine", "rectified_flow", "variance_exploding"] = setting(
        "cosine", "Noise schedule", "How fast the data drowns: α and σ as functions of time.", main=True
    )
    parametrization: Literal["eps", "x_0", "v", "velocity"] = setting(
        "v", "The network predicts", "ε, x₀, v = α ε − σ x₀, or the velocity dx/dt.", main=True
    )
    network: Literal["auto", "mlp", "unet", "unet2d"] = setting(
        "auto",
        "Network",
        "auto: a residual MLP for points, a U-Net for images. UNet2DModel is diffusers' own: slower, and what it "
        "learns can be saved as a folder that diffusers loads by itself.",
    )
    width: int = setting(64, "Width", "Units per layer, or 4 times the channels.", ge=16, le=1024, step=16)
    depth: int = setting(3, "Depth", "Residual blocks.", ge=1, le=12)
    conditional: Literal["off", "on"] = setting(
        "off",
        "Class-conditional",
        "Whether the network is told the class, so that samples of one class can be asked for.",
        main=True,
    )
    label_dropout: float = setting(
        0.1,
        "Label dropout",
        "Share of training examples whose class is hidden, so that the network learns to do without as well: "
        "guidance needs both. Only for class-conditional models.",
        ge=0.0,
        le=1.0,
    )


class LatentDiffusionConfig(DiffusionConfig):
    """Diffusion of the standardised latents of a trained autoencoder or VAE; its decoder turns the samples into images
    (Rombach et al. 2022; Vahdat et al. 2021)."""

    model: Literal["latent_diffusion"] = "latent_diffusion"
    dataset: ImageDataset = setting("fashion_mnist", "Data", "What the autoencoder was trained on.", main=True)
    network: Literal["auto", "mlp"] = setting("auto", "Network", "A residual MLP: latents are short vectors.")
    autoencoder: AutoencoderConfig | VAEConfig = AutoencoderConfig()
    """Settings of the autoencoder: not to be chosen, but taken over from the run that the latents come from."""


CONFIGS: dict[str, type[RunConfig]] = {
    "ae": AutoencoderConfig,
    "vae": VAEConfig,
    "diffusion": DiffusionConfig,
    "latent_diffusion": LatentDiffusionConfig,
}


def parse_config(values: dict[str, Any]) -> RunConfig:
    """The config that `values["model"]` names, from plain values (a form, a link, a checkpoint, an API call)."""
    model = values.get("model")
    if not isinstance(model, str) or model not in CONFIGS:
        raise ConfigError(f"model = {brief(model)} is unknown: it must be one of {', '.join(CONFIGS)}.")
    return CONFIGS[model](**values)


def change_live(config: RunConfig, changes: dict[str, Any]) -> RunConfig:
    """`config` with settings changed that may change while it runs. Raises `ConfigError` for others and for bad values."""
    specs = field_specs(type(config))
    for name in changes:
        if name in specs and not specs[name].live:
            raise ConfigError(f"{name} cannot be changed while a model trains: stop the run and start another.")
    return config.replace(**changes)


OF_THE_WEIGHTS = (
    "model",
    "dataset",
    "latent_dim",
    "network",
    "width",
    "depth",
    "schedule",
    "parametrization",
    "observation_std",
    "likelihood",
    "binarise",
    "conditional",
    "autoencoder",
)
"""Settings that weights were made for: a run that goes on from a checkpoint keeps them."""
