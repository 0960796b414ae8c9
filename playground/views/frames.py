"""From a run's record to the frame that a page draws: status and numbers, and the payload of every view that changed.

One `RunViews` a run keeps what makes pictures steady (the last axes, the last projection) and shares one payload among all
who watch. The layout of a frame is written down at `RunViews.frame`.
"""

from __future__ import annotations

import threading
import time
from functools import lru_cache
from typing import Any

import numpy as np

from playground.data import load_dataset
from playground.projection import Projection, pca
from playground.views import payloads
from playground.views.payloads import ImageRow, Payload

MAP_POINTS = 1000
CURVES_EVERY = 0.5
"""Seconds between two payloads of loss curves: they change slowly and weigh most."""
MAIN_TERM = {"ae": "mse", "vae": "neg_elbo", "diffusion": "denoising"}
UNITS = {
    "ae": "squared error per pixel",
    "vae": "nats per example",
    "diffusion": "mean squared error",
}


class RunViews:
    """The views of one run. `frame` may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._built: dict[str, tuple[int, Payload]] = {}
        self._snapshot_version = -1
        self._curves_at = 0.0
        self._projection: Projection | None = None

    def frame(self, record: Any, since: int, static_seen: bool, visible: bool) -> dict[str, Any]:
        """What changed after version `since`.

        `{run, version, status, message, suggestion, step, steps, seconds, rate, eta, device, n_parameters, learning_rate,
        resumable, config?: dict, views: {name: payload}}`; `config` and the static views come while `static_seen` is
        false. Where nobody looks (`visible` is false) no picture is made.
        """
        frame = status(record)
        if record.started is None:
            return frame | {"views": {}}
        with self._lock:
            if visible:
                self._build(record)
            changed = {name: view for name, (version, view) in self._built.items() if version > since and visible}
        if not static_seen and visible:
            frame["config"] = record.config
            changed |= static_views(record.config)
        return frame | {"views": changed}

    def _build(self, record: Any) -> None:
        """Brings the payloads up to date with the record."""
        model = kind(record.config)
        if record.snapshot is not None and record.snapshot_version > self._snapshot_version:
            self._snapshot_version = record.snapshot_version
            self._put(record.version, BUILDERS[model](self, record))
        now = time.monotonic()
        fresh = self._built.get("curves", (-1, None))[0] >= record.history_version
        if model in MAIN_TERM and not fresh and (now - self._curves_at >= CURVES_EVERY or not record.active):
            self._curves_at = now
            self._put(record.version, {"curves": loss_curves(record)})

    def _put(self, version: int, views: dict[str, Payload]) -> None:
        self._built.update({name: (version, view) for name, view in views.items()})

    def previous(self, name: str) -> Payload | None:
        """The last payload of a view, which the next one keeps its axes from."""
        return self._built.get(name, (0, None))[1]

    def place(self, latent: np.ndarray) -> tuple[np.ndarray, str, tuple[str, str]]:
        """Latents (n, d) as points on the map, with its title and axes: as they are, or by PCA that stays put."""
        if latent.shape[1] <= 2:
            return latent, "", ("z₁", "z₂")
        self._projection = pca(latent, self._projection)
        share = self._projection.explained
        return self._projection.points, f"PCA of {latent.shape[1]} dimensions, {share.sum():.0%} of the variance", (
            f"PC 1 ({share[0]:.0%})", f"PC 2 ({share[1]:.0%})",
        )  # fmt: skip


def kind(config: dict[str, Any]) -> str:
    """`ae`, `vae`, `diffusion`, or `samples` for a drawing of fresh samples."""
    return config.get("model", "samples")


def status(record: Any) -> dict[str, Any]:
    """The part of a frame that is about the run itself."""
    progress, started = record.progress, record.started
    steps = record.config.get("steps") or record.config.get("sampling_steps", 0)
    rate = progress.steps_per_second if progress else 0.0
    left = (steps - record.step) / rate if rate > 0 and record.active else None
    return {
        "run": record.run_id, "version": record.version, "status": record.status, "message": record.message,
        "suggestion": record.suggestion, "step": record.step, "steps": steps,
        "seconds": progress.seconds if progress else 0.0, "rate": rate, "eta": left,
        "device": started.device if started else "", "n_parameters": started.n_parameters if started else 0,
        "learning_rate": progress.learning_rate if progress else 0.0,
        "resumable": record.checkpoint is not None and kind(record.config) in MAIN_TERM,
    }  # fmt: skip


def latest(record: Any, name: str) -> float | None:
    """The newest reading of a loss, or None."""
    values = record.history.get(name, (None, ()))[1]
    return float(values[-1]) if len(values) else None


def loss_curves(record: Any) -> Payload:
    """Training and held-out loss, and the floor below them where it is known."""
    term = MAIN_TERM[kind(record.config)]
    chosen = {split: record.history[f"{split}/{term}"] for split in ("train", "held_out") if f"{split}/{term}" in record.history}
    floor = latest(record, f"floor/{term}")
    if floor is not None:
        chosen["floor"] = ((0, max(record.step, 1)), (floor, floor))
    return payloads.curves(chosen, unit=UNITS[kind(record.config)])


def autoencoder_views(memory: RunViews, record: Any) -> dict[str, Payload]:
    """The latent map, and originals above reconstructions above errors."""
    arrays, step = record.snapshot.arrays, record.snapshot.step
    variational = kind(record.config) == "vae"
    points, title, axes = memory.place(arrays["latent"])
    mse = latest(record, "held_out/mse")
    rows = [
        ImageRow("held-out images", arrays["originals"]),
        ImageRow("reconstructions", arrays["reconstructions"], f"held-out MSE {mse:.4f}" if mse is not None else ""),
        ImageRow("|error|", arrays["errors"], scale="error"),
    ]
    return {
        "map": payloads.latent_map(
            step, points, title=title, axes=axes, prior=variational and points.shape[1] <= 2 and not title,
            previous=memory.previous("map"),
        ),
        "images": payloads.image_table(rows, step),
    }  # fmt: skip


def vae_views(memory: RunViews, record: Any) -> dict[str, Payload]:
    """As the autoencoder's, and samples from the prior, and the terms of the bound on held-out data."""
    views = autoencoder_views(memory, record)
    views["samples"] = payloads.image_grid(record.snapshot.arrays["samples"], record.snapshot.step, columns=16)
    terms = {name: latest(record, f"held_out/{name}") for name in ("reconstruction", "kl")}
    if None not in terms.values():
        views["terms"] = payloads.terms(terms, unit="nats per held-out example", step=record.step)
    return views


def diffusion_views(memory: RunViews, record: Any) -> dict[str, Payload]:
    """Points: particles with their way. Images: a grid of samples, and the way of the first of them."""
    arrays, step = record.snapshot.arrays, record.snapshot.step
    if "trajectory" in arrays:
        data = map_data(record.config["dataset"])
        moving = payloads.particles(
            step, arrays["trajectory"], arrays["times"], previous=memory.previous("particles"), data=data,
            mode="live" if record.active else "final",
        )  # fmt: skip
        return {"particles": moving}
    notes = [f"t = {t:.2f}" for t in arrays["times"]]
    n = len(arrays["samples"])
    columns = {25: 13}.get(n, min(16, max(1, int(np.ceil(np.sqrt(2 * n))))))
    return {
        "samples": payloads.image_grid(arrays["samples"], step, columns=columns),
        "strip": payloads.strip(arrays["strip"], step, notes=notes),
    }


BUILDERS = {"ae": autoencoder_views, "vae": vae_views, "diffusion": diffusion_views, "samples": diffusion_views}


@lru_cache(maxsize=8)
def map_data(dataset: str) -> np.ndarray:
    """Held-out points, as many as are worth drawing."""
    return load_dataset(dataset).test.x[:1500]


def static_views(config: dict[str, Any]) -> dict[str, Payload]:
    """What does not change while a run goes."""
    return _static(kind(config) in ("ae", "vae"), config["dataset"])


@lru_cache(maxsize=8)
def _static(with_map: bool, name: str) -> dict[str, Payload]:
    dataset = load_dataset(name)
    test = dataset.test
    if with_map:
        labels, images = test.labels[:MAP_POINTS], test.x[:MAP_POINTS]
        return {"map_static": payloads.latent_map_static(labels, dataset.label_names, images=images)}
    if dataset.is_image:
        return {}
    labels = test.labels[:1500]
    return {"particles_static": payloads.particles_static(map_data(name), labels, dataset.label_names)}
