"""Questions on their way to a worker, and the futures that their answers go to."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from typing import Any

import numpy as np

from playground.runs.control import Message
from playground.runs.events import Answer
from playground.runtimes.base import RegistryError, RegistryFull

Arrays = dict[str, np.ndarray]
MAX_UNDER_WAY = 16
"""Questions that wait for one worker at a time; further ones are refused."""


class Refused(RegistryError):
    """The model was asked something that it refused, with a sentence."""


class Unanswered(RegistryError):
    """The worker ended before it answered; another one may."""


class Questions:
    """The questions to one worker. Every method may be called from any thread."""

    def __init__(self, send: Callable[[Message], None]) -> None:
        self._send = send
        self._lock = threading.Lock()
        self._numbers = itertools.count(time.time_ns())  # no other program's, whose run this may have been
        self._waiting: dict[int, Future[Arrays]] = {}
        self._closed: str | None = None

    def ask(self, name: str, args: dict[str, Any]) -> Future[Arrays]:
        """The future answer; it may end in `Refused` or `Unanswered`. Raises `RegistryFull` when too many are under way."""
        future: Future[Arrays] = Future()
        with self._lock:
            self._waiting = {number: other for number, other in self._waiting.items() if not other.done()}
            if len(self._waiting) >= MAX_UNDER_WAY:
                raise RegistryFull("Too many questions to this model are under way: please try again in a moment.")
            if self._closed is not None:
                raise Unanswered(self._closed)
            number = next(self._numbers)
            self._waiting[number] = future
        self._send({"kind": "ask", "id": number, "name": name, "args": args})
        return future

    @property
    def under_way(self) -> int:
        """How many wait for an answer."""
        with self._lock:
            return sum(not future.done() for future in self._waiting.values())

    def take(self, answer: Answer) -> None:
        """Hand over an answer; whoever has stopped waiting for it misses nothing."""
        with self._lock:
            future = self._waiting.pop(answer.id, None)
        if future is not None:
            settle(future, answer.arrays, None if answer.arrays is not None else Refused(answer.error))

    def close(self, why: str = "The worker ended before it answered.") -> None:
        """No more answers will come."""
        with self._lock:
            self._closed, waiting, self._waiting = why, self._waiting, {}
        for future in waiting.values():
            settle(future, None, Unanswered(why))


def settle(future: Future[Arrays], result: Arrays | None, error: Exception | None) -> None:
    """Complete `future`, unless whoever waited for it gave up at this very moment."""
    try:
        future.set_exception(error) if error is not None else future.set_result(result or {})
    except InvalidStateError:
        pass
