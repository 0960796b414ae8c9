"""Where a run's latents stand on its map: by the projection that its watchers chose, or by the usual one.

Raw axes and PCA are computed here, for every frame. t-SNE and UMAP are computed elsewhere (an `Embedder`) and lag behind:
the newest embedding that is there is shown, and says of which step it is; before the first one a linear projection is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from playground.measures.projection import NAMES, SLOW, Projection, ProjectionSettings, cleared, methods, pca
from playground.runtimes.records import RunRecord


class Embedder(Protocol):
    """What computes t-SNE and UMAP (`runtimes/projector.py`); no call blocks."""

    def submit(self, run_id: str, step: int, latent: np.ndarray, settings: ProjectionSettings, rest: bool = True) -> None:
        """Asks for the embedding of `latent` (n, d)."""
        ...

    def newest(self, run_id: str) -> Any:
        """`step`, `settings`, `embedding` (None or with `points`) and `error` of what was found last; None before."""
        ...

    def at(self, run_id: str, step: int) -> Any:
        """The same of what is kept of the past: the last embedding at or before `step`, or None."""
        ...

    def retry(self, run_id: str) -> None:
        """Forgets what went wrong before."""
        ...


@dataclass(frozen=True)
class Place:
    """Points on the map with all that is said about them; `basis` is there where a point of the map is one of latent space."""

    points: np.ndarray
    title: str
    axes: tuple[str, ...]
    settings: ProjectionSettings
    latent_dim: int
    shown: str
    of_step: int
    explained: tuple[float, ...] = ()
    basis: Projection | None = None
    pending: bool = False

    def payload(self) -> dict[str, Any]:
        """What the map's payload says of its projection.

        Part of `LatentMap` in `shapes.py`. `method` is the chosen one, `shown` that of the points: another while the chosen one is being
        computed (`pending`). `of_step` is the step of the points' latents. `choices` maps each method on offer to its numbers of
        dimensions. `explained` is each axis' share of the variance (PCA). `basis` is `{origin: [d], axes: [k lists of d]}` with `z = origin + sum_k axes[k]
        place[k]`, else null; `invertible` says whether a place in the plane names one `z`.
        """
        basis = self.basis and {"origin": short(self.basis.mean), "axes": [short(axis) for axis in self.basis.axes.T]}
        offered = methods(self.latent_dim)
        return {
            "method": self.settings.method,
            "shown": self.shown,
            "of_step": int(self.of_step),
            "pending": self.pending,
            "perplexity": self.settings.perplexity,
            "seed": self.settings.seed,
            "methods": list(offered),
            "choices": {name: [max(2, dims) for dims in several] for name, several in offered.items()},
            "explained": [round(float(share), 6) for share in self.explained],
            "invertible": basis is not None and self.points.shape[1] <= 2,
            "basis": basis,
        }


def short(values: Iterable[float]) -> list[float]:
    """Numbers with seven digits, as a screen needs them."""
    return [float(f"{value:.7g}") for value in values]


class Places:
    """The projection of one run's map, from frame to frame."""

    def __init__(self, embedder: Embedder | None = None) -> None:
        self._embedder = embedder
        self._chosen = ProjectionSettings()
        self._submitted: tuple[Any, ...] = ()
        self._linear: Projection | None = None
        self._serial = 0

    def choose(self, run_id: str, settings: ProjectionSettings) -> None:
        """From now on this projection."""
        self._chosen, self._submitted = settings, ()
        if self._embedder is not None:
            self._embedder.retry(run_id)

    def settings(self, latent_dim: int) -> ProjectionSettings:
        """The chosen projection, or the usual one: raw axes up to two latent dimensions, PCA above."""
        if self._chosen.method is not None:
            return self._chosen
        return replace(self._chosen, method="raw" if latent_dim <= 2 else "pca")

    def has_news(self, run_id: str) -> bool:
        """Whether there is an embedding, or an error, that `place` has not shown yet."""
        newest = self._embedder.newest(run_id) if self._embedder and self._chosen.method in SLOW else None
        return newest is not None and newest.serial != self._serial

    def place(self, record: RunRecord) -> Place:
        """The latents of the record's snapshot on the map; asks for their embedding, if one was chosen."""
        latent, step = np.asarray(record.newest.arrays["latent"]), record.newest.step
        settings = self.settings(latent.shape[1])
        newest = None
        if settings.method in SLOW and self._embedder is not None:
            if self._submitted != (record.snapshot_version, settings):
                self._submitted = (record.snapshot_version, settings)
                self._embedder.submit(record.run_id, step, latent, settings, record.status == "running")
            newest = self._embedder.newest(record.run_id)
            self._serial = newest.serial if newest is not None else self._serial
        shown = slow_place(newest, latent, settings) or linear_place(latent, step, settings, self._linear, newest)
        self._linear = shown.basis or self._linear
        return shown

    def past(self, run_id: str, latent: np.ndarray, step: int, projection: Projection) -> Place:
        """The latents of a moment of the past: by an embedding of then, if one is kept, else by that linear `projection`."""
        settings = self.settings(latent.shape[1])
        kept = self._embedder.at(run_id, step) if self._embedder and settings.method in SLOW else None
        if kept is not None and kept.settings == settings and (place := slow_place(kept, latent, settings)):
            return place
        place = described(projection, latent, step, settings)
        if settings.method not in SLOW:
            return place
        why = f"No {NAMES[settings.method]} of this moment was kept; here: {NAMES[place.shown]}"
        return replace(place, title=". ".join(filter(None, (why, place.title))))


def linear(latent: np.ndarray, settings: ProjectionSettings, previous: Projection | None = None) -> Projection:
    """Raw axes or PCA; where the chosen method is neither, what stands in for it."""
    d = latent.shape[1]
    if settings.method == "raw" or (settings.method in SLOW and d <= 2):
        return Projection(np.asarray(latent, dtype=np.float64), np.zeros(d), np.eye(d), np.zeros(0))
    return pca(latent, previous, settings.dims)


def described(projection: Projection, latent: np.ndarray, step: int, settings: ProjectionSettings) -> Place:
    """A linear projection with its names."""
    d, share = latent.shape[1], projection.explained
    points = (cleared(latent) - projection.mean) @ projection.axes
    title, axes, shown = "", ("z₁", "z₂", "z₃")[: max(2, d)], "raw"
    if len(share):
        shown = "pca"
        title = f"PCA of {d} dimensions, {share.sum():.0%} of the variance"
        title += ", turned to match the picture before" if (np.diff(share) > 0).any() else ""
        axes = tuple(f"axis {i} ({part:.0%})" for i, part in enumerate(share, 1))
    return Place(points, title, axes, settings, d, shown, step, tuple(share), projection)


def linear_place(
    latent: np.ndarray, step: int, settings: ProjectionSettings, previous: Projection | None, newest: Any = None
) -> Place:
    """Raw axes or PCA; while t-SNE or UMAP is being computed, or failed, the title says so."""
    place = described(linear(latent, settings, previous), latent, step, settings)
    if settings.method not in SLOW:
        return place
    failed = failure(newest, settings)
    name, now = NAMES[settings.method], place.title or "the raw axes"
    title = (
        f"{name} is missing: {failed} Here: {now}" if failed else f"{name} of step {step:,} is being computed… Until then: {now}"
    )
    return replace(place, title=title, pending=not failed)


def slow_place(found: Any, latent: np.ndarray, settings: ProjectionSettings) -> Place | None:
    """An embedding that is there, if it may be shown: of the chosen method and dimensions, perhaps of an earlier step."""
    method = settings.method
    if found is None or found.embedding is None or method is None or found.settings.method != method:
        return None
    embedding = found.embedding
    if embedding.points.shape != (len(latent), settings.dims):
        return None
    name, failed = NAMES[method], failure(found, settings)
    title = f"{name} of step {found.step:,}, {detail(found.settings, len(latent))}"
    if found.settings != settings:
        title += f"; with {detail(settings, len(latent))} it is being computed…"
    elif failed:
        title += f". None is newer: {failed}"
    axes = tuple(f"{name} {i}" for i in range(1, settings.dims + 1))
    return Place(embedding.points, title, axes, settings, latent.shape[1], method, found.step, pending=found.settings != settings)


def failure(found: Any, settings: ProjectionSettings) -> str:
    """Why there is no newer embedding, if it failed."""
    return found.error if found is not None and found.settings == settings else ""


def detail(settings: ProjectionSettings, n: int) -> str:
    """What an embedding of `n` points was made with."""
    if settings.method == "umap":
        return f"{min(round(settings.perplexity), n - 1)} neighbours, seed {settings.seed}"
    return f"perplexity {min(settings.perplexity, (n - 1) / 3):.3g}, seed {settings.seed}"
