"""The contract of all runtimes: start a task by its name, read its events, send it messages, end it.

A task is named `"module:function"`, and `function(*args, control=Control, **kwargs)` returns an iterator of events.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from playground.config import ConfigError
from playground.data import DataError
from playground.runs.control import Control, Message
from playground.runs.events import Checkpoint, Event, Failed

TRAININGS = ("playground.questions.training:train",)
"""Tasks that can go on from a checkpoint, which they take as `resume`, and need no file of this machine: what may run elsewhere."""
SMALLER = "Try a smaller batch size or width."
IF_AGAIN = f"If it happens again, memory may be short. {SMALLER}"
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

    def for_answers(self) -> Runtime:
        """Where questions to a model are answered, for which a person waits."""
        ...


Mark = tuple[str, int]
"""Who runs a run that may outlast this program, and the number of its event that came last."""


@runtime_checkable
class LastingRun(Run, Protocol):
    """A run that may outlast this program."""

    @property
    def mark(self) -> Mark:
        """How far its events have come."""
        ...

    @property
    def settings(self) -> dict[str, Any]:
        """Live settings that were changed since it began."""
        ...

    def written(self, mark: Mark) -> None:
        """All up to there is on the disk, and need not be told again."""
        ...

    def leave(self) -> bool:
        """Let it go on without this program, where it can; whether it does. `events()` then ends without a further event."""
        ...


@runtime_checkable
class Lasting(Runtime, Protocol):
    """A runtime of which the next program finds runs again."""

    def start_lasting(self, run: str, task: str, *args: Any, **kwargs: Any) -> Run:
        """Start the task of a run, which is kept on the disk."""
        ...

    def find(self, run: str, mark: Mark | None, checkpoint: Checkpoint | None) -> LastingRun | None:
        """A run that still goes on: its events after `mark`, that which is on the disk, are yet to come; `checkpoint` is its newest there."""
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
        if not isinstance(error, (ConfigError, DataError)):
            traceback.print_exc(file=sys.stderr)
        yield failure(error, step)


def failure(error: Exception, step: int) -> Failed:
    """`error` in words a person can act on."""
    text = str(error)
    if isinstance(error, (ConfigError, DataError)):
        return Failed(step, text)
    if isinstance(error, MemoryError) or any(phrase in text.lower() for phrase in _OUT_OF_MEMORY):
        return Failed(step, f"Out of memory at step {step}.", SMALLER)
    return Failed(step, f"The run failed at step {step}: {type(error).__name__}: {text}")
