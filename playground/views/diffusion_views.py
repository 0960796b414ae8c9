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
    n = len(arrays["samples"])
    columns = {25: 13}.get(n, min(16, max(1, int(np.ceil(np.sqrt(2 * n))))))
    grid = payloads.image_grid(arrays["samples"], step, columns=columns)
    if "sample_labels" in arrays:
        names = load_dataset(record.config["dataset"]).label_names
        grid["rows"][0]["notes"] = [names[k] if 0 <= k < len(names) else "any" for k in arrays["sample_labels"]]
    return {
        "samples": grid,
        "strip": payloads.strip(arrays["strip"], step, notes=notes),
    }


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
