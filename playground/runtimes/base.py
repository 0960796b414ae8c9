"""The contract of all runtimes: start a task by its name, read its events, send it messages, end it.

A task is named `"module:function"`, and `function(*args, control=Control, **kwargs)` returns an iterator of events.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from playground.config import ConfigError
from playground.runs.control import Control, Message
from playground.runs.events import Event, Failed

SMALLER = "Try a smaller batch size or width."
_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory", "bad_alloc")


@dataclass(frozen=True)
class WorkerDied(Failed):
    """The worker ended before its task did: nothing need be wrong with the task, so it can be tried again."""


CLOSING = "The server is shutting down."


class RegistryError(RuntimeError):
    """Something that can not be done now; `str(error)` is a sentence for the person who asked."""


class RegistryFull(RegistryError):
    """No room for another run or job."""


class UnknownRun(KeyError):
    """No run has this id here."""

    def __str__(self) -> str:
        return "This run is not known here: the server was restarted since, or newer runs took its place."


class Run(Protocol):
    """One running task, somewhere."""

    def events(self) -> Iterator[Event]:
        """Block for event after event; may be read once. A task that died ends with a `Failed` that says so."""
        ...

    def send(self, message: Message) -> None:
        """Leave a message for the loop (see `control.py`); never blocks; does nothing once the run has ended.

        Raises `ValueError` with a sentence when the message makes no sense.
        """
        ...

    def cancel(self) -> None:
        """End at once and leave nothing behind; `events()` then ends without a further event."""
        ...


class Runtime(Protocol):
    """A place where tasks can run."""

    def start(self, task: str, *args: Any, **kwargs: Any) -> Run:
        """Start `task`; may take seconds where nothing is warm yet."""
        ...

    def warm_up(self) -> None:
        """Begin, in the background, what makes the first start quick."""
        ...


def load_task(task: str) -> Callable[..., Iterator[Event]]:
    """The function that `"module:function"` names."""
    module, _, function = task.partition(":")
    return getattr(importlib.import_module(module), function)


def events_of(task: str, args: tuple, kwargs: dict[str, Any], control: Control) -> Generator[Event, None, None]:
    """The events of a task, in this process; an exception becomes a last `Failed`, its traceback goes to stderr."""
    step = 0
    try:
        for event in load_task(task)(*args, control=control, **kwargs):
            step = getattr(event, "step", step)
            yield event
    except Exception as error:
        if not isinstance(error, ConfigError):
            traceback.print_exc(file=sys.stderr)
        yield failure(error, step)


def failure(error: Exception, step: int) -> Failed:
    """`error` in words a person can act on."""
    text = str(error)
    if isinstance(error, ConfigError):
        return Failed(step, text)
    if isinstance(error, MemoryError) or any(phrase in text.lower() for phrase in _OUT_OF_MEMORY):
        return Failed(step, f"Out of memory at step {step}.", SMALLER)
    return Failed(step, f"The run failed at step {step}: {type(error).__name__}: {text}")
