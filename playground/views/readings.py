"""A run's record, read: which kind of run it is, its newest numbers, its loss curves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from playground.data import DATASETS
from playground.runtimes.records import RunRecord
from playground.views import payloads
from playground.views.numbers import spikes
from playground.views.payloads import Payload


@dataclass(frozen=True)
class Training:
    """What is said of every training of one model."""

    title: str
    """In the middle of a sentence."""
    term: str
    """The loss that is drawn: `train/<term>` and `held_out/<term>`."""
    unit: str


TRAININGS = {
    "ae": Training("autoencoder", "mse", "squared error per pixel"),
    "vae": Training("VAE", "neg_elbo", "nats per example"),
    "diffusion": Training("diffusion", "denoising", "mean squared error"),
    "latent_diffusion": Training("latent diffusion", "denoising", "mean squared error"),
}
"""By `model`, which only the settings of trainings have."""


def training(config: dict[str, Any]) -> Training | None:
    """What is said of the training with these settings; None for a study and for a drawing of samples."""
    return TRAININGS.get(config.get("model"))


def kind(config: dict[str, Any]) -> str:
    """`ae`, `vae`, `diffusion`, the name of a study, or `samples` for a drawing of fresh samples."""
    return config.get("model") or config.get("study", "samples")


def about(config: dict[str, Any]) -> str:
    """What a run trains, in words: `diffusion, Eight Gaussians`; nothing of one that trains nothing."""
    known = training(config)
    return f"{known.title}, {DATASETS[config['dataset']].title}" if known else ""


def latest(record: RunRecord, name: str) -> float | None:
    """The newest reading of a loss, or None."""
    values = record.history.get(name, (None, ()))[1]
    return float(values[-1]) if len(values) else None


def latest_step(record: RunRecord, name: str) -> int:
    """The step of the newest reading of a loss; 0 where there is none."""
    steps = record.history.get(name, ((), None))[0]
    return int(steps[-1]) if len(steps) else 0


def loss_curves(record: RunRecord) -> Payload:
    """Training and held-out loss, and the irreducible loss below them where it is known; as `payloads.curves` and
    `numbers.spikes`."""
    shown = TRAININGS[record.config["model"]]
    term = shown.term
    chosen = {split: record.history[f"{split}/{term}"] for split in ("train", "held_out") if f"{split}/{term}" in record.history}
    focus = spikes(chosen)
    floor = latest(record, f"floor/{term}")
    if floor is not None:
        last = max((int(steps[-1]) for steps, _ in chosen.values() if len(steps)), default=record.step)
        chosen["floor"] = ((0, max(last, 1)), (floor, floor))
    return payloads.curves(chosen, unit=shown.unit) | focus
