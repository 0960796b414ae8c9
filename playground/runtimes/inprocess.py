"""The plain runtime: the task runs in the thread that reads its events. For tests, scripts and the command line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from playground.runs.control import Control, Message
from playground.runs.events import Event
from playground.runtimes.base import events_of


class InProcessRun:
    """A generator and its `Control`."""

    def __init__(self, task: str, args: tuple, kwargs: dict[str, Any]) -> None:
        self._control = Control()
        self._events = events_of(task, args, kwargs, self._control)
        self._cancelled = False

    def events(self) -> Iterator[Event]:
        """Run the task, here, as far as the next event is asked for."""
        try:
            for event in self._events:
                if self._cancelled:
                    return
                yield event
        finally:
            self._events.close()

    def send(self, message: Message) -> None:
        self._control.send(message)

    def cancel(self) -> None:
        """End before the next event. A step that is under way in another thread is not interrupted."""
        self._cancelled = True
        self._control.send({"kind": "stop"})
        try:
            self._events.close()
        except ValueError:  # the generator is executing, in a thread that reads events(): that ends it
            pass


class InProcessRuntime:
    """Runs tasks where their events are read."""

    def start(self, task: str, *args: Any, **kwargs: Any) -> InProcessRun:
        return InProcessRun(task, args, kwargs)

    def warm_up(self) -> None:
        """Nothing to do."""

    def for_answers(self) -> InProcessRuntime:
        """The same."""
        return self
