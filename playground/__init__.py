"""Train an autoencoder, a VAE and a diffusion model live, and see why each one exists.

    from playground import VAEConfig, train, sample

`import playground` costs nothing: what needs torch is imported when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

_HOME = {
    "AutoencoderConfig": "config", "VAEConfig": "config", "DiffusionConfig": "config",
    "LatentDiffusionConfig": "config", "SampleConfig": "config",
    "ConfigError": "config", "parse_config": "config", "Control": "control",
    "Started": "events", "Progress": "events", "Snapshot": "events", "Checkpoint": "events", "Paused": "events",
    "Finished": "events", "Failed": "events", "SampleStep": "events",
    "DATASETS": "data", "load_dataset": "data", "train": "inspection", "sample": "generation", "load_model": "generation",
    "CheckpointError": "checkpoint",
}  # fmt: skip
__all__ = list(_HOME)

if TYPE_CHECKING:
    from playground.checkpoint import CheckpointError
    from playground.config import (
        AutoencoderConfig, ConfigError, DiffusionConfig, LatentDiffusionConfig, SampleConfig, VAEConfig, parse_config,
    )  # fmt: skip
    from playground.control import Control
    from playground.data import DATASETS, load_dataset
    from playground.events import Checkpoint, Failed, Finished, Paused, Progress, SampleStep, Snapshot, Started
    from playground.generation import load_model, sample
    from playground.inspection import train


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module 'playground' has no attribute {name!r}")
    return getattr(importlib.import_module(f"playground.{_HOME[name]}"), name)
