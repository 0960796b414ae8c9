"""What the wall shows and what the teacher may do: pause, resume and stop runs, change what the server carries, say a line to all pages, and set a task."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playground.config import ConfigError, model_of
from playground.data.sheets import data_url
from playground.lessons.readings import READINGS
from playground.library.service import described, tab_of
from playground.runtimes.links import is_watch, watch_id
from playground.runtimes.live import LiveRun
from playground.runtimes.log import note
from playground.runtimes.records import RunRecord, Status
from playground.runtimes.refusals import REFUSALS
from playground.teacher.contest import Contest
from playground.views.readings import latest
from playground.views.thumbnail import thumbnail

if TYPE_CHECKING:
    from playground.page.service import Service

LATELY = 600.0
"""Seconds for which a run that has ended stays on the wall."""
MOST = 96
"""Tiles."""
LONGEST_LINE = 300
"""Characters of a message."""
JOINER = "\u200d"
"""Holds the parts of an emoji together; other signs that do not show are left out."""
COUNTED: tuple[Status, ...] = ("running", "paused", "waiting")
PAUSED, STOPPED = "Paused by the teacher.", "Stopped by the teacher."


@dataclass(frozen=True)
class Bound:
    """Between what a limit may be, in the unit of the form, of which one has `scale` of the server's; `free` says whether it may be none."""

    words: str
    least: int
    most: int
    free: bool = True
    scale: float = 1


BOUNDS = {
    "a_visitor": Bound("Runs of one visitor at once", 1, 64),
    "trainings": Bound("Places for trainings", 1, 64, free=False),
    "longest": Bound("Longest time of a run in minutes", 1, 1440, scale=60.0),
}


class TeacherService:
    """Every method may be called from any thread."""

    def __init__(self, service: Service, clock: Callable[[], float] = time.monotonic) -> None:
        self._registry, self._clock = service.registry, clock
        self._numbers: dict[str, int] = {}  # of visitors, in the order in which they were seen
        self._pictures: dict[str, tuple[int, str]] = {}
        self._paused: set[str] = set()  # by the teacher, and not by those whose runs they are
        self.said: dict[str, Any] = {"text": "", "number": 0}
        self.contest = Contest(service)

    def wall(self) -> dict[str, Any]:
        """All that the page shows: `{"runs": [tile, ...], "more", "counts", "limits", "held", "text", "task"}`."""
        admission = self._registry.admission
        shown = sorted((live for live in admission.known() if self._on_wall(live)), key=self._order)
        statuses = Counter(live.record.status for live in shown)
        ids = {live.record.run_id for live in shown}
        self._pictures = {run: kept for run, kept in self._pictures.items() if run in ids}
        return {
            "runs": [self._tile(live) for live in shown[:MOST]],
            "more": max(0, len(shown) - MOST),
            "counts": {name: statuses[name] for name in COUNTED},
            "limits": {name: in_form(getattr(admission.limits, name), bound) for name, bound in BOUNDS.items()},
            "held": admission.held,
            "text": self.said["text"],
            "task": self.contest.shown(),
        }

    def do(self, request: Any) -> dict[str, Any]:
        """`{"do": name, ...}` with name one of `pause`, `resume` and `stop` (and `run`, a watch id), `pause_all`, `resume_all`, `limits` (and `values`),
        `say` (and `text`), `task` (and `values`), `end_task` and `remove` (and `number`, of a person) -> `{"ok": true}`. Raises `ConfigError` or `RegistryError` with a sentence."""
        match request:
            case {"do": "pause" | "resume" | "stop" as name, "run": str(run)} if is_watch(run):
                run = self._registry.links.run_of(run)
                getattr(self, f"_{name}")(run)
                note("teacher", run, action=name)
            case {"do": "pause_all"}:
                self.pause_all()
            case {"do": "resume_all"}:
                self.resume_all()
            case {"do": "limits", "values": dict(values)}:
                self.limit(values)
            case {"do": "say", "text": str(text)}:
                self.say(text)
            case {"do": "task", "values": values}:
                self.contest.set(values)
            case {"do": "end_task"}:
                self.contest.end()
            case {"do": "remove", "number": int(number)}:
                self.contest.remove(number)
            case _:
                raise ConfigError("The teacher pauses, resumes or stops a run or all, sets limits, says a line, or sets a task.")
        return {"ok": True}

    def pause_all(self) -> None:
        """Everything stands still, and nobody is let in, until `resume_all`."""
        self._registry.admission.hold(True)
        going = [live for live in self._registry.admission.known() if live.record.status in ("running", "starting")]
        note("teacher", None, action="pause all", runs=sum(self._each(self._pause, live) for live in going))

    def resume_all(self) -> None:
        """What the teacher paused goes on; what a student paused still stands."""
        ours = [live for live in self._registry.admission.known() if live.record.run_id in self._paused]
        note("teacher", None, action="resume all", runs=sum(self._each(self._resume, live) for live in ours))
        self._paused.clear()
        self._registry.admission.hold(False)

    def limit(self, values: dict[str, Any]) -> None:
        """Other limits at once, by their names in `BOUNDS`; None is no limit."""
        unknown = values.keys() - BOUNDS.keys()
        if unknown or not values:
            raise ConfigError(f"The limits are {', '.join(BOUNDS)}.")
        changes = {name: of_form(value, BOUNDS[name]) for name, value in values.items()}
        self._registry.admission.relimit(**changes)
        note("teacher", None, action="limits", **{name: "none" if value is None else value for name, value in changes.items()})

    def say(self, text: str) -> None:
        """One line to all pages; an empty one takes it back."""
        line = "".join(sign for sign in " ".join(text.split()) if sign.isprintable() or sign == JOINER)
        if len(line) > LONGEST_LINE:
            raise ConfigError(f"A message is one line of at most {LONGEST_LINE} characters: this one has {len(line)}.")
        self.said = {"text": line, "number": self.said["number"] + 1}
        note("teacher", None, action="message", characters=len(line))

    def _pause(self, run: str) -> None:
        self._registry.pause(run, PAUSED)
        self._paused.add(run)

    def _resume(self, run: str) -> None:
        self._registry.resume(run)
        self._paused.discard(run)

    def _stop(self, run: str) -> None:
        self._registry.stop(run, STOPPED)
        self._paused.discard(run)

    def _each(self, act: Callable[[str], None], live: LiveRun) -> bool:
        """Does it to one of many, which may have ended meanwhile; whether it was done."""
        try:
            act(live.record.run_id)
        except REFUSALS:
            return False
        return True

    def _on_wall(self, live: LiveRun) -> bool:
        return live.record.active or (live.ended is not None and self._clock() - live.ended < LATELY)

    def _order(self, live: LiveRun) -> tuple[int, float]:
        record = live.record
        if record.waiting:
            return 1, record.place or float("inf")
        return (0, live.began) if record.active else (2, -(live.ended or 0.0))

    def _tile(self, live: LiveRun) -> dict[str, Any]:
        record, model = live.record, model_of(live.record.config)
        reading = READINGS.get(f"held_out/{model.term}") if model else None
        return {
            "run": watch_id(record.run_id),
            "tab": tab_of(record.config),
            "name": self._name(record),
            "about": described(record.config)
            if model
            else "Fresh samples"
            if "sampling_steps" in record.config
            else "A measurement",
            "of": ", ".join(origin.about for origin in record.of),
            "status": record.status,
            "message": record.message,
            "step": record.step,
            "steps": record.steps,
            "loss": latest(record, f"held_out/{model.term}") if model else None,
            "loss_words": reading.words if reading else "held-out loss",
            "loss_unit": reading.unit if reading else "",
            "place": record.place,
            "wait": record.wait,
            "visitor": self._numbers.setdefault(live.visitor, len(self._numbers) + 1) if live.visitor else 0,
            "picture": self._picture(record),
        }

    def _name(self, record: RunRecord) -> str:
        store = self._registry.store
        return store.shelf.names([record.run_id]).get(record.run_id, "") if store else ""

    def _picture(self, record: RunRecord) -> str:
        """The newest as an address that holds it, made once for each snapshot."""
        if record.snapshot is None or model_of(record.config) is None:
            return ""
        version, picture = self._pictures.get(record.run_id, (-1, ""))
        if version < record.snapshot_version:
            data = thumbnail(record)
            picture = data_url(data) if data else ""
            self._pictures[record.run_id] = record.snapshot_version, picture
        return picture


def in_form(value: float | None, bound: Bound) -> float | None:
    """A limit of the server as the form has it."""
    return None if value is None else round(value / bound.scale)


def of_form(value: Any, bound: Bound) -> float | None:
    """The inverse. Raises `ConfigError` with a sentence for what is out of bounds."""
    if value is None and bound.free:
        return None
    if type(value) is not int or not bound.least <= value <= bound.most:
        none = ", or empty for no limit" if bound.free else ""
        raise ConfigError(f"{bound.words}: a whole number from {bound.least} to {bound.most}{none}.")
    return value * bound.scale
