"""What a page needs to drown data in noise by itself, thirty times a second: examples, and every schedule as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from playground.data import DATASETS, load_dataset
from playground.data.sheets import pixels_of
from playground.views.codec import f32, u8
from playground.views.images import Payload

POINTS, IMAGES = 700, 10


def schedule_tables(arrays: Mapping[str, np.ndarray], names: Sequence[str]) -> Payload:
    """The tables of `ForwardProcess` in `shape.py` from the arrays of `playground.features.forward_process.run`, whose
    rows have the names `names`."""
    rows = [{"name": name, **{key: f32(arrays[key][i]) for key in ("alpha", "sigma", "log_snr")}} for i, name in enumerate(names)]
    return {"times": f32(arrays["times"]), "schedules": rows}


@lru_cache(maxsize=16)
def forward_data(name: str) -> Payload:
    """Held-out examples as the model sees them, the rest of `ForwardProcess` in `shape.py`: images one of each class as far as there are so
    many. They are x_0 = pixel / 127.5 - 1. Rows of a table are points in the plane of their two principal axes: noise that is the same in every
    direction is so in that plane, too. `variance` is that of x_0 about its mean, per dimension, over the training set.
    """
    dataset = load_dataset(name)
    about = {"dataset": name, "title": dataset.title, "variance": _variance(name)}
    if not dataset.is_image:
        x = np.asarray(dataset.test.x[:POINTS], np.float64)
        if dataset.kind == "table":
            x, about["title"] = x @ principal_axes(dataset.train.x), f"{dataset.title}, in its two principal components"
        return about | {"kind": "points", "n": len(x), "data": f32(x)}
    chosen = one_of_each(dataset.test.labels, IMAGES)
    images = pixels_of(dataset.test.x[chosen])
    labels = [dataset.label_names[k] for k in dataset.test.labels[chosen]]
    return about | {
        "kind": "images",
        "n": len(images),
        "data": u8(images),
        "h": images.shape[1],
        "w": images.shape[2],
        "labels": labels,
    }


def principal_axes(x: np.ndarray) -> np.ndarray:
    """The two directions in which rows (N, D) vary most, (D, 2)."""
    _, axes = np.linalg.eigh(np.cov(np.asarray(x, np.float64), rowvar=False))
    return axes[:, :-3:-1]


def one_of_each(labels: np.ndarray, n: int) -> np.ndarray:
    """`n` indices: the first example of each class, then the second of each, and so on; ordered by class."""
    rank = np.zeros(len(labels), np.int64)
    for label in np.unique(labels):
        rank[labels == label] = np.arange(np.sum(labels == label))
    chosen = np.lexsort((labels, rank))[:n]
    return chosen[np.argsort(labels[chosen], kind="stable")]


def _variance(name: str) -> float:
    """Variance of x_0 per dimension, meaned over the dimensions."""
    x = load_dataset(name).train.x[:5000].astype(np.float64)
    x = x / 127.5 - 1.0 if DATASETS[name].is_image else x
    return float(x.var(axis=0).mean())


def forward_payload(tables: Payload, dataset: str) -> dict[str, Any]:
    """Both together, as the page is sent them. Raises `DataError` for an unknown data set."""
    load_dataset(dataset)  # refuses what the cache could not even look up
    return tables | forward_data(dataset)
