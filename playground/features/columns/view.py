"""Rows that a model makes of a table, and held-out ones, in the units of the table."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from playground.config import MODELS
from playground.data import load_dataset
from playground.runtimes.records import RunRecord
from playground.views.codec import f32
from playground.views.payloads import Payload

SHOWN = 200
"""Held-out rows, at most."""
EDGE = 0.25
"""Of the spread of a column, beyond its held-out values on either side of its axis."""


def columns_of(record: RunRecord) -> dict[str, Payload]:
    """`columns`, as in `shape.py`; nothing of data that are no table."""
    rows, dataset = record.newest.arrays.get("rows"), load_dataset(record.config["dataset"])
    if rows is None or dataset.columns is None:
        return {}
    values, model = dataset.columns.values(rows[:SHOWN]), MODELS.get(record.config.get("model", ""))
    encoded = model is not None and not model.is_generative
    drawn = "draws from p(x|z) of the prior" if model is not None and model.has_bound else "samples"
    payload = {
        "rows": f32(values),
        "n": len(values),
        "mean": [float(value) for value in values.mean(0)],
        "std": [float(value) for value in values.std(0)],
        "what": "reconstructions" if encoded else drawn,
        "role": "reconstruction" if encoded else "samples",
        "step": record.newest.step,
    }
    return {"columns": payload}


@lru_cache(maxsize=8)
def columns_static(name: str) -> dict[str, Payload]:
    """`columns_static`, as in `shape.py`; nothing of data that are no table."""
    dataset = load_dataset(name)
    if dataset.columns is None:
        return {}
    values = dataset.columns.values(dataset.test.x[:SHOWN])
    lo, hi = values.min(0), values.max(0)
    room = EDGE * np.maximum(hi - lo, dataset.columns.std)
    found = {"mean": values.mean(0), "std": values.std(0), "lo": lo - room, "hi": hi + room}
    lists = {name: [float(value) for value in each] for name, each in found.items()}
    return {"columns_static": {"names": list(dataset.columns.names), "rows": f32(values), "n": len(values)} | lists}
