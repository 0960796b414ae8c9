"""What is kept of a run's past, within bounds: pictures to look back at, and weights to go on from.

- At most `MAX_SNAPSHOTS` snapshots and `MAX_CHECKPOINTS` checkpoints a run, spread evenly over its steps and thinned as it
  grows: the first and the newest always stay. A run's checkpoints take at most `MAX_RUN_BYTES`; where they are large there
  are fewer of them.
- All runs of a registry together: at most `MAX_BYTES` (`to_shed` says what has to go). Not counted is the newest checkpoint
  of each run, which is kept in any case, so that a run that broke off can be continued.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

from playground.runs.events import Checkpoint, Snapshot

MAX_SNAPSHOTS = 60
MAX_CHECKPOINTS = 12
MAX_RUN_BYTES = 128 * 2**20
MAX_BYTES = 512 * 2**20
Moment = TypeVar("Moment", Snapshot, Checkpoint)


@dataclass(frozen=True)
class MomentHistory:
    """Moments of one run, oldest first. Immutable: every method returns another history."""

    snapshots: tuple[Snapshot, ...] = ()
    checkpoints: tuple[Checkpoint, ...] = ()

    def take(self, event: Snapshot | Checkpoint) -> MomentHistory:
        """With one moment more, which replaces what was kept of its step and after it."""
        if isinstance(event, Snapshot):
            return replace(self, snapshots=thinned(added(self.snapshots, event), MAX_SNAPSHOTS))
        fit = MAX_RUN_BYTES // max(1, len(event.data))
        return replace(self, checkpoints=thinned(added(self.checkpoints, event), min(MAX_CHECKPOINTS, 1 + fit)))

    def until(self, step: int) -> MomentHistory:
        """Without what came after `step`."""
        return MomentHistory(
            tuple(moment for moment in self.snapshots if moment.step <= step),
            tuple(moment for moment in self.checkpoints if moment.step <= step),
        )

    def snapshot_at(self, step: int) -> Snapshot | None:
        """The last snapshot at or before `step`; the first of all where there is none before."""
        return nearest(self.snapshots, step) or next(iter(self.snapshots), None)

    def checkpoint_at(self, step: int) -> Checkpoint | None:
        """The last checkpoint at or before `step`, or None."""
        return nearest(self.checkpoints, step)

    def newest(self) -> MomentHistory:
        """Only the newest of each kind."""
        return MomentHistory(self.snapshots[-1:], self.checkpoints[-1:])

    @cached_property
    def nbytes(self) -> int:
        """Bytes of all snapshots, and of all checkpoints but the newest."""
        pictures = sum(array.nbytes for moment in self.snapshots for array in moment.arrays.values())
        return pictures + sum(moment.held for moment in self.checkpoints[:-1])


def added(moments: tuple[Moment, ...], new: Moment) -> tuple[Moment, ...]:
    """`moments` before the new one's step, and the new one."""
    return (*(moment for moment in moments if moment.step < new.step), new)


def nearest(moments: Sequence[Moment], step: int) -> Moment | None:
    """The last of `moments` at or before `step`."""
    return next((moment for moment in reversed(moments) if moment.step <= step), None)


def thinned(moments: tuple[Moment, ...], at_most: int) -> tuple[Moment, ...]:
    """At most `at_most` of them: again and again the one goes whose neighbours are closest together, the older one of
    equals, so that what stays is spread evenly over the steps. First and last stay; where only one may, the last."""
    kept = list(moments)
    while len(kept) > max(2, at_most):
        inner = range(1, len(kept) - 1)
        del kept[min(inner, key=lambda i: kept[i + 1].step - kept[i - 1].step)]
    return tuple(kept[-max(1, at_most) :])


def to_shed(histories: Sequence[MomentHistory], limit: int) -> dict[int, MomentHistory]:
    """What has to be forgotten so that all together take at most `limit` bytes: index -> the history that is left.

    The first lose theirs first: the checkpoints, then the snapshots; the newest of each stays, unless even those snapshots
    are too many.
    """
    left: dict[int, MomentHistory] = {}
    total = sum(history.nbytes for history in histories)
    lighter: tuple[Callable[[MomentHistory], MomentHistory], ...] = (
        lambda history: replace(history, checkpoints=history.checkpoints[-1:]),
        MomentHistory.newest,
    )
    steps = [(i, change) for i in range(len(histories)) for change in lighter]
    steps += [(i, lambda history: replace(history, snapshots=())) for i in range(len(histories))]
    for i, change in steps:
        if total <= limit:
            break
        before = left.get(i, histories[i])
        left[i] = change(before)
        total -= before.nbytes - left[i].nbytes
    return left
