"""The pictures of a diffusion model: particles for points, samples and the way of one of them for images."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from playground.data import load_dataset
from playground.data.sheets import pixels_of
from playground.features.columns.view import columns_of, columns_static
from playground.features.feature import Memory
from playground.features.forward_process.view import one_of_each
from playground.runtimes.records import RunRecord
from playground.views import payloads
from playground.views.codec import u8
from playground.views.payloads import Payload

FEW_CLASSES = 5
"""Of fewer each has a row, of more a column."""
PICKED = 40
"""Held-out images that a reader can pick from."""


def diffusion_views(memory: Memory, record: RunRecord) -> dict[str, Payload]:
    """Points: particles with their way. Images: a grid of samples, and the way of one of them."""
    arrays, step = record.newest.arrays, record.newest.step
    if "trajectory" in arrays:
        data = map_data(record.config["dataset"])
        moving = payloads.particles(
            step,
            arrays["trajectory"],
            arrays["times"],
            previous=memory.previous("particles"),
            data=data,
            mode="live" if record.active else "final",
        )
        return {"particles": moving | ({"labels": u8(arrays["sample_labels"])} if "sample_labels" in arrays else {})}
    return {"samples": samples_grid(arrays, step, record.config["dataset"]), "strip": strip(arrays, step)} | columns_of(record)


def samples_grid(arrays: dict[str, np.ndarray], step: int, dataset: str) -> Payload:
    """Samples as tiles; those of a model that was told classes with their names, one column per class where all are drawn, or one row where there are few. With
    `film` {times: [k], data: [u8 (n*h*w)] * k}, the same tiles on their way, where that of all is kept."""
    samples, labels, way = arrays["samples"], arrays.get("sample_labels"), arrays["way"]
    n, order = len(samples), np.arange(len(samples))
    columns = None
    if labels is not None:
        different, each = np.unique(labels, return_counts=True)
        if 1 < len(different) <= 16 and each.max() == each.min():
            order, columns = np.argsort(labels, kind="stable"), each.max()
            if len(different) >= FEW_CLASSES:
                order, columns = order.reshape(len(different), -1).T.ravel(), len(different)
    grid = payloads.image_grid(samples[order], step, columns=columns)
    if labels is not None:
        names = load_dataset(dataset).label_names
        grid["rows"][0]["notes"] = [names[k] if 0 <= k < len(names) else "any" for k in labels[order]]
    if way.shape[1] == n:
        grid["film"] = {"times": [float(t) for t in arrays["times"]], "data": [u8(pixels_of(frame[order])) for frame in way]}
    return grid


def strip(arrays: dict[str, np.ndarray], step: int) -> Payload:
    """One sample by rising t, above what the model expects of it at each of these times."""
    i, names = int(arrays["followed"]), ("zₜ, decoded", "ẑ₀, decoded") if arrays["decoded"] else ("xₜ", "x̂₀")
    rows = [
        payloads.ImageRow(names[0], arrays["way"][::-1, i], "changes most of all" if arrays["decoded"] else "the first sample"),
        payloads.ImageRow(
            names[1], arrays["expected"][::-1], "what it expects", notes=[f"t = {t:.2f}" for t in arrays["times"][::-1]]
        ),
    ]
    return payloads.image_table(rows, step) | {"whole": True}


@lru_cache(maxsize=8)
def map_data(dataset: str) -> np.ndarray:
    """Held-out points, as many as are worth drawing."""
    return load_dataset(dataset).test.x[:1500]


@lru_cache(maxsize=8)
def points_static(name: str) -> dict[str, Payload]:
    """The data beside which particles are drawn; for images, those that a reader can pick from; for a table, nothing.

    `lab_static`: as `latent_map_static`, with `indices` (list) of the held-out images shown.
    """
    dataset = load_dataset(name)
    if dataset.is_image:
        chosen = one_of_each(dataset.test.labels, PICKED)
        labels = dataset.test.labels[chosen]
        still = payloads.latent_map_static(labels, dataset.label_names, images=dataset.test.x[chosen])
        return {"lab_static": still | {"indices": [int(k) for k in chosen]}}
    if dataset.kind == "table":
        return columns_static(name)
    data = map_data(name)
    labels = dataset.test.labels[: len(data)]
    return {"particles_static": payloads.particles_static(data, labels, dataset.label_names)}
