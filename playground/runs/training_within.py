"""A training as a part of a study: the one trainer, told in the steps of the study."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

from playground.runs.control import Control
from playground.runs.driver import Changes, Step, StudyFailed
from playground.runs.events import Event, Failed, Finished, Progress


def train_within(
    events: Iterator[Event], control: Control, step: Callable[[Progress], Step], what: str
) -> Generator[Step | None, Changes, bytes]:
    """Runs a training to its end and returns its checkpoint: `events` are its events, `control` is its own, which hears of the live
    settings that the study is told of. It is paused and stopped by leaving it alone, up to eight times a second. `step` makes a
    step of the study from its progress. Raises `StudyFailed` where it fails, with `what` in the sentence."""
    control.send({"kind": "watch", "rate": 0.0})
    for event in events:
        if isinstance(event, Failed):
            raise StudyFailed(f"{what} could not be trained: {event.message}", event.suggestion)
        if isinstance(event, Finished):
            return event.checkpoint
        changes = yield step(event) if isinstance(event, Progress) else None
        if changes:
            control.send({"kind": "set", "values": changes})
    raise StudyFailed(f"{what} could not be trained.")
