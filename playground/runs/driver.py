"""One driver for every run that is not a training: it makes events of what a study finds, on one clock.

A study is a generator. It yields `Started`, then a `Step` after each piece of its work, and ends when all is done:

    def heights(config: Heights) -> Study:
        yield Started(config.model_dump() | {"steps": config.n}, 0, "cpu")
        found = []
        for k in range(config.n):
            found.append(measure(k))
            yield Step(k + 1, config.n, results=lambda: {"heights": np.array(found)}, numbers={"a height": found[-1]})

    def heights_run(config: Heights, control: Control | None = None) -> Iterator[Event]:
        return drive(heights(config), control)

It reads no clock and no control. Whenever it yields, the driver may tell how far it is, have a picture made of its results, let
it wait through a pause, or close it at a stop (its `finally` is run). So a study yields often, within long work, too: there
plain `None`s, which `Work` yields.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from playground.runs.cadence import Cadence, Pace
from playground.runs.control import Control
from playground.runs.events import Answer, Event, Failed, Finished, Paused, Progress, Snapshot, Started

REPORTS_PER_SECOND = 8.0
PICTURES_PER_SECOND = 2.0
"""At most, however often somebody looks: results come more slowly than those of a training, and weigh more."""
NO_MODEL = "Only a model can be asked: this run measures one, or draws from it."
DIVERGED = "The model may have diverged: look at its loss, train it again with a smaller learning rate, and repeat this."

Arrays = dict[str, np.ndarray]
Changes = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """What a study says when a piece of its work is done."""

    done: int
    """Of `total`; the unit is the study's own."""
    total: int
    results: Callable[[], Arrays] | None = None
    """Given when there are new results: makes the arrays of all so far, and is called when a picture is due and at the end."""
    numbers: Mapping[str, Any] = field(default_factory=dict)
    """The new ones that have to be finite, by what a sentence calls them: "a height" -> numbers or arrays."""
    losses: dict[str, float] = field(default_factory=dict)
    weights: Callable[[], bytes] | None = None
    """The checkpoint that the run would leave if it ended here."""


Study = Generator[Started | Step | None, Changes, None]
"""Each `yield` gives back the live settings that were changed meanwhile, by name; most studies have none."""


class StudyFailed(Exception):
    """A study cannot go on; `str(error)` is a sentence, `suggestion` says what to try."""

    def __init__(self, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.suggestion = suggestion


def drive(study: Study, control: Control | None = None) -> Iterator[Event]:
    """The events of a study: `Started`, then `Progress`, `Snapshot` and `Paused` as they come, and last `Finished` (`stopped` when it
    was closed before it was done) or `Failed`. What it knows at the end is told in any case: the last `Progress` and, if there
    are any results, a `Snapshot` of all. Other exceptions than `StudyFailed` are the caller's."""
    return _Drive(study, control or Control()).events()


class _Drive:
    """One run of one study, and the clocks that say what is due."""

    def __init__(self, study: Study, control: Control) -> None:
        self.study, self.control = study, control
        self.step, self.results, self.weights = Step(0, 0), None, None
        self.fresh, self.reported = False, -1
        self.begun, self.changes = False, {}
        self.reports, self.pictures = Cadence(share=0.5), Cadence(share=0.10)
        self.seconds, self.clock = 0.0, time.perf_counter()
        self.pace = Pace(0.0, 0)

    def events(self) -> Iterator[Event]:
        """The events of this run."""
        stopped = False
        try:
            while not stopped and self._advance():
                yield from self._news()
                self.control.update()
                yield from self._answers()
                if self.control.paused:
                    yield from self._pause()
                stopped = self.control.stopped
        except StudyFailed as error:
            yield Failed(self.step.done, str(error), error.suggestion)
            return
        finally:
            self.study.close()
        yield from self._end(stopped and self.step.done < max(1, self.step.total))

    def _advance(self) -> bool:
        """The study's next piece of work; False when it has come to its end."""
        try:
            self.found = self.study.send(self.control.pop_changes()) if self.begun else next(self.study)
        except StopIteration:
            return False
        self.begun = True
        return True

    def _news(self) -> Iterator[Event]:
        """What the study yielded last, and what is due."""
        if isinstance(self.found, Started):
            yield self.found
        elif self.found is not None:
            self._take(self.found)
        if self.step.done < self.step.total:  # else the end is near, and tells all
            if self.reports.due(REPORTS_PER_SECOND):
                yield self._report()
            if self.pictures.due(min(self.control.snapshot_rate, PICTURES_PER_SECOND)):
                yield from self._picture()

    def _take(self, step: Step) -> None:
        for what, value in step.numbers.items():
            if not np.isfinite(np.asarray(value, np.float64)).all():
                raise StudyFailed(
                    f"This ended at step {step.done:,} of {step.total:,}, because {what} is not a finite number.", DIVERGED
                )
        self.step = step
        if step.results is not None:
            self.results, self.fresh = step.results, True
        self.weights = step.weights or self.weights

    def _report(self) -> Progress:
        """How far it is, with the rate of the last few seconds."""
        began = time.perf_counter()
        self._tick()
        self.reported = self.step.done
        self.reports.done(began)
        return Progress(self.step.done, self.seconds, self.step.losses, self.pace.rate(self.seconds, self.step.done))

    def _picture(self) -> Iterator[Event]:
        """All results so far, if some of them are new."""
        if self.fresh and self.results is not None:
            began, self.fresh = time.perf_counter(), False
            arrays = self.results()
            self.pictures.done(began)
            yield Snapshot(self.step.done, arrays)

    def _pause(self) -> Iterator[Event]:
        """Stands still, with everything told that is known, until the control says otherwise."""
        self._tick()
        if self.control.snapshot_rate > 0:
            yield from self._picture()
        yield Paused(self.step.done, True)
        while self.control.paused:  # a stop ends a pause
            self.control.wait(1.0)
            yield from self._answers()
        self.clock = time.perf_counter()
        yield Paused(self.step.done, False)

    def _answers(self) -> Iterator[Event]:
        """A refusal to each question: there is no model here that could be asked."""
        for ident, _, _ in self.control.pop_asks():
            yield Answer(ident, None, NO_MODEL)

    def _tick(self) -> None:
        """Adds the time since the last tick to `seconds`; pauses are left out by resetting the clock."""
        now = time.perf_counter()
        self.seconds, self.clock = self.seconds + now - self.clock, now

    def _end(self, stopped: bool) -> Iterator[Event]:
        """The last of everything."""
        if self.step.total and self.reported != self.step.done:
            yield self._report()
        self.fresh = True
        yield from self._picture()
        yield Finished(self.step.done, self.weights() if self.weights else b"", stopped)


def file_run(make: Callable[[], bytes], control: Control | None = None) -> Iterator[Event]:
    """The making of a file as a job: one `Snapshot` with `file`, u8 (bytes,)."""

    def study() -> Study:
        data = make()
        yield Step(1, 1, lambda: {"file": np.frombuffer(data, np.uint8)})

    return drive(study(), control)
