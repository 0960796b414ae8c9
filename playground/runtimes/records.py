"""What is known of a run: an immutable record, and how each event makes the next one."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from playground.config import model_of
from playground.runs.events import Checkpoint, Event, Failed, Finished, Paused, Progress, Snapshot, Started
from playground.runtimes.base import Mark
from playground.runtimes.moments import MomentHistory

Status = Literal["waiting", "starting", "running", "paused", "finished", "stopped", "failed"]
ACTIVE: tuple[Status, ...] = ("waiting", "starting", "running", "paused")
Curve = tuple[np.ndarray, np.ndarray]


OTHER_DATA = "The data are no longer those that this run began with: what it learned before is of others."

Point = tuple[int, float]
Extremes = tuple[Point, Point, Point]
"""The first of some readings, the lowest and the highest."""


class Series:
    """A curve of at most `limit` points: of every k readings in a row the first, the lowest and the highest, and the newest of
    all, with k doubled whenever they grow too many. So a spike stays as high as it was, however long the run goes on.
    """

    def __init__(self, limit: int = 500) -> None:
        self._limit, self._stride, self._count = limit, 1, 0
        self._kept: list[Extremes] = []
        self._newest: Point | None = None

    def add(self, step: int, value: float) -> None:
        """Take one reading."""
        self._newest = point = (step, value)
        if self._count % self._stride == 0:
            while min(3, self._stride) * (len(self._kept) + 1) >= self._limit:  # one place is the newest's
                self._kept = [joined(*self._kept[i : i + 2]) for i in range(0, len(self._kept), 2)]
                self._stride *= 2
            if self._count % self._stride == 0:
                self._kept.append((point, point, point))
        self._kept[-1] = joined(self._kept[-1], (point, point, point))
        self._count += 1

    def truncate(self, step: int) -> None:
        """Forget what came after `step`: the run goes on from there."""
        known = [point for point in (self._newest, *self._points()[::-1]) if point is not None and point[0] <= step]
        self._newest = known[0] if known else None
        begun = [of for of in self._kept if of[0][0] <= step]
        self._kept = [(a, low if low[0] <= step else a, high if high[0] <= step else a) for a, low, high in begun]
        self._count = len(self._kept) * self._stride

    def packed(self) -> np.ndarray:
        """All of it, (1 + n, 6): stride, count and the newest point, then the extremes of every stretch."""
        newest = self._newest or (-1, 0.0)
        rows = [(self._stride, self._count, *newest, 0, 0), *((*first, *low, *high) for first, low, high in self._kept)]
        return np.array(rows, np.float64)

    @classmethod
    def unpacked(cls, array: np.ndarray, limit: int = 500) -> Series:
        """The inverse of `packed`."""
        series, (head, *rows) = cls(limit), array.tolist()
        series._stride, series._count = int(head[0]), int(head[1])
        series._newest = (int(head[2]), head[3]) if head[2] >= 0 else None
        series._kept = [((int(a), x), (int(b), y), (int(c), z)) for a, x, b, y, c, z in rows]
        return series

    def _points(self) -> list[Point]:
        """Everything kept, each point once, by step."""
        return sorted({point[0]: point for of in self._kept for point in of}.values())

    def points(self) -> Curve:
        """Steps (int64) and values (float64), both of shape (n,)."""
        points = self._points()
        if self._newest is not None and (not points or points[-1][0] != self._newest[0]):
            points.append(self._newest)
        steps = np.array([step for step, _ in points], dtype=np.int64)
        return steps, np.array([value for _, value in points], dtype=np.float64)


def joined(one: tuple[Point, Point, Point], *others: tuple[Point, Point, Point]) -> tuple[Point, Point, Point]:
    """The first of `one`, and the lowest and the highest of all; what is no number is neither, unless nothing else is there."""
    first, low, high = one
    for _, other_low, other_high in others:
        low = other_low if other_low[1] < low[1] or low[1] != low[1] else low
        high = other_high if other_high[1] > high[1] or high[1] != high[1] else high
    return first, low, high


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

    def packed(self) -> dict[str, np.ndarray]:
        """Every series by its name, as in `Series.packed`."""
        return {name: series.packed() for name, series in self._series.items()}

    @classmethod
    def unpacked(cls, arrays: Mapping[str, np.ndarray]) -> History:
        """The inverse of `packed`."""
        history = cls()
        history._series = {name: Series.unpacked(array) for name, array in arrays.items()}
        return history

    def curves(self) -> dict[str, Curve]:
        return {name: series.points() for name, series in self._series.items()}


def new_id() -> str:
    """One that nobody can guess, and that no command line takes for an option."""
    return secrets.token_urlsafe(16).replace("-", "_")


@dataclass(frozen=True)
class Origin:
    """What a measurement was made of: the weights of a run at a step. `run`, `model` and `step` are None for a model from elsewhere."""

    about: str
    run: str | None = None
    model: str | None = None
    step: int | None = None


@dataclass(frozen=True)
class RunRecord:
    """A run at one moment. `version` grows with each change; `started_version`, `snapshot_version`, `history_version` and
    `moments_version` are the versions at which those parts changed last: a reader takes those above the one it has.
    `origin` is a sentence about the run that this one goes on from; `of` is what a study, or fresh samples, are of; `moments` is None where none are kept."""

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
    let_go: bool = False
    """Whether there was a checkpoint that had to make room for those of newer runs."""
    moments: MomentHistory | None = field(default=None, repr=False)
    origin: str = ""
    kept: bool = False
    """Whether it came with the project: everybody may look at it, and nobody change it."""
    of: tuple[Origin, ...] = ()
    unkept: str = ""
    """Why it is not written to the disk, where it should be."""
    place: int = 0
    """In line, from 1 on; 0 where it does not wait, or waits for another run of the same visitor."""
    wait: float | None = None
    """Seconds until it is let in, as far as that is known."""
    step: int = 0
    mark: Mark | None = None
    """How far it has come that runs it, where that may outlast this program."""
    version: int = 1
    started_version: int = 0
    snapshot_version: int = 0
    history_version: int = 0
    moments_version: int = 0

    @property
    def newest(self) -> Snapshot:
        """The newest snapshot, for those who are only called where there is one."""
        if self.snapshot is None:
            raise ValueError("There is no picture of this run yet.")
        return self.snapshot

    @property
    def weights_bytes(self) -> int:
        """Bytes of all checkpoints that are kept of this run, each counted once."""
        past = [moment.data for moment in self.moments.checkpoints if moment.held] if self.moments else []
        return sum({id(data): len(data) for data in (self.checkpoint, *past) if data}.values())

    @property
    def steps(self) -> int:
        """How many it is to take; 0 where its settings do not say."""
        return self.config.get("steps") or self.config.get("sampling_steps", 0)

    @property
    def active(self) -> bool:
        """Whether this run has not ended."""
        return self.status in ACTIVE

    @property
    def waiting(self) -> bool:
        """Whether it waits in line, without a worker."""
        return self.status == "waiting"


def advance(record: RunRecord, event: Event, history: History, note: str = "") -> RunRecord:
    """The record after `event`; `note` says why, when we paused or stopped the run ourselves."""
    version = record.version + 1
    step = getattr(event, "step", record.step)
    match event:
        case Started():
            history.truncate(event.step)
            changes = dict(
                status="running",
                started=event,
                config=event.config,
                message=OTHER_DATA if record.started and record.started.data != event.data else record.message,
                started_version=version,
                history=history.curves(),
                history_version=version,
            )
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


def best_step(record: RunRecord) -> int | None:
    """Where the held-out loss of a training was lowest; None where none was read."""
    about = model_of(record.config)
    steps, values = record.history.get(f"held_out/{about.term}", ((), ())) if about else ((), ())
    values = np.asarray(values, np.float64)
    return int(steps[int(np.nanargmin(values))]) if np.isfinite(values).any() else None


def remember(record: RunRecord, event: Event) -> MomentHistory | None:
    """The moments that are kept after `event`; the very same object where it changes nothing."""
    match event:
        case _ if record.moments is None:
            return None
        case Started():
            moments = record.moments.until(event.step)
            if event.step > 0 and record.checkpoint is not None:
                return moments.take(Checkpoint(event.step, record.checkpoint))
            return moments
        case Snapshot() | Checkpoint():
            return record.moments.take(event)
        case Finished():
            return record.moments.take(Checkpoint(event.step, event.checkpoint))
    return record.moments
