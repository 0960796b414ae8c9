"""Pictures of a run's past moments, on axes that are the same for all of them, so that they can be played as a film."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from weakref import ref

import numpy as np

from playground.features.feature import Builder
from playground.measures.projection import SLOW, Projection
from playground.runs.events import Snapshot
from playground.runtimes.records import RunRecord
from playground.views.images import Payload
from playground.views.places import Place, Places, linear
from playground.views.ranges import Range, steady_range

Curve = tuple[np.ndarray, np.ndarray]
EMBEDDED = 1.9
"""How far from the centre most points of a t-SNE lie, at a mean squared distance of 1."""


@dataclass(frozen=True)
class ReplayMoment:
    """What is remembered of one moment: the projection of its latents (without the points), and what it spans. Its snapshot
    is not held here: the registry bounds how many there are."""

    snapshot: ref[Snapshot]
    projection: Projection | None
    span: Range | None


class Replay:
    """The moments of one run as views. It stands in for `RunViews` where a builder asks for the last axes and projection.

    Latents are shown by the projection that was chosen for the run: PCA with each moment's axes turned towards those of the
    moment after it (or before it, where that was shown first), so that points glide from one to the next; t-SNE and
    UMAP as they were computed then, where that was kept.
    """

    def __init__(self, places: Places | None = None) -> None:
        self._places = places or Places()
        self._moments: dict[int, ReplayMoment] = {}
        self._current: ReplayMoment

    def views(self, record: RunRecord, step: int, build: Builder) -> tuple[int, dict[str, Payload]]:
        """The step of the moment that is kept at or before `step` (else of the first), and its views.

        Raises `ValueError` with a sentence where no moment is kept.
        """
        snapshot = record.moments.snapshot_at(step) if record.moments else None
        if record.moments is None or snapshot is None:
            raise ValueError("No moment of this run is kept.")
        self._update(record.moments.snapshots)
        self._current = self._moments[snapshot.step]
        past = replace(record, snapshot=snapshot, step=snapshot.step, history=cut(record.history, snapshot.step))
        views = build(self, past)
        read = next((name for name in ("held_out/kl", "held_out/mse") if name in record.history), None)
        if "terms" not in views and read:  # a moment before the first reading: that one, then, which says of which step it is
            first = int(record.history[read][0][0])
            views["terms"] = build(self, replace(past, history=cut(record.history, first)))["terms"]
        for view in views.values():
            if "view" in view:
                self._fix_axes(view)
        return snapshot.step, views

    def previous(self, name: str) -> None:
        """No payload: the axes are fixed afterwards."""

    def place(self, record: RunRecord) -> Place:
        """As `RunViews.place`."""
        projection = self._current.projection
        if projection is None:
            raise ValueError("This moment has no latents to draw.")
        return self._places.past(record.run_id, record.newest.arrays["latent"], record.newest.step, projection)

    def _update(self, snapshots: tuple[Snapshot, ...]) -> None:
        """Brings `_moments` up to date with the kept moments."""
        kept = {
            s.step: self._moments[s.step] for s in snapshots if s.step in self._moments and self._moments[s.step].snapshot() is s
        }
        newest = max(kept, default=snapshots[-1].step)
        before, after = [s for s in snapshots if s.step <= newest], [s for s in snapshots if s.step > newest]
        for order in (before[::-1], [*before[-1:], *after]):  # from what was shown before, back and on
            neighbour = None
            for snapshot in order:
                if snapshot.step not in kept:
                    kept[snapshot.step] = replay_moment(snapshot, neighbour, self._places)
                neighbour = kept[snapshot.step].projection
        self._moments = kept

    def _fix_axes(self, payload: Payload) -> None:
        """Lets a payload's `view` show what any of the moments spans; also the prior's rings, if they are drawn."""
        spans = [replay_moment.span for replay_moment in self._moments.values() if replay_moment.span is not None]
        if payload.get("shown") in SLOW:  # those have a size of their own, the same for all
            view, size = payload["view"], (EMBEDDED,) * len(payload["view"]["lo"])
            spans = [Range(tuple(view["lo"]), tuple(view["hi"])), Range(tuple(-s for s in size), size)]
        if payload.get("prior"):
            spans.append(Range(tuple(payload["view"]["lo"]), tuple(payload["view"]["hi"])))
        if not spans:
            return
        low, high = np.min([span.lo for span in spans], axis=0), np.max([span.hi for span in spans], axis=0)
        if payload.get("dims") == 1:  # the height means nothing
            low[1], high[1] = payload["view"]["lo"][1], payload["view"]["hi"][1]
        payload["view"] = {"lo": low.tolist(), "hi": high.tolist()}


def replay_moment(snapshot: Snapshot, neighbour: Projection | None, places: Places) -> ReplayMoment:
    """One moment, its projection turned towards that of its neighbour."""
    arrays = snapshot.arrays
    if "latent" not in arrays:
        ends = arrays["trajectory"][[0, -1]].reshape(-1, 2) if "trajectory" in arrays else None
        return ReplayMoment(ref(snapshot), None, steady_range(None, ends) if ends is not None else None)
    latent = np.asarray(arrays["latent"], np.float64)
    projection = linear(latent, places.settings(latent.shape[1]), neighbour)
    points = projection.points
    flat = np.column_stack([points, np.zeros(len(points))]) if points.shape[1] == 1 else points
    return ReplayMoment(ref(snapshot), replace(projection, points=points[:0]), steady_range(None, flat))


def cut(history: Mapping[str, Curve], step: int) -> dict[str, Curve]:
    """Every curve up to `step`; those that begin later are left out."""
    kept = {name: (np.asarray(steps) <= step, steps, values) for name, (steps, values) in history.items()}
    return {name: (steps[keep], values[keep]) for name, (keep, steps, values) in kept.items() if keep.any()}
