"""The settings of studies: measurements of trained models that take a while."""

from __future__ import annotations

from typing import Any, Literal

from playground.config.settings import ConfigError, Settings, setting

Device = Literal["auto", "cpu", "cuda", "mps"]
TimeGrid = Literal["uniform_t", "karras", "log_snr"]
TIME_GRIDS = {
    "uniform_t": "uniform in t",
    "karras": "Karras, ρ = 7 in σ/α",
    "log_snr": "uniform in log-SNR",
    "own": "each scheduler's own",
}
"""What the time grids are called on the page (`sampling/grids.py`); `own` is for schedulers of diffusers only."""


class StudyConfig(Settings):
    """A measurement of a trained model that takes a while, made in a run of its own with progress and partial results."""

    study: str
    seed: int = setting(0, "Seed", "Fixes every random number of the measurement.", ge=0, le=2**31 - 1)
    device: Device = setting("auto", "Device", "Where the arithmetic is done.")


class BoundsConfig(StudyConfig):
    """Bounds on log p(x) of held-out images under a VAE, and log p(x) itself in one or two latent dimensions."""

    study: Literal["bounds"] = "bounds"
    n_examples: int = setting(100, "Images", "Held-out images, at most.", ge=2, le=10_000, main=True)
    importance_samples: int = setting(
        5000,
        "Draws",
        "Draws of z for each image: the estimate grows towards log p(x) with them.",
        ge=50,
        le=100_000,
        main=True,
        scale="log",
    )


class LikelihoodConfig(StudyConfig):
    """Log-likelihood of held-out examples under a diffusion model: through the probability-flow ODE, and its bound."""

    study: Literal["likelihood"] = "likelihood"
    n_examples: int = setting(256, "Examples", "Held-out examples, at most.", ge=1, le=10_000, main=True, unit="examples")
    probes: int = setting(
        2,
        "Probes",
        "Random vectors that estimate the divergence of the flow for each image (Hutchinson); exact for points.",
        ge=1,
        le=16,
    )
    bound_draws: int = setting(
        64, "Noise levels", "At how many random noise levels the variational bound looks at each example.", ge=2, le=1000
    )


class ComparisonConfig(StudyConfig):
    """Five ways to draw images through the decoders of an autoencoder and a VAE, measured against held-out images alike."""

    study: Literal["comparison"] = "comparison"
    steps: int = setting(
        3000,
        "Training steps",
        "Of each of the two small diffusion models that are trained in the latent spaces.",
        ge=1,
        le=200_000,
        main=True,
        scale="log",
    )
    n_samples: int = setting(
        1000,
        "Samples",
        "In one measurement of a distance, at most half of the held-out images. Each row is measured five times.",
        ge=4,
        le=4096,
        main=True,
    )
    width: int = setting(128, "Width", "Units per layer of the two diffusion models.", ge=16, le=1024, step=16)
    sampling_steps: int = setting(50, "Sampling steps", "Of the two diffusion models, with DDIM.", ge=1, le=1000)


class ReflowConfig(StudyConfig):
    """One round of reflow: a rectified flow trained again on its own pairs of noise and sample (Liu et al. 2023)."""

    study: Literal["reflow"] = "reflow"
    steps: int = setting(
        2000, "Training steps", "On the pairs, from the weights of the model above.", ge=1, le=200_000, main=True, scale="log"
    )
    pairs: int = setting(
        0,
        "Pairs",
        "Of noise and the sample that the model makes of it. 0: 20,000 of points, 2,000 of images.",
        ge=0,
        le=200_000,
        main=True,
        scale="log",
    )
    ode_steps: int = setting(
        100,
        "ODE steps",
        "Euler steps from noise to sample, for a pair and for a path whose straightness is measured.",
        ge=2,
        le=1000,
    )


class ArenaConfig(StudyConfig):
    """A trained diffusion model under many of diffusers' schedulers: quality against evaluations of the network."""

    study: Literal["arena"] = "arena"
    schedulers: tuple[str, ...] = setting(
        (
            "DDPMScheduler",
            "DDIMScheduler",
            "HeunDiscreteScheduler",
            "DPMSolverMultistepScheduler",
            "UniPCMultistepScheduler",
            "FlowMatchEulerDiscreteScheduler",
        ),
        "Schedulers",
        "Names of classes of diffusers.schedulers.",
        main=True,
    )
    evaluations: tuple[int, ...] = setting(
        (5, 10, 20, 50), "Evaluations (NFE)", "How often the network may be asked for each sample.", main=True, unit="evaluations"
    )
    time_grid: Literal["own", "uniform_t", "karras", "log_snr"] = setting(
        "own",
        "Time grid",
        "At which noise levels the network is asked: each scheduler's own, or the same for all. Those that cannot be "
        "given other levels are then left out, with the reason.",
        main=True,
    )
    seeds: int = setting(3, "Seeds", "Measurements of each distance, from other initial noise each.", ge=1, le=20, main=True)
    n_samples: int = setting(300, "Samples", "In one measurement.", ge=10, le=2000, main=True)

    def __init__(self, /, **values: Any) -> None:
        """Raises `ConfigError` for lists that are empty, too long, or of something else."""
        names, numbers = values.get("schedulers", ("DDIMScheduler",)), values.get("evaluations", (1,))
        if not (
            isinstance(names, (list, tuple))
            and 1 <= len(names) <= 60
            and all(isinstance(n, str) and n.isidentifier() and len(n) <= 80 for n in names)
        ):
            raise ConfigError("schedulers are refused: they must be 1 to 60 names of classes of diffusers.schedulers.")
        whole = isinstance(numbers, (list, tuple)) and all(type(n) is int and 1 <= n <= 1000 for n in numbers)
        if not (whole and 1 <= len(numbers) <= 12):
            raise ConfigError("evaluations are refused: they must be 1 to 12 whole numbers from 1 to 1000.")
        if "schedulers" in values:
            values["schedulers"] = tuple(dict.fromkeys(names))
        if "evaluations" in values:
            values["evaluations"] = tuple(sorted(set(numbers)))
        super().__init__(**values)
