"""What runs may keep in memory: those that are on the disk leave it when nobody looks at them, and come back when somebody does; of all others the
oldest give up moments and weights where there are too many."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

from playground.runtimes.base import UnknownRun
from playground.runtimes.live import LiveRun
from playground.runtimes.moments import to_shed
from playground.runtimes.store import RunStore

MAX_WEIGHTS = 2**30
"""Bytes of checkpoints that all runs that have ended may keep together."""
UNSEEN_SECONDS = 60.0
"""After which a run that has ended and is on the disk leaves the memory."""


class Memory:
    """The rules for `runs`, by id, the oldest first. Every method may be called from any thread."""

    def __init__(
        self, runs: dict[str, LiveRun], store: RunStore | None, moment_bytes: int, weight_bytes: int, clock: Callable[[], float]
    ) -> None:
        self.runs, self.store, self.moment_bytes, self.weight_bytes, self.clock = runs, store, moment_bytes, weight_bytes, clock
        self._shedding, self._opening = threading.Lock(), threading.Lock()

    def noted(self, live: LiveRun) -> None:
        """A training has changed."""
        if self.store is not None:
            self.store.note(live)
        self.bound()

    def find(self, run: Any) -> LiveRun:
        """A run that is here, or on the disk, from where reading it may take a while. Raises `UnknownRun`, or `RegistryError` with a sentence."""
        if not isinstance(run, str):
            raise UnknownRun(run)
        if run in self.runs or self.store is None:
            return self._here(run)
        with self._opening:
            if run in self.runs:
                return self._here(run)
            live = self.store.unwritten(run) or LiveRun.opened(*self.store.open(run), self.clock(), self.noted)
            self.runs[run] = live
        return live

    def _here(self, run: str) -> LiveRun:
        live = self.runs.get(run)
        if live is None:
            raise UnknownRun(run)
        return live

    def bound(self) -> None:
        """Lets go of what is too much."""
        with self._shedding:
            self._leave(lambda unseen: self._too_much())
            bound_moments(list(self.runs.values()), self.moment_bytes)
            bound_weights(list(self.runs.values()), self.weight_bytes)

    def rest(self) -> None:
        """Lets go of what nobody has looked at for a while, too."""
        with self._shedding:
            self._leave(lambda unseen: unseen > UNSEEN_SECONDS)
        self.bound()

    def may_leave(self, live: LiveRun) -> bool:
        """Whether a run has ended, and does not wait to be written: of those that do, the bounds here hold what they keep."""
        return not live.record.active and (self.store is None or self.store.settled(live))

    def leave(self, run: str) -> None:
        """A run leaves the memory."""
        self.runs.pop(run, None)
        if self.store is not None:
            self.store.forget(run)

    def leave_beyond(self, most: int) -> None:
        """The oldest that have ended leave while there are more than so many."""
        ended = [run for run, live in self.runs.items() if self.may_leave(live)]
        for run in ended[: max(0, len(self.runs) - most)]:
            self.leave(run)

    def _leave(self, wanted: Callable[[float], bool]) -> None:
        """Those that are whole on the disk leave while it is `wanted`, the one first that was looked at longest ago."""
        store = self.store
        if store is None:
            return
        for live in sorted(list(self.runs.values()), key=lambda live: live.touched):
            if not wanted(self.clock() - live.touched):
                return
            if live.trains and not live.watched and store.whole(live):
                self.leave(live.record.run_id)

    def _too_much(self) -> bool:
        records = [live.record for live in list(self.runs.values())]
        moments = sum(record.moments.nbytes for record in records if record.moments)
        return moments > self.moment_bytes or sum(r.weights_bytes for r in records if not r.active) > self.weight_bytes


def bound_moments(runs: Iterable[LiveRun], limit: int) -> None:
    """Forget moments while `runs`, the oldest first, keep more than `limit` bytes of them: those of the oldest run go first,
    and of runs that have ended before those that go on. Needs no lock of the registry's."""
    kept = [(live, live.record.moments) for live in sorted(runs, key=lambda live: live.record.active)]
    found = [(live, moments) for live, moments in kept if moments is not None]
    for i, left in to_shed([moments for _, moments in found], limit).items():
        live, moments = found[i]
        live.forget(moments, left)


def bound_weights(runs: Iterable[LiveRun], limit: int) -> None:
    """Let weights go while `runs` that have ended keep more than `limit` bytes of them: first of those that nobody watches, of them
    first those that were looked at longest ago. The last one of this order keeps its weights in any case."""
    ended = [live for live in runs if not live.record.active and live.record.weights_bytes]
    ended.sort(key=lambda live: (live.watched, live.touched))
    total = sum(live.record.weights_bytes for live in ended)
    for live in ended[:-1]:
        if total <= limit:
            return
        total -= live.record.weights_bytes
        live.let_go()
