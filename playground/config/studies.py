"""What the settings of all studies begin with; the rest of them stands in the folder of the study, `features/<name>/settings.py`."""

from __future__ import annotations

from typing import Literal

from playground.config.settings import Settings, setting

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
