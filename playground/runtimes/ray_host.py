"""The end of a run that stands in a Ray cluster: an actor with one task, which keeps each event until it is known to have arrived.

One that is to outlast the program that began it (`Parcel.run`) keeps its events until they are on the disk there. While nobody asks for them it goes on,
with fewer pictures, and after `Parcel.alone` seconds it ends: what was kept of it is on the disk of whoever left.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from playground.data.own import shelf
from playground.data.writing import write_file
from playground.runs.control import SNAPSHOT_RATE, Control, Message
from playground.runs.events import Answer, Checkpoint, Event, Snapshot
from playground.runtimes.base import events_of
from playground.runtimes.moments import MAX_CHECKPOINTS, MAX_RUN_BYTES, MAX_SNAPSHOTS, thinned
from playground.runtimes.standing import Standing
from playground.runtimes.worker import share_gpu

AHEAD = 4
"""Events that wait to be taken: a task with so many stands still, which is the back-pressure."""
PATIENCE = 5.0
"""Seconds that `take` waits for an event, at most: then it answers with none, and shows that the actor lives."""
AT_ONCE = 64
"""Events that `take` brings, at most."""
ALONE_AFTER = 3 * PATIENCE
"""Seconds without a `take` after which nobody is thought to be there."""
ALONE_SECONDS = 600.0
"""For so long a task goes on with nobody there."""
ALONE_RATE = 0.2
"""Snapshots a second then, to look back at."""
MOST = 20_000
"""Events that are kept, at most, where they cannot be written."""


@dataclass(frozen=True)
class Parcel:
    """What a task needs beside its code: its arguments, how many threads it may take, the share of a GPU's memory that is its own (0: no
    GPU), and the files of data that were brought, by name; and the run that it is of, where that is to outlast the program that began it."""

    task: str
    args: tuple
    kwargs: dict[str, Any]
    threads: int = 1
    gpu_share: float = 0.0
    data: dict[str, bytes] = field(default_factory=dict, repr=False)
    run: str = ""
    alone: float = ALONE_SECONDS


class Host:
    """Runs a task in a thread of its own, so that what is said to it arrives while a step goes on. To be an actor with some calls at a time:
    those that wait in `take`, and `send`. Events are numbered from 1."""

    def __init__(self, parcel: Parcel) -> None:
        self._parcel, self._control, self._standing = parcel, Control(), Standing()
        self._events: dict[int, Event] = {}
        self._made = self._arrived = self._written = 0
        self._over, self._alone, self._changed = False, False, threading.Condition()
        self._settle()
        self._asked = time.monotonic()
        threading.Thread(target=self._work, name="task", daemon=True).start()
        if parcel.run:
            threading.Thread(target=self._look, name="look", daemon=True).start()

    def take(self, arrived: int, written: int = 0) -> tuple[list[tuple[int, Event]], bool]:
        """The events after number `arrived`, and whether no more will come after those. Waits for one. Those up to `written`, or of a task that
        is not to outlast us up to `arrived`, need not be kept any longer."""
        with self._changed:
            self._asked = time.monotonic()
            if self._alone:
                self._alone = False
                self._control.send({"kind": "watch", "rate": self._standing.rate(SNAPSHOT_RATE)})
            self._arrived, self._written = arrived, max(self._written, written if self._parcel.run else arrived)
            self._forget()
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._newest() > arrived or self._over, PATIENCE)
            self._asked = time.monotonic()
            return list(islice(((n, e) for n, e in self._events.items() if n > arrived), AT_ONCE)), self._over

    def send(self, message: Message) -> None:
        """A message for the loop."""
        self._standing.take(message)
        self._control.send(message)

    def about(self) -> tuple[Parcel, Standing]:
        """What whoever takes it up has to know. Answers are let go: nobody waits for them any more."""
        with self._changed:
            self._events = {n: event for n, event in self._events.items() if not isinstance(event, Answer)}
            return self._parcel, self._standing

    def pid(self) -> int:
        """Of the actor's process."""
        return os.getpid()

    def _work(self) -> None:
        for event in events_of(self._parcel.task, self._parcel.args, self._parcel.kwargs, self._control):
            with self._changed:
                self._changed.wait_for(lambda: self._alone or self._newest() - self._arrived < AHEAD)
                self._made += 1
                self._events[self._made] = event
                if isinstance(event, (Snapshot, Checkpoint)):
                    self._thin(event)
                self._changed.notify_all()
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def _look(self) -> None:
        """Goes on with fewer pictures where nobody is there, and ends where nobody comes."""
        while (since := time.monotonic() - self._asked) < self._parcel.alone:
            if since > min(ALONE_AFTER, self._parcel.alone / 2) and not self._alone:
                with self._changed:
                    self._alone = True
                    self._changed.notify_all()
                self._control.send({"kind": "watch", "rate": ALONE_RATE})
            time.sleep(min(1.0, self._parcel.alone / 10))
        self._quit()

    def _quit(self) -> None:
        """Ends the actor, whatever its loop is doing."""
        os._exit(0)

    def _newest(self) -> int:
        """The number of the last event that is kept."""
        return next(reversed(self._events), 0)

    def _forget(self) -> None:
        """What is written, answers that have arrived, and the oldest where nothing can be written."""
        for n, event in list(self._events.items()):
            if n > max(self._arrived, self._written):
                break
            if n <= self._written or isinstance(event, Answer) or len(self._events) > MOST:
                del self._events[n]

    def _thin(self, newest: Snapshot | Checkpoint) -> None:
        """Of pictures, or of weights, that nobody waits for no more stay than a run keeps of its past."""
        most = MAX_SNAPSHOTS
        if isinstance(newest, Checkpoint):
            most = min(MAX_CHECKPOINTS, 1 + MAX_RUN_BYTES // max(1, newest.size))
        found: list[tuple[int, Any]] = [
            (n, event)
            for n, event in self._events.items()
            if isinstance(event, type(newest)) and (self._alone or n <= self._arrived)
        ]
        if len(found) > 2 * most:
            kept = {id(event) for event in thinned(tuple(event for _, event in found), most)}
            for n in [n for n, event in found if id(event) not in kept]:
                del self._events[n]

    def _settle(self) -> None:
        """Makes a process of Ray's a good place for one training."""
        import torch

        from playground.runs import threads

        torch.set_num_threads(1)
        threads.most = self._parcel.threads
        share_gpu(self._parcel.gpu_share)
        if self._parcel.data:
            os.environ.pop(shelf.FOLDER, None)  # the node's own temporary place, bounded and swept as everywhere
            for name, content in self._parcel.data.items():
                path = shelf.path_of(name)
                if not path.is_file():
                    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                    write_file(path, content)
                    shelf.shed(shelf.MAX_BYTES, path)
