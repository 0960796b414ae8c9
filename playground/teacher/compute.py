"""What a step of a training costs, in operations: counted once for the same settings, one after another, in a worker."""

from __future__ import annotations

import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from typing import Any

from playground.config import RunConfig
from playground.runtimes.base import RegistryError, RegistryFull
from playground.runtimes.jobs import first_arrays
from playground.runtimes.registry import RunRegistry
from playground.teacher.task import FREE

TASK = "playground.teacher.measuring:cost_run"
KNOWN, AHEAD = 2000, 16
"""Settings whose cost is remembered, and those before one in line with which a page still gets in line."""
PATIENCE = 90.0
"""Seconds that Train waits for a count."""
SAME = FREE - {"dataset"} | {
    "steps",
    "seed",
    "learning_rate",
    "warmup_steps",
    "decay",
    "gradient_clip",
    "ema_length",
    "guidance_scale",
}
"""Settings that change nothing of what a step costs."""
BUSY = "What these settings cost has not been counted yet, for the machine is busy: please try again."


class InOrder:
    """Does one thing after another, in a thread that keeps no program from ending."""

    def __init__(self, name: str) -> None:
        self._queue: queue.SimpleQueue[tuple[Callable[[], Any], Future]] = queue.SimpleQueue()
        self._name, self._thread = name, None

    def __len__(self) -> int:
        return self._queue.qsize()

    def put(self, work: Callable[[], Any]) -> Future:
        """Its result, once it has been its turn."""
        future: Future = Future()
        self._queue.put((work, future))
        if self._thread is None:
            self._thread = threading.Thread(target=self._go, name=self._name, daemon=True)
            self._thread.start()
        return future

    def _go(self) -> None:
        while True:
            work, future = self._queue.get()
            try:
                future.set_result(work())
            except BaseException as error:  # it is whoever waits for it that is told
                future.set_exception(error)


def in_turn(registry: RunRegistry, task: str, *args: Any, patience: float = PATIENCE) -> dict[str, Any]:
    """The arrays of a job, which waits where too many are under way."""
    end = time.monotonic() + patience
    while True:
        try:
            return first_arrays(registry.run_job(task, *args))
        except RegistryFull:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


class Costs:
    """Every method may be called from any thread."""

    def __init__(self, registry: RunRegistry) -> None:
        self._registry, self._lock, self._line = registry, threading.Lock(), InOrder("costs")
        self._counts: OrderedDict[str, Future] = OrderedDict()

    def of(self, config: RunConfig) -> float:
        """Operations of a step. Blocks while they are counted; raises `RegistryError` where that takes too long."""
        try:
            return self._asked(config).result(PATIENCE)
        except Late:
            raise RegistryError(BUSY) from None

    def known(self, config: RunConfig) -> float | None:
        """The same without waiting: None until it has been counted."""
        if len(self._line) >= AHEAD:
            return None
        count = self._asked(config)
        return count.result() if count.done() and not count.exception() else None

    def _asked(self, config: RunConfig) -> Future:
        fields = type(config).model_fields
        same = config.replace(
            **{name: fields[name].default for name in SAME if name in fields} | {"device": "cpu", "precision": "f32"}
        )
        key = same.model_dump_json()
        with self._lock:
            count = self._counts.get(key)
            if count is None or (count.done() and count.exception()):
                count = self._counts[key] = self._line.put(lambda: float(in_turn(self._registry, TASK, same)["operations"]))
                while len(self._counts) > KNOWN:
                    self._counts.popitem(last=False)
            self._counts.move_to_end(key)
            return count
