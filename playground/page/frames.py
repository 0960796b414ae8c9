"""From a run's record to the frame that a page draws: status and numbers, and the payload of every view that changed.

One `RunViews` a run keeps what makes pictures steady (the last axes, the last projection) and shares one payload among all
who watch. The layout of a frame is written down at `RunViews.frame`.
"""

from __future__ import annotations

import threading
import time
from dataclasses import asdict
from typing import Any

from playground.config import model_of
from playground.features.latent_map.view import map_view
from playground.features.registry import FEATURES, builder
from playground.measures.projection import ProjectionSettings
from playground.page.replay import Replay
from playground.runtimes.links import is_watch, watch_id
from playground.runtimes.moments import MomentHistory
from playground.runtimes.records import RunRecord
from playground.runtimes.thinning import light_steps
from playground.views.outcome import diverged
from playground.views.payloads import Payload
from playground.views.places import Embedder, Place, Places
from playground.views.readings import about, kind, loss_curves

CURVES_EVERY = 0.5
"""Seconds between two payloads of loss curves: they change slowly and weigh most."""


class RunViews:
    """The views of one run; `embedder` computes t-SNE and UMAP. Every public method may be called from any thread."""

    def __init__(self, embedder: Embedder | None = None) -> None:
        self._lock = threading.Lock()
        self._built: dict[str, tuple[int, Payload]] = {}
        self._snapshot_version = -1
        self._curves_at = 0.0
        self._seen = 0
        self._places = Places(embedder)
        self._moved = False
        self._replay = Replay(self._places)

    def frame(self, record: RunRecord, since: int, static_seen: bool, visible: bool) -> dict[str, Any]:
        """What changed after version `since`.

        `Status` in `views/shapes.py`, and `{moments?: Moments, config?: dict, views: {name: payload}}`; `about` says what a
        training trains, `of` what a measurement is of; `config` and the static views come while `static_seen` is false, `moments` then
        and when they changed. Where nobody looks (`visible` is false) no picture is made.
        """
        frame = status(record)
        if record.moments is not None and (record.moments_version > since or not static_seen):
            frame["moments"] = moments(record)
        if record.started is None:
            return frame | {"views": {}}
        with self._lock:
            newer, self._seen = record.version > self._seen, max(record.version, self._seen)
            if visible and record.version == self._seen:  # an older record has nothing to add
                self._build(record, record.version if newer else record.version + 1)
            changed = {name: view for name, (version, view) in self._built.items() if version > since and visible}
        if not static_seen and visible:
            frame["config"] = record.config
            changed |= static_views(record.config)
        return frame | {"views": changed}

    def replay(self, record: RunRecord, step: int) -> dict[str, Any]:
        """The kept moment at or before `step`, else the first: `{run, replay: its step, views}`, with `marker`, its step, in
        the curves. Raises `ValueError` with a sentence where none is kept."""
        with self._lock:
            shown, views = self._replay.views(record, step, builder(kind(record.config)))
        if model_of(record.config):
            views |= {name: payload | {"marker": shown} for name, payload in history_views(record).items()}
        return {"run": record.run_id, "replay": shown, "views": views}

    def choose(self, record: RunRecord, values: Any) -> ProjectionSettings:
        """Shows the map of this run by another projection from the next frame on. Raises `ValueError` with a sentence.

        Afterwards the record must get a new version, so that those who wait for news get that frame.
        """
        if not ((model := model_of(record.config)) and model.encodes):
            raise ValueError("Only an autoencoder or a VAE has a latent map.")
        if record.kept:
            raise ValueError(
                "The map of a run that is kept with the project is the same for everybody: train one of your own to choose."
            )
        settings = ProjectionSettings.parse(values, record.config["latent_dim"])
        with self._lock:
            self._places.choose(record.run_id, settings)
            self._moved, self._replay = True, Replay(self._places)
        return settings

    def _build(self, record: RunRecord, version: int) -> None:
        """Brings the payloads up to date with the record. `version` is above all that anybody has seen of this run."""
        if record.snapshot is not None and record.snapshot_version > self._snapshot_version:
            self._snapshot_version = record.snapshot_version
            self._put(version, builder(kind(record.config))(self, record))
        elif "map" in self._built and (self._moved or self._places.has_news(record.run_id)):
            self._put(version, {"map": map_view(self, record)})
        self._moved = False
        now = time.monotonic()
        fresh = self._built.get("curves", (-1, None))[0] >= record.history_version
        if model_of(record.config) and not fresh and (now - self._curves_at >= CURVES_EVERY or record.status != "running"):
            self._curves_at = now
            self._put(record.version, history_views(record))

    def _put(self, version: int, views: dict[str, Payload]) -> None:
        self._built.update({name: (version, view) for name, view in views.items()})

    def previous(self, name: str) -> Payload | None:
        """The last payload of a view, which the next one keeps its axes from."""
        return self._built.get(name, (0, None))[1]

    def place(self, record: RunRecord) -> Place:
        """The latents of a record on the map."""
        return self._places.place(record)


def history_views(record: RunRecord) -> dict[str, Payload]:
    """What is drawn from all readings since the start: loss curves, and what the features make of them."""
    views = {"curves": loss_curves(record)}
    for feature in FEATURES.values():
        views |= feature.history(record) if feature.history else {}
    return views


def moments(record: RunRecord) -> dict[str, list[int]]:
    """The steps of the past that can be shown, and those that a new run can go on from."""
    kept = record.moments or MomentHistory()
    found = {"steps": [m.step for m in kept.snapshots], "checkpoints": [m.step for m in kept.checkpoints]}
    light = light_steps(kept)
    return found | ({"light": light} if light else {})


def status(record: RunRecord) -> dict[str, Any]:
    """The part of a frame that is about the run itself."""
    progress, started = record.progress, record.started
    steps = record.steps
    rate = progress.steps_per_second if progress else 0.0
    left = (steps - record.step) / rate if rate > 0 and record.active else None
    return {
        "run": record.run_id,
        "version": record.version,
        "status": record.status,
        "message": record.message or record.unkept or record.origin,
        "suggestion": record.suggestion,
        "step": record.step,
        "steps": steps,
        "seconds": progress.seconds if progress else 0.0,
        "rate": rate,
        "eta": left,
        "device": started.device if started else "",
        "n_parameters": started.n_parameters if started else 0,
        "learning_rate": progress.learning_rate if progress else 0.0,
        "diverged": diverged(record),
        "resumable": record.checkpoint is not None and model_of(record.config) is not None,
        "about": about(record.config),
        "kept": record.kept,
        "place": record.place,
        "wait": record.wait,
        "watch": watch_id(record.run_id),
        "steers": True,
        "of": [asdict(origin) | {"run": origin.run and watch_id(origin.run)} for origin in record.of],
    }


def as_asked(frame: dict[str, Any], run: str) -> dict[str, Any]:
    """The same for whoever asked by the name `run`: of a watch id nobody learns what would steer."""
    return frame | {"run": run, "steers": False} if is_watch(run) else frame


def static_views(config: dict[str, Any]) -> dict[str, Payload]:
    """What does not change while a run goes."""
    if not config.get("dataset"):  # a model that came from elsewhere, and does not say what it was trained on
        return {}
    makers = [feature.static[kind(config)] for feature in FEATURES.values() if kind(config) in feature.static]
    return {name: view for make in makers for name, view in make(config).items()}
