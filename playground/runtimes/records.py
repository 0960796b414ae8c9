"""What is known of a run: an immutable record, and how each event makes the next one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from playground.events import Checkpoint, Event, Failed, Finished, Paused, Progress, Snapshot, Started
from playground.runtimes.moments import MomentHistory

Status = Literal["starting", "running", "paused", "finished", "stopped", "failed"]
ACTIVE: tuple[Status, ...] = ("starting", "running", "paused")
Curve = tuple[np.ndarray, np.ndarray]


class Series:
    """A curve of at most `limit` points: every k-th reading and the newest, with k doubled whenever they grow too many.

    Which readings are kept depends on their number alone, never on their value, so that the curve is unbiased.
    """

    def __init__(self, limit: int = 500) -> None:
        self._limit, self._stride, self._count = limit, 1, 0
        self._kept: list[tuple[int, float]] = []
        self._newest: tuple[int, float] | None = None

    def add(self, step: int, value: float) -> None:
        """Take one reading."""
        self._newest = (step, value)
        if self._count % self._stride == 0:
            if len(self._kept) >= self._limit - 1:  # one place is the newest's
                self._kept = self._kept[::2]
                self._stride *= 2
            if self._count % self._stride == 0:
                self._kept.append(self._newest)
        self._count += 1

    def truncate(self, step: int) -> None:
        """Forget what came after `step`: the run goes on from there."""
        newest = [self._newest] if self._newest else []
        self._kept = [point for point in self._kept if point[0] <= step]
        self._count = len(self._kept) * self._stride
        self._newest = next((point for point in (*newest, *self._kept[::-1]) if point[0] <= step), None)

    def points(self) -> Curve:
        """Steps (int64) and values (float64), both of shape (n,)."""
        points = list(self._kept)
        if self._newest is not None and (not points or points[-1][0] != self._newest[0]):
            points.append(self._newest)
        steps = np.array([step for step, _ in points], dtype=np.int64)
        return steps, np.array([value for _, value in points], dtype=np.float64)


class History:
    """One series for every loss that a run reports."""

    def __init__(self, limit: int = 500) -> None:
        self._limit = limit
        self._series: dict[str, Series] = {}

    def add(self, step: int, losses: Mapping[str, float]) -> None:
        for name, value in losses.items():
            self._series.setdefault(name, Series(self._limit)).add(step, float(value))

    def truncate(self, step: int) -> None:
        for series in self._series.values():
            series.truncate(step)

    def curves(self) -> dict[str, Curve]:
        return {name: series.points() for name, series in self._series.items()}


@dataclass(frozen=True)
class RunRecord:
    """A run at one moment. `version` grows with each change; `started_version`, `snapshot_version`, `history_version` and
    `moments_version` are the versions at which those parts changed last: a reader takes those above the one it has.
    `origin` is a sentence about the run that this one goes on from; `moments` is None where none are kept."""

    run_id: str
    config: dict[str, Any] = field(default_factory=dict)
    status: Status = "starting"
    message: str = ""
    suggestion: str = ""
    started: Started | None = None
    progress: Progress | None = None
    snapshot: Snapshot | None = field(default=None, repr=False)
    history: dict[str, Curve] = field(default_factory=dict, repr=False)
    checkpoint: bytes | None = field(default=None, repr=False)
    checkpoint_step: int = 0
    moments: MomentHistory | None = field(default=None, repr=False)
    origin: str = ""
    step: int = 0
    version: int = 1
    started_version: int = 0
    snapshot_version: int = 0
    history_version: int = 0
    moments_version: int = 0

    @property
    def active(self) -> bool:
        """Whether a worker holds this run."""
        return self.status in ACTIVE


def advance(record: RunRecord, event: Event, history: History, note: str = "") -> RunRecord:
    """The record after `event`; `note` says why, when we paused or stopped the run ourselves."""
    version = record.version + 1
    step = getattr(event, "step", record.step)
    match event:
        case Started():
            history.truncate(event.step)
            changes = dict(
                status="running", started=event, config=event.config, started_version=version,
                history=history.curves(), history_version=version,
            )  # fmt: skip
        case Progress():
            history.add(event.step, event.losses)
            changes = dict(progress=event, history=history.curves(), history_version=version)
        case Snapshot():
            changes = dict(snapshot=event, snapshot_version=version)
            step = max(step, record.step)
        case Checkpoint():
            changes = dict(checkpoint=event.data, checkpoint_step=event.step)
            step = max(step, record.step)
        case Paused():
            changes = dict(status="paused" if event.paused else "running", message=note if event.paused else "")
        case Finished():
            changes = dict(checkpoint=event.checkpoint, checkpoint_step=event.step)
            changes |= dict(status="stopped", message=note) if event.stopped else dict(status="finished", message="")
        case Failed():
            changes = dict(status="failed", message=event.message, suggestion=event.suggestion)
            if event.checkpoint is not None:
                changes |= dict(checkpoint=event.checkpoint, checkpoint_step=event.step)
        case _:
            changes = {}
    moments = remember(record, event)
    if moments is not record.moments:
        changes |= dict(moments=moments, moments_version=version)
    return replace(record, version=version, step=step, **changes)


def remember(record: RunRecord, event: Event) -> MomentHistory | None:
    """The moments that are kept after `event`; the very same object where it changes nothing."""
    match event:
        case _ if record.moments is None:
            return None
        case Started():
            moments = record.moments.until(event.step)
            resumed = event.step > 0 and record.checkpoint is not None
            return moments.take(Checkpoint(event.step, record.checkpoint)) if resumed else moments
        case Snapshot() | Checkpoint():
            return record.moments.take(event)
        case Finished():
            return record.moments.take(Checkpoint(event.step, event.checkpoint))
    return record.moments
