"""The settings of an autoencoder and of a VAE."""

from __future__ import annotations

from typing import Any, Literal

from playground.config.likelihoods import LIKELIHOODS
from playground.config.settings import ConfigError, Slider, like, setting
from playground.config.training import ENCODED, TABLE_RATE, TABLE_STEPS, RunConfig, of_points, of_table

SPRITES_VARY = 6
"""Latent dimensions for sprites, which vary in five ways, one of them around a circle: with two all shapes come back as blobs (held-out squared
error 0.0150 of an autoencoder, with six 0.0017; of a VAE 45.7 and 25.7 nats; `tests/benchmarks/defaults.md`)."""


class LatentConfig(RunConfig):
    """What autoencoder and VAE share: an encoder and a decoder with a few numbers between them."""

    dataset: str = setting(
        "fashion_mnist", "Data", "What the model is trained on.", main=True, choices=ENCODED, shapes_weights=True
    )
    steps: int = like(RunConfig, "steps", 3000, by={"dataset": {"table": TABLE_STEPS}})
    learning_rate: float = like(RunConfig, "learning_rate", 6e-3, by={"dataset": {"table": TABLE_RATE}})
    batch_size: int = like(RunConfig, "batch_size", 128, by={"network": {"conv": 64}})
    warmup_steps: int = like(RunConfig, "warmup_steps", 100, by={"network": {"conv": 20}})
    latent_dim: int = setting(
        2,
        "Latent dimensions",
        "Numbers the encoder may keep of an image.",
        ge=1,
        le=64,
        main=True,
        scale="octaves",
        slider=Slider(),
        shapes_weights=True,
        by={"dataset": {"sprites": SPRITES_VARY}},
    )
    network: Literal["mlp", "conv"] = setting(
        "mlp",
        "Network",
        "Fully connected layers (fast on a CPU) or convolutions (sharper pictures).",
        titles={"mlp": "fully connected", "conv": "convolutional"},
        shapes_weights=True,
    )
    width: int = setting(
        256,
        "Width",
        "Units in the first hidden layer, or 8 times the channels.",
        ge=16,
        le=2048,
        step=16,
        scale="octaves",
        slider=Slider(top=512),
        shapes_weights=True,
        by={"dataset": {"table": 64, "wine": 32}},
    )
    depth: int = setting(
        2, "Depth", "Hidden layers in the encoder and in the decoder.", ge=1, le=6, slider=Slider(), shapes_weights=True
    )
    map_points: int = setting(
        1000,
        "Points on the map",
        "Held-out images on the latent map, as far as there are so many. More make fewer pictures per second.",
        ge=50,
        le=10_000,
        scale="log",
        slider=Slider(),
    )
    input_noise: float = setting(
        0.0,
        "Input noise",
        "While training, the encoder sees each image with Gaussian noise of this standard deviation, and the "
        "decoder must still make the clean one (denoising). 0 is off.",
        ge=0.0,
        le=2.0,
        live=True,
        slider=Slider(top=1.0, step=0.05),
        group="variants",
    )

    def __init__(self, /, **values: Any) -> None:
        if of_points(data := values.get("dataset")):
            raise ConfigError(
                f"dataset = {data!r} is refused: it is points in the plane, for a diffusion; an encoder is for images and tables."
            )
        super().__init__(**values)
        if self.network != "mlp" and of_table(self.dataset):
            self.needs_images("network", "mlp")


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
        slider=Slider(low=1e-5),
        group="variants",
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
        slider=Slider(low=1e-5),
        group="variants",
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
        slider=Slider(low=0.01),
        group="bound",
    )
    likelihood: str = setting(
        "gaussian",
        "Likelihood p(x|z)",
        "What the decoder says about pixels. A Gaussian with a fixed σ is mean squared error in "
        "disguise; its σ may be learned, one for all pixels or one for each; Bernoulli is for black and white.",
        main=True,
        choices=LIKELIHOODS,
        group="observation",
        shapes_weights=True,
    )
    observation_std: float = setting(
        0.4,
        "Pixel noise σ",
        "Standard deviation of p(x|z), for the likelihood gaussian. Smaller: pixels count for more, the prior for less.",
        ge=0.05,
        le=2.0,
        main=True,
        scale="log",
        slider=Slider(),
        group="observation",
        when={"likelihood": "gaussian"},
        shapes_weights=True,
    )
    binarise: Literal["fixed", "dynamic"] = setting(
        "dynamic",
        "Black and white",
        "For the likelihood bernoulli: a pixel is white with its grey level as probability, drawn once "
        "(fixed) or anew whenever a training image is seen (dynamic). Held-out images are always drawn once.",
        titles={"fixed": "drawn once", "dynamic": "drawn anew each time"},
        group="observation",
        when={"likelihood": "bernoulli"},
        shapes_weights=True,
    )
    kl_warmup: int = setting(
        0,
        "KL warm-up",
        "β grows from 0 to its value over this many first steps. 0 is off.",
        ge=0,
        le=100_000,
        unit="steps",
        scale="log",
        slider=Slider(low=10, top=20_000),
        group="bound",
    )
    free_bits: float = setting(
        0.0,
        "Free bits",
        "A dimension whose mean KL is below this costs as much as one at it, so it may as well carry something. 0 is off.",
        ge=0.0,
        le=10.0,
        unit="nats",
        slider=Slider(top=3.0, step=0.05),
        group="bound",
    )
    objective: Literal["elbo", "iwae"] = setting(
        "elbo",
        "Objective",
        "elbo: reconstruction + β KL; iwae: the tighter importance-weighted bound of k draws.",
        titles={"elbo": "ELBO", "iwae": "IWAE, importance-weighted"},
        group="bound",
    )
    importance_samples: int = setting(
        5,
        "Draws k",
        "For the objective iwae: draws of z for each image, and so many times the work.",
        ge=2,
        le=64,
        scale="octaves",
        slider=Slider(),
        unit="draws",
        group="bound",
        when={"objective": "iwae"},
    )

    def __init__(self, /, **values: Any) -> None:
        super().__init__(**values)
        if LIKELIHOODS[self.likelihood].binarised and of_table(self.dataset):
            self.needs_images("likelihood", "gaussian")
        if self.objective == "iwae" and (self.beta != 1.0 or self.kl_warmup or self.free_bits):
            raise ConfigError(
                "objective = 'iwae' is a bound without a KL term to weigh: it needs beta = 1, kl_warmup = 0 and free_bits = 0."
            )
