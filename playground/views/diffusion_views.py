"""The pictures of a diffusion model: particles for points, samples and the way of one of them for images."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from playground.data import load_dataset
from playground.views import payloads
from playground.views.codec import u8
from playground.views.forward_views import one_of_each
from playground.views.latent_views import Memory
from playground.views.payloads import Payload

PICKED = 40
"""Held-out images that a reader can pick from."""


def diffusion_views(memory: Memory, record: Any) -> dict[str, Payload]:
    """Points: particles with their way. Images: a grid of samples, and the way of the first of them."""
    arrays, step = record.snapshot.arrays, record.snapshot.step
    if "trajectory" in arrays:
        data = map_data(record.config["dataset"])
        moving = payloads.particles(
            step, arrays["trajectory"], arrays["times"], previous=memory.previous("particles"), data=data,
            mode="live" if record.active else "final",
        )  # fmt: skip
        return {"particles": moving | ({"labels": u8(arrays["sample_labels"])} if "sample_labels" in arrays else {})}
    notes = [f"t = {t:.2f}" for t in arrays["times"]]
    return {
        "samples": samples_grid(arrays["samples"], step, arrays.get("sample_labels"), record.config["dataset"]),
        "strip": payloads.strip(arrays["strip"], step, notes=notes),
    }


def samples_grid(samples: np.ndarray, step: int, labels: np.ndarray | None, dataset: str) -> Payload:
    """Samples as tiles; those of a model that was told classes with their names, one column per class where all are drawn."""
    n = len(samples)
    columns = {25: 13}.get(n, min(16, max(1, int(np.ceil(np.sqrt(2 * n))))))
    if labels is None:
        return payloads.image_grid(samples, step, columns=columns)
    different, each = np.unique(labels, return_counts=True)
    if 1 < len(different) <= 16 and each.max() == each.min():
        order = np.argsort(labels, kind="stable").reshape(len(different), -1).T.ravel()
        samples, labels, columns = samples[order], labels[order], len(different)
    names = load_dataset(dataset).label_names
    grid = payloads.image_grid(samples, step, columns=columns)
    grid["rows"][0]["notes"] = [names[k] if 0 <= k < len(names) else "any" for k in labels]
    return grid


@lru_cache(maxsize=8)
def map_data(dataset: str) -> np.ndarray:
    """Held-out points, as many as are worth drawing."""
    return load_dataset(dataset).test.x[:1500]


@lru_cache(maxsize=8)
def points_static(name: str) -> dict[str, Payload]:
    """The data beside which particles are drawn; for images, those that a reader can pick from.

    `lab_static`: as `latent_map_static`, with `indices` (list) of the held-out images shown.
    """
    dataset = load_dataset(name)
    if dataset.is_image:
        chosen = one_of_each(dataset.test.labels, PICKED)
        labels = dataset.test.labels[chosen]
        still = payloads.latent_map_static(labels, dataset.label_names, images=dataset.test.x[chosen])
        return {"lab_static": still | {"indices": [int(k) for k in chosen]}}
    data = map_data(name)
    labels = dataset.test.labels[: len(data)]
    return {"particles_static": payloads.particles_static(data, labels, dataset.label_names)}
