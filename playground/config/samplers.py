"""The settings of drawing samples: which sampler, where its steps lie, how many samples."""

from __future__ import annotations

from typing import Literal, get_args

from playground.config.settings import Settings, Slider, field_specs, setting
from playground.config.studies import TIME_GRIDS, Device, TimeGrid

Sampler = Literal["ddpm", "ddim", "euler", "heun", "edm_heun", "dpmpp_2m"]


class SamplerSettings(Settings):
    """How noise is turned into data with a trained denoiser."""

    sampler: Sampler = setting(
        "dpmpp_2m",
        "Sampler",
        "DDPM draws fresh noise at each step; DDIM needs none (η = 0); Euler and Heun solve the ODE in t, "
        "Karras' Heun in σ/α, DPM-Solver++ in log-SNR. Both Heuns ask the network twice per step.",
        main=True,
        live=True,
        titles={
            "ddpm": "DDPM (ancestral)",
            "ddim": "DDIM",
            "euler": "Euler, ODE in t",
            "heun": "Heun, ODE in t",
            "edm_heun": "Karras' Heun, ODE in σ/α",
            "dpmpp_2m": "DPM-Solver++ (2M)",
        },
        group="sampling",
    )
    sampling_steps: int = setting(
        20,
        "Sampling steps",
        "Steps from noise to data.",
        ge=1,
        le=1000,
        main=True,
        live=True,
        scale="log",
        slider=Slider(top=200),
        group="sampling",
    )
    time_grid: TimeGrid = setting(
        "karras",
        "Time grid",
        "Where on the way the steps lie. Karras' and log-SNR put more of them near the data; which is best depends on the sampler.",
        live=True,
        titles={name: TIME_GRIDS[name] for name in get_args(TimeGrid)},
        group="sampling",
    )
    eta: float = setting(
        0.0,
        "η (DDIM only)",
        "Fresh noise in DDIM: 0 is deterministic, 1 is as noisy as DDPM.",
        ge=0.0,
        le=1.0,
        live=True,
        slider=Slider(step=0.05),
        group="sampling",
    )
    guidance_scale: float = setting(
        1.0,
        "Guidance scale",
        "For a class-conditional model: 1 is its own distribution of the class, more exaggerates what is "
        "typical of the class (classifier-free guidance, twice the work), 0 ignores the class.",
        ge=0.0,
        le=20.0,
        live=True,
        slider=Slider(top=10.0, step=0.25),
        group="sampling",
        when={"conditional": "on"},
    )


class SampleConfig(SamplerSettings):
    """One request for samples."""

    n_samples: int = setting(100, "Samples", "How many are drawn.", ge=1, le=4096)
    label: int = setting(
        -1,
        "Class",
        "Number of the class that a class-conditional model draws; -1 takes every class in turn.",
        ge=-1,
        le=999,
        when={"conditional": "on"},
    )
    sampling_seed: int = setting(0, "Sampling seed", "Fixes the initial noise.", ge=0, le=2**31 - 1)
    pixels: Literal["mean", "draw"] = setting(
        "mean",
        "Pixels (VAE)",
        "What a VAE's sample is: the mean E[x|z], which is what is usually shown, or a draw from p(x|z) with its "
        "pixel noise, which is what log p(x) speaks of.",
    )
    device: Device = setting("auto", "Device", "Where the arithmetic is done.")


def drawn_by(settings: SamplerSettings) -> str:
    """In words: DPM-Solver++ (2M) in 20 steps, Karras, ρ = 7 in σ/α."""
    name = field_specs(SamplerSettings)["sampler"].titles[settings.sampler]
    eta = f", η = {settings.eta:g}" if settings.sampler == "ddim" and settings.eta else ""
    return f"{name} in {settings.sampling_steps} steps{eta}, their times {TIME_GRIDS[settings.time_grid]}"
