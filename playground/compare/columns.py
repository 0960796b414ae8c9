"""A run's record as a column of the Compare tab: what it is, its newest pictures, its map and its curves."""

from __future__ import annotations

from typing import Any

import numpy as np

from playground.compare.grouping import loss_key, title
from playground.config import MODELS, unit_of
from playground.data import DataError, load_dataset
from playground.data.sheets import pixels_of
from playground.features.latent_map.view import map_static
from playground.measures.projection import ProjectionSettings
from playground.runtimes.records import Curve, RunRecord
from playground.runtimes.shelf import Shelved
from playground.views import answers
from playground.views.codec import f32, q16, u8
from playground.views.payloads import Payload
from playground.views.places import described, linear
from playground.views.ranges import coding_range, data_range
from playground.views.readings import about, latest

SHOWN = 24
"""Samples of a column, at most."""
DOTS = 1500
"""Dots of a map, at most."""
NOT_GENERATIVE = "An autoencoder defines no distribution, so there is nothing to draw from: Evaluate shows what decoded draws from the box around its codes look like."

NO_ENCODER = {
    "": "No picture yet.",
    "data": "No encoder: it reconstructs nothing.",
    "latents": "Its autoencoder does: see the run that it works in the latents of.",
}
"""Why there are no reconstructions, by what a kind of model diffuses."""


def column(record: RunRecord, entry: Shelved | None, version: str, evaluation: Payload | None = None) -> Payload:
    """`CompareColumn` in `shape.py`, of a training; `entry` is what the library knows of it, `evaluation` what was measured of it."""
    config, model = record.config, MODELS[record.config["model"]]
    payload: Payload = {
        "run": record.run_id,
        "version": version,
        "model": config["model"],
        "about": about_of(config),
        "name": entry.name if entry else "",
        "kind": model.title,
        "data": title(config["dataset"]),
        "dataset": config["dataset"],
        "status": record.status,
        "goes_on": record.active,
        "step": record.step,
        "steps": config["steps"],
        "seconds": record.progress.seconds if record.progress else 0.0,
        "seed": config["seed"],
        "picture": f"pictures/{entry.run}/{picture}" if entry and (picture := last_picture(record, entry)) else "",
        "message": record.message,
        "kept": record.kept,
        "loss": loss(record),
        "no_encoder": NO_ENCODER[model.diffuses],
        "samples_are": f"Drawn from the noise of seed {config['seed']}." if model.is_generative else NOT_GENERATIVE,
    }
    return payload | frechet(record) | pictures(record) | latent_map(record) | measured(record, evaluation)


def last_picture(record: RunRecord, entry: Shelved | None) -> str:
    """The small picture of a run that has ended and is written whole; one that goes on soon has another, and the old one is gone."""
    whole = entry is not None and not record.active and (entry.status, entry.step) == (record.status, record.step)
    return entry.picture if entry is not None and whole else ""


def measured(record: RunRecord, evaluation: Payload | None) -> Payload:
    """What was found of it; where that is of the newest step, its samples in place of the run's own: they are from one seed for all."""
    if evaluation is None:
        return {"evaluated": False}
    found: Payload = {"evaluation": evaluation, "evaluated": evaluation["of_step"] == record.step}
    if found["evaluated"] and evaluation["samples"]["shape"][0]:
        found |= {"samples": evaluation["samples"], "samples_are": f"Of one seed for all; {evaluation['drawn']}."}
    return found


def about_of(config: dict[str, Any]) -> str:
    """What it trains, also where the data are gone."""
    try:
        return about(config)
    except KeyError:
        return f"{MODELS[config['model']].title}, {title(config['dataset'])}"


def curve(found: Curve) -> Payload:
    """Readings by step."""
    return {"steps": f32(found[0]), "values": f32(found[1])}


def loss(record: RunRecord) -> Payload:
    """The loss of the kind of model, on what it trains on and on held-out data."""
    shown = MODELS[record.config["model"]]
    found = {split: record.history.get(f"{split}/{shown.term}") for split in ("train", "held_out")}
    known = {split: curve(each) for split, each in found.items() if each is not None}
    return {"key": loss_key(record.config), "unit": unit_of(record.config), "term": shown.term} | known


def frechet(record: RunRecord) -> Payload:
    """`frechet`, where it was measured while the run trained."""
    found = record.history.get("quality/frechet")
    if found is None:
        return {}
    n = int(latest(record, "quality/n") or 0)
    return {"frechet": curve(found) | {"n": n, "floor": latest(record, "quality/floor_frechet")}}


def pictures(record: RunRecord) -> Payload:
    """Held-out images, always the same of a data set, what becomes of them, and samples; those that the newest snapshot has."""
    arrays = record.snapshot.arrays if record.snapshot else {}
    images = {
        name: arrays[name] for name in ("originals", "reconstructions", "samples") if name in arrays and arrays[name].ndim == 4
    }
    return answers.answer({name: pixels_of(np.asarray(each[:SHOWN])) for name, each in images.items()})


def latent_map(record: RunRecord) -> Payload:
    """`map`: held-out examples on their latent axes, by PCA where there are more than two; of points the samples among them."""
    arrays = record.snapshot.arrays if record.snapshot else {}
    if "latent" in arrays:
        latent = np.asarray(arrays["latent"][:DOTS])
        settings = ProjectionSettings(method="raw" if latent.shape[1] <= 2 else "pca")
        place = described(linear(latent, settings), latent, record.step, settings)
        prior = MODELS[record.config["model"]].has_bound and place.shown == "raw"
        return {"map": dots(record, in_plane(place.points), place.title or "the latent axes", prior=prior)}
    if "trajectory" not in arrays:
        return {}
    ends = np.asarray(arrays["trajectory"][-1])
    if "latents" in arrays:
        return {
            "map": dots(record, np.asarray(arrays["latents"][:DOTS]), "standardised latents, and samples among them", samples=ends)
        }
    held_out = held_out_of(record.config["dataset"])
    real = np.zeros((0, 2)) if held_out is None else held_out.x[:DOTS]
    return {"map": dots(record, real, "held-out data, and samples among them", samples=ends)}


def in_plane(points: np.ndarray) -> np.ndarray:
    """(n, 2): one number for each dot lies on a line."""
    return points[:, :2] if points.shape[1] > 1 else np.column_stack([points[:, 0], np.zeros(len(points))])


def dots(record: RunRecord, points: np.ndarray, words: str, *, prior: bool = False, samples: np.ndarray | None = None) -> Payload:
    """`CompareMap`; the points are held-out examples in their order, so the same index is the same example on every map of these data."""
    held_out = held_out_of(record.config["dataset"])
    labels = np.zeros(len(points), int) if held_out is None else held_out.labels[: len(points)]
    seen = points if samples is None else np.concatenate([points, samples])
    view = data_range(seen)
    coding = coding_range(view, seen)
    payload = {
        "n": len(points),
        "points": q16(points, coding.lo, coding.hi),
        "lo": list(coding.lo),
        "hi": list(coding.hi),
        "view": {"lo": list(view.lo), "hi": list(view.hi)},
        "labels": u8(labels),
        "title": words,
        "prior": prior,
        "held_out": len(points) > 0,
    }
    return payload if samples is None else payload | {"samples": q16(samples, coding.lo, coding.hi)}


def held_out_of(dataset: str) -> Any:
    """The held-out examples of data; None where they are gone."""
    try:
        return load_dataset(dataset).test
    except (DataError, KeyError):
        return None


def sheet(dataset: str) -> Payload:
    """The images of the dots, as on the latent map. Raises `DataError`."""
    return map_static(dataset, DOTS)["map_static"]
