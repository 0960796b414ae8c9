"""One run of the registry: its record, the thread that reads its events, and whoever waits for news of it."""

from __future__ import annotations

import asyncio
import sys
import threading
import traceback
from dataclasses import replace
from typing import Any

from playground.control import Message, check_message
from playground.events import Event, Failed, Finished, Paused
from playground.runtimes.base import Run, Runtime
from playground.runtimes.records import History, RunRecord, advance


class Attempt:
    """One worker's part in a run: `continue_` makes a further one. Messages wait here until the worker has started."""

    def __init__(self) -> None:
        self._run: Run | None = None
        self._lock = threading.Lock()
        self._pending: list[Message] = []
        self.cancelled = False
        self.stopping = False

    def adopt(self, run: Run) -> None:
        """The worker has started."""
        with self._lock:
            self._run = run
            for message in self._pending:
                run.send(message)
        if self.cancelled:
            run.cancel()

    def send(self, message: Message) -> None:
        check_message(message)
        with self._lock:
            if self._run is None:
                self._pending.append(message)
            else:
                self._run.send(message)

    def cancel(self) -> None:
        self.cancelled = True
        if self._run is not None:
            self._run.cancel()


class LiveRun:
    """A record that changes. Every public method may be called from any thread."""

    def __init__(self, run_id: str, config: Any, now: float) -> None:
        values = config.model_dump() if hasattr(config, "model_dump") else {}
        self.config = config
        self.record = RunRecord(run_id, values)
        self.changed = threading.Condition()
        self.attempt = Attempt()
        self.thread: threading.Thread | None = None
        self.touched = now
        self.quiet = False  # the loop was told that nobody looks
        self.resting = False  # we paused it, not a person
        self.checkpoints = 0
        self._history = History()
        self._note = ""
        self._waiters: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    def launch(self, runtime: Runtime, task: str, kwargs: dict[str, Any], **changes: Any) -> None:
        """Start `task` in a worker, from a thread of its own: the first start may take seconds.

        `changes` are made to the record at once.
        """
        with self.changed:
            self.attempt = attempt = Attempt()
            self.quiet = self.resting = False
            self._note = ""
            self._put(status="starting", message="", suggestion="", **changes)
            args = (attempt, runtime, task, kwargs)
            self.thread = threading.Thread(target=self._read, args=args, name="run", daemon=True)
            self.thread.start()

    def say(self, message: str, note: str | None = None) -> None:
        """Show `message` now; show `note` once the run has done what it was asked to."""
        with self.changed:
            if note is not None:
                self._note = note
            if self.record.active:
                self._put(message=message)

    @property
    def watched(self) -> bool:
        """Whether somebody waits for news at this moment."""
        return bool(self._waiters)

    async def wait(self, version: int, timeout: float) -> RunRecord:
        """The record as soon as it is newer than `version`, or as it is after `timeout` seconds."""
        waiter = (asyncio.get_running_loop(), asyncio.Event())
        with self.changed:
            if self.record.version > version:
                return self.record
            self._waiters.add(waiter)
        try:
            await asyncio.wait_for(waiter[1].wait(), timeout)
        except TimeoutError:
            pass
        finally:
            with self.changed:
                self._waiters.discard(waiter)
        return self.record

    def _read(self, attempt: Attempt, runtime: Runtime, task: str, kwargs: dict[str, Any]) -> None:
        try:
            if not attempt.cancelled:
                run = runtime.start(task, self.config, **kwargs)
                attempt.adopt(run)
                for event in run.events():
                    self._take(attempt, event)
        except Exception as error:  # the runtime's own failure, not the task's
            traceback.print_exc(file=sys.stderr)
            self._take(attempt, Failed(self.record.step, f"No worker could run this: {type(error).__name__}: {error}"))
        with self.changed:
            if attempt is self.attempt and self.record.active:
                self._put(status="stopped", message=self._note or "Stopped.")

    def _take(self, attempt: Attempt, event: Event) -> None:
        with self.changed:
            if attempt is not self.attempt:
                return
            if isinstance(event, Paused) and not event.paused:
                self._note = self._note if attempt.stopping else ""
            record = advance(self.record, event, self._history, self._note)
            if not isinstance(event, Finished) and attempt.stopping and record.active:
                record = replace(record, message=self.record.message)  # it still says that it is stopping
            self.checkpoints += record.checkpoint is not self.record.checkpoint
            self.record = record
            self._wake()

    def _put(self, **changes: Any) -> None:
        self.record = replace(self.record, version=self.record.version + 1, **changes)
        self._wake()

    def _wake(self) -> None:
        self.changed.notify_all()
        for loop, event in self._waiters:
            try:
                loop.call_soon_threadsafe(event.set)
            except RuntimeError:  # that loop has ended
                pass
