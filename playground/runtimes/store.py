"""Keeps trainings on the disk: one thread that writes those that changed, beside those that read them, and what was cut off is opened again."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from playground.runtimes.base import RegistryError, UnknownRun
from playground.runtimes.claims import Claim, claim, claimed
from playground.runtimes.files import BROKEN, Damaged
from playground.runtimes.folder import Opened, RunFolder
from playground.runtimes.live import LiveRun
from playground.runtimes.records import ACTIVE, History, RunRecord
from playground.runtimes.shelf import Bounds, Shelf

EVERY = 2.0
"""Seconds from one writing of a run to the next; new weights do not wait for it."""
SHARE = 0.2
"""Of all time what writing a run may take, most of it waiting: on a slow disk large runs are written less often."""
AGAIN = 10.0
"""Seconds after which a writing that failed is tried again."""
TICK = 0.2
PICTURE_EVERY = 20.0
ELSEWHERE = "This run goes on in another program: what is shown is what it wrote last."
NOT_WRITTEN = "This run is not kept on the disk ({}): it goes on, and lasts as long as the server."
Picture = Callable[[RunRecord], bytes | None]


class RunStore:
    """The folders of all trainings under `path`. Every public method may be called from any thread; `note` returns at once."""

    def __init__(self, path: Path, bounds: Bounds = Bounds(), picture: Picture = lambda record: None, every: float = EVERY) -> None:
        self._picture, self._every = picture, every
        self._lock, self._writing, self._wake = threading.Lock(), threading.Lock(), threading.Event()
        self._closed = False
        self._changed: dict[str, LiveRun] = {}
        self._due: dict[str, tuple[float, float]] = {}
        self._weights: dict[str, int] = {}
        self._folders: dict[str, RunFolder] = {}
        self._claims: dict[str, Claim] = {}
        self._pictures: dict[str, tuple[float, bytes | None]] = {}
        self.shelf = Shelf(path, bounds, lambda: set(self._claims))
        self._thread = threading.Thread(target=self._write_forever, name="store", daemon=True)
        self._thread.start()

    def note(self, live: LiveRun) -> None:
        """Something of a training changed: it is written when that is due, and at once when it has ended."""
        run = live.record.run_id
        with self._lock:
            fresh = run not in self._changed
            self._changed[run] = live
        if fresh or not live.record.active:
            self._wake.set()

    def whole(self, live: LiveRun) -> bool:
        """Whether all of a run that has ended is on the disk."""
        run = live.record.run_id
        return not live.record.active and run not in self._changed and run not in self._claims and run in self.shelf

    def settled(self, live: LiveRun) -> bool:
        """Whether nothing of a run that has ended waits to be written; or its disk is full."""
        run = live.record.run_id
        return bool(live.record.unkept) or (run not in self._changed and run not in self._claims)

    def unwritten(self, run: str) -> LiveRun | None:
        """A run that is not whole on the disk yet."""
        return self._changed.get(run)

    def claim(self, run: str) -> None:
        """A run is about to go on here. Raises `RegistryError` where it goes on elsewhere."""
        with self._writing:
            if run in self._claims:
                return
            ours = claim(self.shelf.folder(run))
            if ours is None:
                raise RegistryError("This run goes on in another program: stop it there first.")
            self._claims[run] = ours

    def open(self, run: str) -> tuple[RunRecord, History]:
        """A run that is on the disk, with what there is to say of how it was left. Raises `UnknownRun`, or `RegistryError` with a sentence."""
        opened = self.read(run)
        return as_left(opened.record, opened.troubles, claimed(self.shelf.folder(run))), opened.history

    def read(self, run: str) -> Opened:
        """A run as it was written last. Raises as `open` does."""
        if run not in self.shelf:
            raise UnknownRun(run)
        folder = RunFolder(self.shelf.folder(run))
        try:
            opened = folder.read()
        except BROKEN as error:
            raise Damaged(f"This run cannot be read ({type(error).__name__}).") from None
        with self._writing:
            self._folders[run] = folder
        return opened

    def forget(self, run: str) -> None:
        """It left the memory."""
        with self._writing, self._lock:
            for known in (self._changed, self._folders, self._pictures, self._due, self._weights):
                known.pop(run, None)
            self._release(run)

    def flush(self) -> None:
        """Write all that changed, now. Blocks."""
        for live in list(self._changed.values()):
            self._write(live)

    def close(self) -> None:
        """Write what is left, and end the thread. Blocks for a moment."""
        self._closed = True
        self._wake.set()
        self._thread.join(10)
        self.flush()
        for ours in self._claims.values():
            ours.release()
        self._claims.clear()

    def _write_forever(self) -> None:
        self.shelf.make_room()
        while not self._closed:
            self._wake.wait(TICK if self._changed else None)
            self._wake.clear()
            for run, live in list(self._changed.items()):
                soon, due = self._due.get(run, (0.0, 0.0))
                at_once = not live.record.active and not live.record.unkept
                if at_once or time.monotonic() >= (due if live.checkpoints == self._weights.get(run) else soon):
                    self._write(live)

    def _write(self, live: LiveRun) -> None:
        run, began = live.record.run_id, time.monotonic()
        with self._writing:
            with self._lock:
                if self._changed.pop(run, None) is None:  # what changes from now on is written again
                    return  # it left the memory
            self._weights[run] = live.checkpoints
            try:
                self._put(live)
            except Exception as error:  # one run that cannot be written must not end the thread that writes all of them
                self._failed(live, error)
            else:
                live.warn("")
                soon = began + (time.monotonic() - began) / SHARE
                self._due[run] = soon, max(soon, began + self._every)

    def _failed(self, live: LiveRun, error: Exception) -> None:
        """Says so, and tries again later."""
        run = live.record.run_id
        if not isinstance(error, OSError):
            traceback.print_exc(file=sys.stderr)
        later = time.monotonic() + AGAIN
        self._due[run] = later, later
        live.warn(NOT_WRITTEN.format(getattr(error, "strerror", None) or type(error).__name__))
        with self._lock:
            self._changed.setdefault(run, live)

    def _put(self, live: LiveRun) -> None:
        record, curves = live.state()
        run = record.run_id
        first = run not in self.shelf
        if not record.let_go:  # else what is on the disk is more than what is left
            if run not in self._claims and (ours := claim(self.shelf.folder(run))) is not None:
                self._claims[run] = ours
            folder = self._folders.setdefault(run, RunFolder(self.shelf.folder(run)))
            folder.write(record, curves, self._picture_of(record))
            live.attempt.written(record.mark)
        if not record.active:
            self._release(run)
        if first or not record.active:
            self.shelf.make_room()

    def _release(self, run: str) -> None:
        """It does not go on here any more."""
        if (ours := self._claims.pop(run, None)) is not None:
            ours.release()

    def _picture_of(self, record: RunRecord) -> bytes | None:
        """A new one at the beginning, at the end, and now and then between."""
        made, picture = self._pictures.get(record.run_id, (float("-inf"), None))
        if picture is None or not record.active or time.monotonic() - made >= PICTURE_EVERY:
            picture = self._picture(record) or picture
            self._pictures[record.run_id] = time.monotonic(), picture
        return picture


def as_left(record: RunRecord, troubles: list[str], elsewhere: bool) -> RunRecord:
    """What a page is told of a run that was read: where it was cut off, and what of it is damaged."""
    said = record.message
    if elsewhere:
        said = ELSEWHERE
    elif record.status in ACTIVE:
        said = f"Cut off at step {record.step:,}: the program that trained it ended."
        said += (
            f" Continue goes on from step {record.checkpoint_step:,}."
            if record.checkpoint
            else " It left no weights: train it again."
        )
    if troubles:
        more = f" And {len(troubles) - 1} more." if len(troubles) > 1 else ""
        said = f"{said} {troubles[0]}{more}".strip()
        if record.checkpoint and record.checkpoint_step < record.step:
            said += f" The weights are those of step {record.checkpoint_step:,}."
    cut = record.status in ACTIVE or (record.status == "finished" and record.checkpoint_step < record.step)
    return replace(record, message=said, status="stopped" if cut else record.status)
