"""Train an autoencoder, a VAE and a diffusion model live, and see why each one exists.

    from playground import VAEConfig, train, sample

`import playground` costs nothing: what needs torch is imported when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

_HOME = {
    "AutoencoderConfig": "config",
    "VAEConfig": "config",
    "DiffusionConfig": "config",
    "LatentDiffusionConfig": "config",
    "SampleConfig": "config",
    "ConfigError": "config",
    "parse_config": "config",
    "Control": "runs.control",
    "Started": "runs.events",
    "Progress": "runs.events",
    "Snapshot": "runs.events",
    "Checkpoint": "runs.events",
    "Paused": "runs.events",
    "Finished": "runs.events",
    "Failed": "runs.events",
    "SampleStep": "runs.events",
    "DATASETS": "data",
    "load_dataset": "data",
    "train": "questions.training",
    "sample": "runs.generation",
    "load_model": "runs.generation",
    "CheckpointError": "runs.checkpoint",
}
__all__ = list(_HOME)

if TYPE_CHECKING:
    from playground.config import (
        AutoencoderConfig,
        ConfigError,
        DiffusionConfig,
        LatentDiffusionConfig,
        SampleConfig,
        VAEConfig,
        parse_config,
    )
    from playground.data import DATASETS, load_dataset
    from playground.questions.training import train
    from playground.runs.checkpoint import CheckpointError
    from playground.runs.control import Control
    from playground.runs.events import Checkpoint, Failed, Finished, Paused, Progress, SampleStep, Snapshot, Started
    from playground.runs.generation import load_model, sample


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module 'playground' has no attribute {name!r}")
    return getattr(importlib.import_module(f"playground.{_HOME[name]}"), name)
