"""Who answers a question about a run's model: the run itself between two steps, or an inspection worker.

Measured on two cores: to decode a point takes the default autoencoder 0.1 ms between steps of 7 ms, so the run answers such questions
itself (`between_steps` in the catalogue of questions). All others take from 10 ms (a thousand images encoded) to seconds (the distance of samples; a
thousand images through convolutions), for which training would stand still. They go to a worker of their own, with a copy
of the averaged weights that costs the run 2 ms. A slow run (a convolutional step takes 100 ms) would keep quick questions
waiting, too: there the worker answers them in 8 ms, with weights that are about a second old.

A worker starts when it is first needed, and ends after two minutes without a question (`questions/worker.py`). There are
at most a few; the one that was idle longest makes room.
"""

from __future__ import annotations

import asyncio
import math
import sys
import threading
import time
import traceback
from typing import Any

from playground.config import ConfigError
from playground.questions.catalogue import find
from playground.runs.events import Answer, Failed
from playground.runtimes.asking import Arrays, Questions, Refused, Unanswered
from playground.runtimes.attempt import Attempt
from playground.runtimes.base import RegistryError, RegistryFull, Runtime
from playground.runtimes.live import LiveRun

SERVE = "playground.questions.worker:serve"
SLOW = 30.0
"""Steps a second below which quick questions do not wait for the next step."""
FRESH_SECONDS = 0.25
"""Weights of a run that goes on are no older than this when a question goes to a worker ..."""
QUICK_FRESH_SECONDS = 1.0
"""... except for quick questions: weights older than this are renewed, but not waited for ..."""
STALE_SECONDS = 5.0
"""... unless they are older than this."""


class Inspector:
    """One inspection worker: the weights that it holds, and the questions to it."""

    def __init__(self, runtime: Runtime, checkpoint: bytes, fetched: float) -> None:
        self.held = checkpoint, fetched
        self.used = time.monotonic()
        self.ended = False
        self._attempt, self._lock = Attempt(), threading.Lock()
        self._thread = threading.Thread(target=self._read, args=(runtime, checkpoint), name="inspector", daemon=True)
        self._thread.start()

    @property
    def questions(self) -> Questions:
        return self._attempt.questions

    def ask(self, checkpoint: bytes, fetched: float, name: str, args: dict[str, Any]):
        """The future answer of the model of `checkpoint`. May block for as long as a checkpoint takes through a pipe."""
        with self._lock:  # so that no other checkpoint comes between this one and its question
            self.used = time.monotonic()
            self._hold(checkpoint, fetched)
            return self.questions.ask(name, args)

    def renew(self, checkpoint: bytes, fetched: float) -> None:
        """Take up newer weights, for the questions to come. May block as `ask` does."""
        with self._lock:
            self._hold(checkpoint, fetched)

    def cancel(self) -> None:
        """End it; questions under way end in `Unanswered`."""
        self.ended = True
        self._attempt.cancel()

    def join(self, timeout: float) -> None:
        self._thread.join(timeout)

    def _hold(self, checkpoint: bytes, fetched: float) -> None:
        if checkpoint is not self.held[0]:
            self._attempt.send({"kind": "ask", "id": 0, "name": "load", "args": {"checkpoint": checkpoint}})
        self.held = checkpoint, fetched

    def _read(self, runtime: Runtime, checkpoint: bytes) -> None:
        why = "The worker that answers questions ended: please ask again."
        try:
            if not self._attempt.cancelled:
                run = runtime.start(SERVE, checkpoint)
                self._attempt.adopt(run)
                for event in run.events():
                    if isinstance(event, Answer):
                        self.questions.take(event)
                    elif isinstance(event, Failed):
                        why = event.message
        except Exception as error:  # the runtime's own failure, not the task's
            traceback.print_exc(file=sys.stderr)
            why = f"No worker could answer this: {type(error).__name__}."
        self.ended = True
        self.questions.close(why)


class Inspectors:
    """The inspection workers of a registry, at most one a run and `at_most` in all."""

    def __init__(self, runtime: Runtime, at_most: int = 3) -> None:
        self._runtime, self._at_most = runtime.for_answers(), at_most
        self._lock, self._closed = threading.Lock(), False
        self._by_run: dict[str, Inspector] = {}
        self._renewing: dict[str, asyncio.Task] = {}

    def __len__(self) -> int:
        return sum(not inspector.ended for inspector in list(self._by_run.values()))

    async def ask(self, live: LiveRun, name: str, args: dict[str, Any], kept: bytes | None) -> Arrays:
        """The answer of a run's model as it is now, or as it was in the checkpoint `kept`. Raises `RegistryError`."""
        try:
            quick = find(name).between_steps
        except ConfigError as error:
            raise Refused(str(error)) from None
        if kept is not None or not live.record.active or live.record.waiting:
            return await self._inspect(live, self._newest(live) if kept is None else kept, -math.inf, name, args)
        try:
            if quick and not slow(live):
                return await asyncio.wrap_future(live.attempt.questions.ask(name, args))
            checkpoint, fetched = await self._weights(live, quick)
        except Unanswered:  # the run ended at this very moment
            checkpoint, fetched = self._newest(live), -math.inf
        return await self._inspect(live, checkpoint, fetched, name, args)

    def close(self) -> None:
        """End every worker. Blocks for a moment."""
        with self._lock:
            self._closed, inspectors = True, list(self._by_run.values())
        for inspector in inspectors:
            inspector.cancel()
        for inspector in inspectors:
            inspector.join(5)

    async def _inspect(self, live: LiveRun, checkpoint: bytes, fetched: float, name: str, args: dict[str, Any]) -> Arrays:
        """Ask the run's worker; once again if it ended meanwhile."""
        try:
            return await asyncio.wrap_future(await asyncio.to_thread(self._submit, live, checkpoint, fetched, name, args))
        except Unanswered:
            return await asyncio.wrap_future(await asyncio.to_thread(self._submit, live, checkpoint, fetched, name, args))

    def _submit(self, live: LiveRun, checkpoint: bytes, fetched: float, name: str, args: dict[str, Any]):
        run_id = live.record.run_id
        with self._lock:
            if self._closed:
                raise RegistryError("The server is shutting down.")
            self._by_run = {key: inspector for key, inspector in self._by_run.items() if not inspector.ended}
            if run_id not in self._by_run:
                self._make_room()
                self._by_run[run_id] = Inspector(self._runtime, checkpoint, fetched)
            inspector = self._by_run[run_id]
        return inspector.ask(checkpoint, fetched, name, args)

    def _make_room(self) -> None:
        if len(self._by_run) < self._at_most:
            return
        idle = [run_id for run_id, inspector in self._by_run.items() if not inspector.questions.under_way]
        if not idle:
            raise RegistryFull("All workers that answer questions are busy: please try again in a moment.")
        self._by_run.pop(min(idle, key=lambda run_id: self._by_run[run_id].used)).cancel()

    async def _weights(self, live: LiveRun, quick: bool) -> tuple[bytes, float]:
        """The averaged weights of a run that goes on, and when they were fetched: those that its worker holds, while they are
        fresh enough for the question; for a `quick` one they may be older."""
        inspector = self._by_run.get(live.record.run_id)
        if inspector is not None and not inspector.ended:
            held = inspector.held
            age = time.monotonic() - held[1]
            if age < FRESH_SECONDS or (quick and age < QUICK_FRESH_SECONDS):
                return held
            if quick and age < STALE_SECONDS:
                self._renew(live, inspector)
                return held
        return await fetch(live)

    def _renew(self, live: LiveRun, inspector: Inspector) -> None:
        """Fetch newer weights in the background."""

        async def renew() -> None:
            try:
                weights = await asyncio.wait_for(fetch(live), STALE_SECONDS)
                await asyncio.to_thread(inspector.renew, *weights)
            except (RegistryError, TimeoutError):
                pass
            finally:
                self._renewing.pop(live.record.run_id, None)

        if live.record.run_id not in self._renewing:
            self._renewing[live.record.run_id] = asyncio.create_task(renew())

    def _newest(self, live: LiveRun) -> bytes:
        return live.weights("This run left no weights that could be asked: please train it first.")


def slow(live: LiveRun) -> bool:
    """Whether a step of the run takes so long that a quick question should not wait for its end."""
    record = live.record
    return record.status == "running" and record.progress is not None and 0 < record.progress.steps_per_second < SLOW


async def fetch(live: LiveRun) -> tuple[bytes, float]:
    """A copy of the averaged weights of a run that goes on, and the time."""
    answer = await asyncio.wrap_future(live.attempt.questions.ask("weights", {}))
    return answer["checkpoint"].tobytes(), time.monotonic()
