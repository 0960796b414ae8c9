"""The rate-distortion plane (Alemi et al. 2018): a run is the way of one point, rate across and distortion up."""

from __future__ import annotations

from typing import Any

import numpy as np

from playground.features.terms.view import comparable, likelihood_of
from playground.runtimes.records import RunRecord
from playground.views.codec import f32
from playground.views.payloads import Payload

MOST = 120
"""Moments of a run on the plane, at most."""


def rate_view(record: RunRecord) -> dict[str, Payload]:
    """`rate = KL` and `distortion = -E_q log p(x|z)` of held-out data at each reading, in nats per example; they add up to
    -ELBO. Nothing but for a VAE.

    `Rate` in `shape.py`; `weight` is that of the KL while training, where it was read.
    """
    history = record.history
    if not {"held_out/kl", "held_out/reconstruction"} <= set(history):
        return {}
    names = [name for name in ("kl", "reconstruction", "kl_weight") if f"held_out/{name}" in history]
    series = [dict(zip(*(np.asarray(part).tolist() for part in history[f"held_out/{name}"]))) for name in names]
    steps = sorted(set(series[0]).intersection(*series[1:]))  # each series keeps extremes of its own beside those of all
    steps = [steps[i] for i in np.unique(np.linspace(0, len(steps) - 1, min(len(steps), MOST)).round().astype(int))]
    columns = {name: f32([values[step] for step in steps]) for name, values in zip(names, series)}
    payload = {
        "steps": f32(steps),
        "rate": columns["kl"],
        "distortion": columns["reconstruction"],
        "label": label(record.config),
        "comparable": comparable(record.config),
    }
    return {"rate": payload | ({"weight": columns["kl_weight"]} if "kl_weight" in columns else {})}


def label(config: dict[str, Any]) -> str:
    """A run in a few words: what tells it from others."""
    parts = []
    if config.get("objective", "elbo") == "iwae":
        parts.append(f"IWAE-{config.get('importance_samples', 0)}")
    else:
        parts.append(f"β {config.get('beta', 1.0):g}")
    parts.append(f"d = {config['latent_dim']}")
    parts.append(likelihood_of(config).short.format(std=config.get("observation_std", 0.4)))
    parts += [f"free bits {config['free_bits']:g}"] if config.get("free_bits") else []
    parts += [f"warm-up {config['kl_warmup']}"] if config.get("kl_warmup") else []
    parts += [f"input noise {config['input_noise']:g}"] if config.get("input_noise") else []
    return ", ".join(parts)
