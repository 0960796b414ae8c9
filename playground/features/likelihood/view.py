"""The study of log p(x) under a diffusion model: its means with their errors, and the value of each example."""

from __future__ import annotations

from typing import Any

import numpy as np

from playground.config import of_table
from playground.config.likelihoods import COLUMNS
from playground.features.feature import Memory
from playground.measures.units import DENSITY, unmodelled
from playground.runs.events import read_json
from playground.runtimes.records import RunRecord
from playground.views.codec import f32
from playground.views.images import Payload

ROLES = {"true": "evidence", "ode": "posterior", "bound": "prior"}
EACH = {"ode": "log_p", "bound": "bound", "true": "true"}
"""Name of a mean -> the array with the value of each example."""
NUMBERS = ("nats", "nats_se", "bits", "bits_se", "difference", "difference_se")


def likelihood_views(memory: Memory, record: RunRecord) -> dict[str, Payload]:
    """`likelihood`, as in `shape.py`; `unit` is a sentence about nats of images, empty for points in the plane.

    Nats per example, higher is better; `bits` per dimension, lower is better, null where it means nothing; numbers that are
    not finite are null. `difference` is that to the true density on the same examples. `spread` is the standard deviation of
    a value over the random numbers that estimate it."""
    arrays, step = record.newest.arrays, record.newest.step
    rows = [
        {
            "name": str(row["name"]),
            "label": str(row.get("label", row["name"])),
            "role": ROLES.get(str(row["name"]), "held_out"),
            **{key: _number(row.get(key)) for key in NUMBERS},
        }
        for row in read_json(arrays["summary"])
    ]
    return {
        "likelihood": {
            "rows": rows,
            "unit": unit(rows, record.config.get("dataset")),
            "n": len(arrays["log_p"]),
            "step": int(step),
            "each": {name: f32(arrays[key]) for name, key in EACH.items() if key in arrays},
            "spread": {name: f32(arrays[f"{key}_std"]) for name, key in EACH.items() if f"{key}_std" in arrays},
        }
    }


def unit(rows: list[dict[str, Any]], dataset: Any) -> str:
    """What nats of images and of tables are of, and how a model can need more bits than none at all."""
    if of_table(dataset):
        return f"Nats are of a {COLUMNS.words}, as on the VAE’s tab."
    bits = [row["bits"] for row in rows if row["bits"] is not None]
    if not bits:
        return ""
    more = (
        f" More than {unmodelled()} bits per dimension are more than no model at all: train for longer."
        if min(bits) > unmodelled()
        else ""
    )
    return f"Nats are of a {DENSITY}, as on the VAE’s tab.{more}"


def _number(value: Any) -> float | None:
    return float(value) if value is not None and np.isfinite(value) else None
