"""Runs on a ZeroGPU Space, which lends a GPU for a minute at a time. Needs Hugging Face's package `spaces`, which such a Space has.

- A training is a chain of leases. Each forks this process, trains for `SECONDS` or until somebody pauses, stops and hands out a checkpoint; the next
  one goes on from there, to the same numbers. A paused training holds no GPU.
- Such a fork sees nothing of what happens here afterwards, and shows no back-pressure. So a `Mailbox` carries messages to it, and how many of its
  events have arrived; with `AHEAD` more it waits.
- What cannot go on from a checkpoint (measurements, answers to questions) is done by worker processes, without a GPU.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import deque
from collections.abc import Container, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import spaces

from playground.runs.control import Control, Message, check_message
from playground.runs.events import Answer, Checkpoint, Event, Failed, Finished, Paused, Started
from playground.runtimes.base import TRAININGS, Run, WorkerDied, events_of
from playground.runtimes.elsewhere import Elsewhere, wants_gpu
from playground.runtimes.mailbox import Letters, Mailbox
from playground.runtimes.standing import Standing
from playground.runtimes.worker import WorkerRuntime

LEASE = 60
"""Seconds of GPU time that are asked for at once: what a visitor without an account may have."""
SECONDS = 45.0
"""Of them spent on steps; the rest is for the start and for the last pictures and weights."""
AHEAD = 4
END = "end"
WAITS = "The model waits for its GPU: please ask again once it trains."
LATER = "Press Continue to go on from the last checkpoint when there is a GPU."


@dataclass(frozen=True)
class Lent:
    """The first thing that a lease says: which process it is."""

    pid: int


@dataclass(frozen=True)
class Over:
    """The last thing that a lease says whose time is up, or whose run was paused: the weights to go on from."""

    step: int
    checkpoint: bytes


@dataclass(frozen=True)
class Leased:
    """What a lease is given: a task, what was said to it before, its letter box, and its seconds."""

    task: str
    args: tuple
    kwargs: dict[str, Any]
    said: list[Message]
    mail: Path
    seconds: float


class Inbox:
    """The letters of a lease: messages for the loop, and numbers: events that have arrived."""

    def __init__(self, path: Path) -> None:
        self._letters, self._messages = Letters(path), deque[Message]()
        self.arrived, self.ended = 0, False

    def read(self) -> None:
        """Takes over what came."""
        for item in self._letters.read():
            if isinstance(item, int):
                self.arrived = item
            elif item == END:
                self.ended = True
                self._messages.append({"kind": "stop"})
            else:
                self._messages.append(item)

    def messages(self) -> list[Message]:
        """Those that came since the last time."""
        self.read()
        return [self._messages.popleft() for _ in range(len(self._messages))]


def lease(given: Leased) -> Iterator[Event | Lent | Over]:
    """What happens while a GPU is lent, in a process of its own: some of the events of a run, then `Over`, unless it has ended."""
    inbox, ended_here = Inbox(given.mail), threading.Event()
    control = Control(poll=inbox.messages)
    for message in given.said:
        control.send(message)

    def end() -> None:
        ended_here.set()
        control.send({"kind": "stop"})

    clock = threading.Timer(given.seconds, end)
    clock.daemon = True
    yield Lent(os.getpid())
    sent = 1
    try:
        for event in events_of(given.task, given.args, given.kwargs, control):
            if isinstance(event, Started):
                clock.start()
            if isinstance(event, Paused) and not event.paused:  # it moves to its end, and not for whoever paused it
                continue
            if isinstance(event, Finished) and event.stopped and ended_here.is_set():
                event = Over(event.step, event.checkpoint)
            yield event
            sent += 1
            if isinstance(event, Paused):
                end()
            while sent - inbox.arrived > AHEAD and not inbox.ended:
                time.sleep(0.005)
                inbox.read()
            if inbox.ended:
                return
    finally:
        clock.cancel()


class LeasedRun:
    """A training as a chain of leases. `lend` is `lease` as ZeroGPU runs it."""

    def __init__(self, lend: Any, task: str, args: tuple, kwargs: dict[str, Any], seconds: float) -> None:
        self._lend, self._task, self._args, self._kwargs, self._seconds = lend, task, args, kwargs, seconds
        self._standing, self._changed = Standing(), threading.Condition()
        self._mail: Mailbox | None = None
        self._asked: dict[int, None] = {}
        self._wanted, self._still, self._cancelled = False, False, False
        self._pid, self._step, self._kept = 0, 0, -1

    def events(self) -> Iterator[Event]:
        """The events of one lease after another, as if it were one run; a last `Failed` where no GPU was lent, or it was taken away."""
        resume: Over | None = None
        while not self._cancelled:
            over = yield from self._one(resume)
            if over is None or self._cancelled:
                return
            resume = over
            if over.step != self._kept:
                self._note(kept := Checkpoint(over.step, over.checkpoint))
                yield kept
            yield from self._refused()
            if self._still:
                yield from self._wait(over)
            if self._standing.stopped:
                yield Finished(over.step, over.checkpoint, stopped=True)
                return
            if self._still:
                self._still = False
                yield Paused(over.step, False)

    def send(self, message: Message) -> None:
        check_message(message)
        with self._changed:
            self._standing.take(message)
            if message["kind"] == "ask":
                self._asked[message["id"]] = None
            self._wanted |= message["kind"] == "checkpoint"
            if self._mail is not None:
                self._mail.post(message)
            self._changed.notify_all()

    def cancel(self) -> None:
        with self._changed:
            self._cancelled = True
            if self._mail is not None:
                self._mail.post(END)
            if self._pid not in (0, os.getpid()):
                try:
                    os.kill(self._pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            self._changed.notify_all()

    def _one(self, resume: Over | None) -> Generator[Event, None, Over | None]:
        """The events of one lease; returns what to go on from, if anything."""
        kwargs = self._kwargs if resume is None else self._kwargs | {"resume": resume.checkpoint}
        mail, arrived = Mailbox(), 0
        with self._changed:
            self._mail, said = mail, self._standing.messages()
        lent = self._lend(Leased(self._task, self._args, kwargs, said, mail.path, self._seconds))
        try:
            for event in lent:
                if self._cancelled:
                    return None
                arrived += 1
                mail.post(arrived)
                if isinstance(event, Over):
                    return event
                if isinstance(event, Lent):
                    self._pid = event.pid
                elif resume is None or not isinstance(event, Started):
                    self._note(event)
                    yield event
            return None
        except Exception as error:  # ZeroGPU says by errors of Gradio's that it lends none, and that the process is gone
            if not self._cancelled:
                yield self._failure(error, resume)
            return None
        finally:
            with self._changed:
                self._mail, self._pid = None, 0
            mail.post(END)  # before `close`, which waits for the lease
            lent.close()
            mail.close()

    def _note(self, event: Event) -> None:
        self._step = getattr(event, "step", self._step)
        if isinstance(event, Answer):
            self._asked.pop(event.id, None)
        elif isinstance(event, Checkpoint):
            self._wanted, self._kept = False, event.step
        elif isinstance(event, Paused):
            self._still = True

    def _wait(self, over: Over) -> Iterator[Event]:
        """Stands still, without a GPU, until somebody says otherwise."""
        while not self._cancelled:
            with self._changed:
                if not self._standing.paused:
                    break
                if not (self._asked or self._wanted):
                    self._changed.wait(1.0)
            yield from self._refused()
            if self._wanted:
                self._wanted = False
                yield Checkpoint(over.step, over.checkpoint)

    def _refused(self) -> Iterator[Event]:
        """To questions that no lease has answered: why not."""
        with self._changed:
            asked, self._asked = self._asked, {}
        for ident in asked:
            yield Answer(ident, None, WAITS)

    def _failure(self, error: Exception, resume: Over | None) -> Failed:
        """What is said when there is no GPU, or no longer."""
        why = " ".join(str(getattr(error, "message", None) or error).split())[:300]
        kept = resume.checkpoint if resume is not None else None
        if self._pid:
            return WorkerDied(self._step, f"The GPU was taken away at step {self._step} ({why}).")
        return Failed(
            self._step, f"No GPU was lent at step {self._step}: {why}", LATER if kept else "Please try again later.", kept
        )


class ZeroGPURuntime(Elsewhere):
    """Leases for `trainings`, `workers` for all else. `seconds` of steps in a lease."""

    def __init__(self, workers: WorkerRuntime, seconds: float = SECONDS, trainings: Container[str] = TRAININGS) -> None:
        super().__init__(workers, trainings)
        self._seconds = seconds
        self._lend = spaces.GPU(duration=LEASE)(lease)

    def start(self, task: str, *args: Any, **kwargs: Any) -> Run:
        """A chain of leases, or a worker."""
        if not (task in self._trainings and wants_gpu(args)):
            return self._workers.start(task, *args, **kwargs)
        return LeasedRun(self._lend, task, args, kwargs, self._seconds)
