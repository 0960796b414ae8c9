"""The settings of a diffusion model, of the data themselves or of the latents of an autoencoder."""

from __future__ import annotations

import math
from typing import Any, Literal

from playground.config.autoencoders import AutoencoderConfig, VAEConfig
from playground.config.samplers import SamplerSettings
from playground.config.settings import ConfigError, Slider, like, setting
from playground.config.training import ENCODED, TABLE_RATE, TABLE_STEPS, RunConfig, of_table
from playground.data import DATASETS

SMALL = 64
"""Pixels of the largest images of which each is one of the MLP's numbers, unless another network is chosen."""
LATENT_STEPS = 1500
"""Enough for latents: of a VAE of digits, samples were at 5.0, 5.1 and 5.0 after 1,000, 1,500 and 3,000; of an autoencoder of Fashion-MNIST with eight
dimensions at 14.0 and 13.5 after 1,000 and 2,000, where its decoder alone is at 13.4 (Fréchet distance)."""


class DiffusionConfig(RunConfig, SamplerSettings):
    """`x_t = alpha_t x_0 + sigma_t eps`, and a network that learns the way back."""

    model: Literal["diffusion"] = "diffusion"
    dataset: str = setting("mixture", "Data", "What the model is trained on.", main=True, choices=DATASETS, shapes_weights=True)
    steps: int = like(
        RunConfig,
        "steps",
        2400,
        by={"dataset": {"images": 3000, "latents": LATENT_STEPS, "table": TABLE_STEPS, "digits": 1050, "sprites": 1200}},
    )
    batch_size: int = like(RunConfig, "batch_size", 256, by={"dataset": {"images": 32, "digits": 64, "table": 64}})
    learning_rate: float = like(RunConfig, "learning_rate", 3e-3, by={"dataset": {"table": TABLE_RATE}})
    schedule: Literal["linear", "cosine", "rectified_flow", "variance_exploding"] = setting(
        "cosine",
        "Noise schedule",
        "How fast the data drowns: α and σ as functions of time.",
        main=True,
        titles={
            "linear": "linear β (DDPM)",
            "cosine": "cosine",
            "rectified_flow": "rectified flow",
            "variance_exploding": "variance exploding",
        },
        shapes_weights=True,
    )
    parametrization: Literal["eps", "x_0", "v", "velocity"] = setting(
        "v",
        "The network predicts",
        "ε, x₀, v = α ε − σ x₀, or the velocity dx/dt.",
        main=True,
        titles={"eps": "ε, the noise", "x_0": "x₀, the data", "v": "v = α ε − σ x₀", "velocity": "velocity dx/dt"},
        shapes_weights=True,
    )
    network: Literal["auto", "mlp", "mixer", "unet", "unet2d"] = setting(
        "auto",
        "Network",
        "auto: a residual MLP for points, rows and images of up to 64 pixels, a mixer of patches for larger ones. Digits and sprites begin with the U-Net, whose "
        "samples are nearer there. UNet2DModel is diffusers' own: slower, and what it learns can be saved as a folder that diffusers loads without code of ours, and "
        "that the arena opens again.",
        titles={"mlp": "fully connected", "mixer": "mixer of patches", "unet": "U-Net", "unet2d": "UNet2DModel (diffusers)"},
        shapes_weights=True,
        by={"dataset": {"digits": "unet", "sprites": "unet"}},
    )
    skip: Literal["gaussians", "linear", "none"] = setting(
        "linear",
        "Starts from",
        "What the network's answer is added to: the best linear denoiser of the data, which is the exact one of a Gaussian with their mean and "
        "covariance, or the exact one of several Gaussians, fitted to clusters of the data, so that only the rest has to be learned; or nothing. "
        "UNet2DModel always starts from nothing.",
        titles={"gaussians": "several Gaussians", "linear": "one Gaussian: the best linear denoiser", "none": "nothing"},
        shapes_weights=True,
        by={"dataset": dict.fromkeys(("fashion_mnist", "fashion_mnist_full", "digits"), "gaussians")},
    )
    gaussians: int = setting(
        10,
        "Gaussians",
        "How many clusters of the data have a Gaussian of their own in what the network starts from.",
        ge=2,
        le=60,
        slider=Slider(),
        when={"skip": "gaussians"},
        shapes_weights=True,
        by={"dataset": {"digits": 40}},
    )
    targets: Literal["single", "stable"] = setting(
        "stable",
        "Targets",
        "What the network is corrected towards: the one example that the noisy one was made of, or the mean over all that it may have "
        "come from, estimated with a thousand more (Xu et al. 2023): the same on average, less noisy, worth it where examples lie close together.",
        titles={"single": "the one example", "stable": "the mean of those near"},
        by={"dataset": {"images": "single", "digits": "stable", "table": "single"}},
    )
    width: int = setting(
        64,
        "Width",
        "Units per layer, or 4 times the channels.",
        ge=16,
        le=1024,
        step=16,
        scale="octaves",
        slider=Slider(top=512),
        shapes_weights=True,
        by={"dataset": {"digits": 96}},
    )
    depth: int = setting(
        3,
        "Depth",
        "Residual blocks.",
        ge=1,
        le=12,
        slider=Slider(),
        shapes_weights=True,
        by={"dataset": {"digits": 1, "sprites": 1}},
    )
    conditional: Literal["off", "on"] = setting(
        "off",
        "Class-conditional",
        "Whether the network is told the class, so that samples of one class can be asked for.",
        main=True,
        titles={"off": "no", "on": "yes: the network is told the class"},
        shapes_weights=True,
    )
    label_dropout: float = setting(
        0.1,
        "Label dropout",
        "Share of training examples whose class is hidden, so that the network learns to do without as well: "
        "guidance needs both. Only for class-conditional models.",
        ge=0.0,
        le=1.0,
        slider=Slider(step=0.05),
    )

    def __init__(self, /, **values: Any) -> None:
        super().__init__(**values)
        data = DATASETS[self.dataset]
        if self.conditional == "on" and data.available() and len(data.label_names) < 2:
            raise ConfigError(f"conditional = 'on' is refused: all examples of {data.title} are of one class.")
        if self.network not in ("auto", "mlp") and of_table(self.dataset):
            self.needs_images("network", "mlp")

    def network_for(self, shape: tuple[int, ...]) -> str:
        """The kind of network for data of `shape`: what was chosen, or what `auto` means for them."""
        if self.network != "auto":
            return self.network
        return "mlp" if len(shape) != 3 or math.prod(shape) <= SMALL else "mixer"


class LatentDiffusionConfig(DiffusionConfig):
    """Diffusion of the standardised latents of a trained autoencoder or VAE; its decoder turns the samples into images
    (Rombach et al. 2022; Vahdat et al. 2021)."""

    @classmethod
    def data_kinds(cls, dataset: object) -> tuple[str, ...]:
        return ("latents",)

    model: Literal["latent_diffusion"] = "latent_diffusion"
    steps: int = like(RunConfig, "steps", LATENT_STEPS)
    dataset: str = setting(
        "fashion_mnist", "Data", "What the autoencoder was trained on.", main=True, choices=ENCODED, shapes_weights=True
    )
    network: Literal["auto", "mlp"] = setting(
        "auto", "Network", "A residual MLP: latents are short vectors.", titles={"mlp": "fully connected"}, shapes_weights=True
    )
    autoencoder: AutoencoderConfig | VAEConfig = AutoencoderConfig()
    """Settings of the autoencoder: not to be chosen, but taken over from the run that the latents come from."""
