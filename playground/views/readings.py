"""A run's record, read: which kind of run it is, its newest numbers, its loss curves."""

from __future__ import annotations

from typing import Any

import numpy as np

from playground.config import MODELS, model_of, unit_of
from playground.data import DATASETS
from playground.runtimes.records import RunRecord
from playground.views import payloads
from playground.views.numbers import spikes
from playground.views.payloads import Payload

NOTHING = np.zeros(0), np.zeros(0)
"""The curve of a loss that was never read."""


def kind(config: dict[str, Any]) -> str:
    """What the builders of its pictures are found by: its model, the name of a study, or `samples` for a drawing of fresh samples."""
    return config.get("model") or config.get("study", "samples")


def about(config: dict[str, Any]) -> str:
    """What a run trains, in words: `diffusion, Eight Gaussians`; nothing of one that trains nothing."""
    known = model_of(config)
    return f"{known.title}, {DATASETS[config['dataset']].title}" if known else ""


def latest(record: RunRecord, name: str) -> float | None:
    """The newest reading of a loss, or None."""
    _, values = record.history.get(name, NOTHING)
    return float(values[-1]) if len(values) else None


def latest_step(record: RunRecord, name: str) -> int:
    """The step of the newest reading of a loss; 0 where there is none."""
    steps, _ = record.history.get(name, NOTHING)
    return int(steps[-1]) if len(steps) else 0


def loss_curves(record: RunRecord) -> Payload:
    """Training and held-out loss; where they are known the irreducible loss below them, and above them that of the best linear denoiser;
    as `payloads.curves` and `numbers.spikes`."""
    shown = MODELS[record.config["model"]]
    term = shown.term
    chosen = {split: record.history[f"{split}/{term}"] for split in ("train", "held_out") if f"{split}/{term}" in record.history}
    focus = spikes(chosen)
    last = max((int(steps[-1]) for steps, _ in chosen.values() if len(steps)), default=record.step)
    for line in ("floor", "linear"):
        value = latest(record, f"{line}/{term}")
        if value is not None:
            chosen[line] = (np.array([0, max(last, 1)]), np.array([value, value]))
    return payloads.curves(chosen, unit=unit_of(record.config)) | focus
