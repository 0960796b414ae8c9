"""All numbers that a run measured, by the names that lessons use: the readings of its loop, and a few of its last pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np

from playground.data import Dataset, load_dataset
from playground.runtimes.records import RunRecord

NEAR = 0.05
"""A place of the box around all codes is empty if no code is as near, in units of the box's sides."""
PLACES, COMPARED = 30, 1000
"""Places along each side of that box; held-out points that samples are compared with."""
Arrays = dict[str, np.ndarray]


def numbers(record: RunRecord) -> dict[str, float]:
    """Of the newest state of a run that trains a model."""
    curves = {name: values for name, (_, values) in record.history.items() if len(values)}
    found = {name: float(values[-1]) for name, values in curves.items()}
    for name, values in curves.items():
        if name.startswith(("held_out/", "train/")):
            found |= {f"start/{name}": float(values[0]), f"lowest/{name}": float(np.nanmin(values))}
    if record.snapshot is not None:
        for measure in (_codes, _edges, _points):
            found.update(measure(record.config, record.snapshot.arrays))
    return found


def _codes(config: dict[str, Any], arrays: Arrays) -> Iterator[tuple[str, float]]:
    if "latent" not in arrays:
        return
    z = np.asarray(arrays["latent"], np.float64)
    yield "codes/spread", float(np.sqrt(np.square(z).mean()))
    if load_dataset(config["dataset"]).is_image:
        yield "linear/mse", linear_error(config["dataset"], z.shape[1])
    if z.shape[1] == 2:
        yield "codes/empty", empty_share(z)


def empty_share(z: np.ndarray) -> float:
    """Share of the box around the codes `z` (n, 2) that is farther than `NEAR` from each of them."""
    low, side = z.min(0), np.maximum(np.ptp(z, axis=0), 1e-12)
    grid = np.stack(np.meshgrid(*[(np.arange(PLACES) + 0.5) / PLACES] * 2), -1).reshape(-1, 2)
    return float((_between(grid, (z - low) / side).min(1) > NEAR).mean())


def _edges(config: dict[str, Any], arrays: Arrays) -> Iterator[tuple[str, float]]:
    if not load_dataset(config["dataset"]).is_image:
        return
    if "samples" in arrays:
        yield "samples/edges", edges(arrays["samples"])
    if "samples" in arrays or "latent" in arrays:
        yield "data/edges", _of_data("edges", config["dataset"])


def edges(images: np.ndarray) -> float:
    """Mean difference of neighbouring pixels, from 0 to 1, of images uint8 (n, C, H, W): blurred images have less of it."""
    x = images.astype(np.float32) / 255.0
    return float(np.abs(np.diff(x, axis=-1)).mean() + np.abs(np.diff(x, axis=-2)).mean()) / 2.0


def _points(config: dict[str, Any], arrays: Arrays) -> Iterator[tuple[str, float]]:
    """Of particles in the plane, which are points or latents."""
    if "trajectory" not in arrays or arrays["trajectory"].shape[-1] != 2:
        return
    x, latents = arrays["trajectory"][-1], arrays.get("latents")
    real = load_dataset(config["dataset"]).test.x[:COMPARED] if latents is None else latents
    yield "samples/distance", energy_distance(x, real)
    drawn = np.random.default_rng(0).standard_normal((len(x), 2)) * real.std(0) + real.mean(0)
    yield "gaussian/distance", energy_distance(drawn, real)
    if latents is None:
        yield "data/distance", _of_data("distance", config["dataset"], len(x))
    if latents is None and "sample_labels" in arrays:
        yield "samples/spread", spread_within(x, arrays["sample_labels"])
        yield "data/spread", _of_data("spread", config["dataset"])


def energy_distance(x: np.ndarray, y: np.ndarray) -> float:
    """As `measures.energy`, which needs torch: `2 E|X - Y| - E|X - X'| - E|Y - Y'|`, over different rows, by root mean squares."""
    within = (_between(a, a).sum() / (len(a) * (len(a) - 1)) for a in (x, y))
    return float((2.0 * _between(x, y).mean() - sum(within)) / np.sqrt(x.shape[1]))


def _between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Distances of all rows of `a` (n, 2) to all of `b` (m, 2), (n, m)."""
    return np.hypot(*(np.subtract.outer(a[:, k].astype(np.float64), b[:, k].astype(np.float64)) for k in range(2)))


def spread_within(x: np.ndarray, labels: np.ndarray) -> float:
    """Root mean square of the distance of each point to the mean of its class, along an axis."""
    return float(np.sqrt(np.mean([x[labels == label].var(0).mean() for label in np.unique(labels)])))


@cache
def linear_error(name: str, d: int) -> float:
    """Mean squared error on held-out images of the best linear code of `d` numbers: principal components of the training images."""
    data = load_dataset(name)
    train, test = (split.x.reshape(len(split), -1).astype(np.float32) / 255.0 for split in (data.train, data.test))
    mean = train.mean(0)
    _, axes = np.linalg.eigh((train - mean).T @ (train - mean))
    kept, x = axes[:, ::-1][:, :d], test[:2000] - mean
    return float(np.square(x - x @ kept @ kept.T).mean())


OF_DATA: dict[str, Callable[..., float]] = {
    "edges": lambda data: edges(data.test.x[:COMPARED]),
    "distance": lambda data, n: energy_distance(data.train.x[:n], data.test.x[:COMPARED]),
    "spread": lambda data: spread_within(data.test.x, data.test.labels),
}
"""The same of real data."""


@cache
def _of_data(measure: str, name: str, *args: int) -> float:
    data: Dataset = load_dataset(name)
    return OF_DATA[measure](data, *args)
