"""The task that a class has at this moment, and its board: who begins a run under it, enters one that has finished, and where that stands.

A person is a random word that a browser has made and tells nobody else. It is no login: a browser that forgets is somebody new, as far as there is room.
"""

from __future__ import annotations

import math
import re
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from playground.config import ConfigError, RunConfig, field_specs
from playground.runs.events import read_json
from playground.runtimes.base import RegistryError
from playground.runtimes.links import to_steer, watch_id
from playground.runtimes.log import note
from playground.runtimes.refusals import REFUSALS
from playground.teacher.board import Entry, ranked
from playground.teacher.compute import Costs, InOrder, in_turn
from playground.teacher.task import COSTLY, Task, asked, differing, new

if TYPE_CHECKING:
    from playground.page.service import Service

TASK = "playground.teacher.measuring:measure_run"
MOST = 500
"""People of a task."""
LONGEST_NAME = 24
PERSON = re.compile(r"[A-Za-z0-9_-]{16,64}")
ENDED = "This task has ended: ask for a new link, or leave the task with × to train freely."
FULL = f"{MOST} people take part already, as many as a task has room for."
NOT_YOURS = "Only a run that you began with Train under this task can be entered."
MEASURING = "Your run is being measured on held-out data …"
MEASURES_ONE = "A run of yours is being measured: enter the next once it is done."
MEASURE_SECONDS = 1800.0
"""For so long a measurement waits for a place."""


@dataclass
class Person:
    """Who takes part: the runs that were begun, those that were entered, the best of them, and what is to be told."""

    number: int
    name: str
    tries: dict[str, float] = field(default_factory=dict)
    """Run -> the share of the budget that it costs."""
    entered: set[str] = field(default_factory=set)
    best: Entry | None = None
    measuring: bool = False
    said: str = ""


class Contest:
    """Every method may be called from any thread; `task` is None where there is none."""

    def __init__(self, service: Service) -> None:
        self._service, self._registry = service, service.registry
        self._lock, self._measures, self.costs = threading.RLock(), InOrder("measures"), Costs(service.registry)
        self.task: Task | None = None
        self._people: dict[str, Person] = {}
        self._about: dict[str, Any] = {}

    # --- the teacher ------------------------------------------------------------------------------------------------

    def set(self, values: Any) -> None:
        """Another task, with an empty board. Blocks while its budget is counted; raises `ConfigError` or `RegistryError` with a sentence."""
        usual, fixed, steps, tries = asked(values)
        task = new(self._service.fitting(usual), fixed, steps, tries, self.costs.of(usual))
        task.checked(usual)
        self._begin(task)
        note("teacher", None, action="task", model=task.model, dataset=usual.dataset)

    def end(self) -> None:
        """No task, and no board."""
        self._begin(None)
        note("teacher", None, action="task ended")

    def _begin(self, task: Task | None) -> None:
        with self._lock:
            self.task, self._people, self._about = task, {}, {}

    def remove(self, number: int) -> None:
        """Takes the entry of a person off the board, and the name."""
        with self._lock:
            for person in self._people.values():
                if person.number == number:
                    person.best, person.name, person.said = None, f"Run {number}", "The teacher took your entry off the board."
        note("teacher", None, action="entry removed")

    def shown(self) -> dict[str, Any] | None:
        """All of it, for the teacher's page: `{"title", "sentence", "query", "counts", "rows": [row, ...], "people", "measuring"} | about`, where a row is
        `place` and the fields of an `Entry`, and `about` what the measure says of itself once there is one: `unit`, `spread`, `beside`."""
        with self._lock:
            if self.task is None:
                return None
            task, people = self.task, list(self._people.values())
            rows = [{"place": place} | row(entry) for place, entry in ranked([each.best for each in people if each.best])]
            about = {"title": task.title, "sentence": task.sentence, "query": task.query, "counts": task.counts, "tab": task.model}
            return about | self._about | {"rows": rows, "people": len(people), "measuring": sum(each.measuring for each in people)}

    # --- a student --------------------------------------------------------------------------------------------------

    def begin(self, config: RunConfig, joined: Any) -> str:
        """Starts a training, which is a try of whoever asks if it is of the task's kind of model, and returns its id. Blocks while its cost is counted. Raises `ConfigError`
        or `RegistryError` where it is not as the task wants it, over the budget, or one too many."""
        config, (task, person) = self._service.fitting(config), self._joined(joined)
        if config.model != task.model:
            return self._registry.start(config)
        step = self.costs.of(task.checked(config))
        task.afford(config, step)
        with self._lock:
            if self.task is not task:
                raise ConfigError(ENDED)
            if person not in self._people and len(self._people) >= MOST:
                raise ConfigError(FULL)
            known = self._people.get(person)
            if known and self._used(known) >= task.tries:
                raise ConfigError(f"All your {task.tries} tries have been begun. What you have trained can still be entered.")
            run = self._registry.start(config)
            if known is None:
                number = 1 + max((each.number for each in self._people.values()), default=0)
                known = self._people[person] = Person(number, f"Run {number}")
            known.tries[run] = config.steps * step / task.budget
        return run

    def keep(self, run: str, values: dict[str, Any]) -> None:
        """Raises `ConfigError` where a run of the task must not have these live settings changed."""
        with self._lock:
            held = {*self.task.fixed, *COSTLY} & values.keys() if self.task else set()
            if held and any(run in each.tries for each in self._people.values()):
                why = (
                    "the task fixes it"
                    if self.task and held & self.task.fixed.keys()
                    else "a step would cost more or less with another"
                )
                raise ConfigError(f"{min(held)} stays as it is in a run of the task: {why}.")

    def do(self, request: Any) -> dict[str, Any]:
        """`{"do": "look", "task", "person", "run", "settings"}`, where `run` is the one that is shown ("" for none) and `settings` are those of the form, or
        `{"do": "enter", "task", "person", "run", "name"}` -> what `look` returns. Raises `ConfigError` or `RegistryError` with a sentence."""
        match request:
            case {"do": "look", "run": str(run), "settings": dict(settings)}:
                return self.look(request, run, settings)
            case {"do": "enter", "run": str(run), "name": str(name)}:
                self.enter(request, run, name)
                return self.look(request, run, None)
        raise ConfigError("A student looks at the task, or enters a run.")

    def look(self, joined: Any, run: str, settings: dict[str, Any] | None) -> dict[str, Any]:
        """`sentence`, `title`, `tab`; `tries` and how many are `used`; the `cost` of the settings as a share of the budget, None where it is not
        known, and `refused` where they are; whether the run that is shown `may` be entered; `said`, and where the best entry stands: `place`."""
        task, name = self._joined(joined)
        with self._lock:
            person = self._people.get(name) or Person(0, "")
            may = run in person.tries and run not in person.entered and not person.measuring and self._finished(run)
            found = {
                "sentence": task.sentence,
                "title": task.title,
                "tab": task.model,
                "tries": task.tries,
                "used": self._used(person),
            }
            found |= {
                "may": may,
                "name": person.name,
                "said": MEASURING if person.measuring else person.said,
                "place": self._place(person),
            }
        return found | (self._priced(task, settings) if settings is not None else {})

    def enter(self, joined: Any, run: str, name: str) -> None:
        """Has a finished run of this person measured, and puts it on the board if it is the best of his. Returns at once."""
        task, who = self._joined(joined)
        called = nickname(name)
        with self._lock:
            person = self._people.get(who)
            if person is None or to_steer(run) not in person.tries:
                raise ConfigError(NOT_YOURS)
            if run in person.entered:
                raise ConfigError("This run has been entered already.")
            if person.measuring:
                raise ConfigError(MEASURES_ONE)
            if not self._finished(run):
                raise ConfigError("A run can be entered once it has taken all its steps.")
            if called and any(each.name.casefold() == called.casefold() for each in self._people.values() if each is not person):
                raise ConfigError(f"{called} is somebody else here: please take another name.")
            record = self._registry.get(run)
            entry = Entry(
                person.number, "", watch_id(run), record.step, person.tries[run], tuple(differing(task.usual, record.config))
            )
            weights = self._registry.checkpoint(run)
            person.name, person.measuring, person.said = called or person.name, True, ""
            person.entered.add(run)
        self._measures.put(lambda: self._measured(task, person, run, entry, weights))

    def _measured(self, task: Task, person: Person, run: str, entry: Entry, weights: bytes) -> None:
        """In the thread that measures, one run after the other."""
        if self.task is not task:
            return
        try:
            arrays = in_turn(self._registry, TASK, weights, self._service.device, patience=MEASURE_SECONDS)
            found = read_json(arrays["found"])
            value, sd = float(found["value"]), float(found["sd"] or 0.0)
            if not (math.isfinite(value) and math.isfinite(sd)):
                raise RegistryError("What counts of this run is no finite number: it cannot be ranked.")
        except Exception as error:
            with self._lock:
                person.measuring, person.said = (
                    False,
                    str(error) if isinstance(error, REFUSALS) else "Your run could not be measured: please enter it again.",
                )
                if not isinstance(error, REFUSALS):
                    person.entered.discard(run)
            return
        with self._lock:
            entry = replace(entry, name=person.name, value=value, sd=sd, scores=arrays["scores"])
            if self.task is task:
                self._about = {name: found[name] for name in ("unit", "spread", "beside")}
            before = person.best
            stands = before is not None and before.value <= value
            person.best = replace(before, name=person.name) if before and stands else entry
            person.measuring, person.said = False, f"That run has {value:.4g}: your best stands." if stands else ""

    def _joined(self, joined: Any) -> tuple[Task, str]:
        """The task, and who asks."""
        match joined:
            case {"task": str(name), "person": str(person)} if PERSON.fullmatch(person):
                task = self.task
                if task is None or name != task.id:
                    raise ConfigError(ENDED)
                return task, person
        raise ConfigError("A task is joined by its name and a random word of 16 to 64 letters and digits.")

    def _used(self, person: Person) -> int:
        """Tries: one that ended before its first step is none."""
        return sum(not self._came_to_nothing(run) for run in person.tries)

    def _came_to_nothing(self, run: str) -> bool:
        record = self._known(run) if self._registry.holds(run) else None
        return record is not None and not record.active and record.step == 0

    def _finished(self, run: str) -> bool:
        record = self._known(run)
        return record is not None and record.status == "finished"

    def _known(self, run: str) -> Any:
        try:
            return self._registry.get(run)
        except REFUSALS:
            return None

    def _place(self, person: Person) -> dict[str, Any] | None:
        entries = ranked([each.best for each in self._people.values() if each.best])
        mine = next((place for place, entry in entries if entry is person.best), None)
        if person.best is None or mine is None:
            return None
        return {
            "place": mine,
            "of": len(entries),
            "value": person.best.value,
            "sd": person.best.sd,
            "unit": self._about.get("unit", ""),
        }

    def _priced(self, task: Task, settings: dict[str, Any]) -> dict[str, Any]:
        """What these settings of the form would cost."""
        known = field_specs(type(task.usual))
        try:
            config = self._service.fitting(task.configured({name: value for name, value in settings.items() if name in known}))
            step = self.costs.known(config)
            return {"cost": None if step is None else config.steps * step / task.budget, "refused": ""}
        except REFUSALS as error:
            return {"cost": None, "refused": str(error)}


def row(entry: Entry) -> dict[str, Any]:
    """What the board shows of an entry."""
    return {name: value for name, value in vars(entry).items() if name != "scores"}


def nickname(name: str) -> str:
    """One line of plain signs. Raises `ConfigError` for one that is too long."""
    plain = " ".join("".join(sign for sign in name if sign.isprintable() or sign.isspace()).split())
    if len(plain) > LONGEST_NAME:
        raise ConfigError(f"A name has at most {LONGEST_NAME} characters: this one has {len(plain)}.")
    return plain
