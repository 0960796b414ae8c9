"""What the panel of lessons asks of the server: the lessons, a teacher's own file, and what a run says to the checks of a step."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from playground.config import ConfigError
from playground.config.settings import named
from playground.features.forward_process.service import ScheduleTables
from playground.lessons.beside import TIMES, arena, forward
from playground.lessons.checks import judge_all, readings
from playground.lessons.measured import numbers
from playground.lessons.parsing import MOST_CHECKS, MOST_STEPS, Places, read
from playground.lessons.readings import TABS
from playground.lessons.settings import configure, others
from playground.lessons.shelf import shipped, shown
from playground.runtimes.records import RunRecord
from playground.runtimes.refusals import REFUSALS, answering

if TYPE_CHECKING:
    from playground.page.service import Service

OTHER = "The run on this tab is another one than this step asks for ({}), so it is not judged."
FORM = "A judgement is [run, {tab, set, checks, names, study}]."


class LessonService:
    """Reads lessons for the page, and judges runs by them."""

    def __init__(self, service: Service, places: Places) -> None:
        self.service, self.places, self.schedules = service, places, ScheduleTables(service.registry)
        self.ours = {name: shown(lesson) for name, lesson in shipped(places).items()}

    def server_functions(self) -> list[Callable]:
        """The functions that the panel calls, as plain ones."""

        def lessons(request: Any) -> dict[str, Any]:
            return {"lessons": self.ours}

        @answering
        def read_lesson(request: Any) -> dict[str, Any]:
            return shown(read(request, self.places))

        @answering
        async def judge(request: Any) -> dict[str, Any]:
            return await self.service.waiting(self.judge, request)

        return [lessons, read_lesson, judge]

    def judge(self, request: Any) -> dict[str, Any]:
        """`[run, {"tab", "set", "checks", "names": {name: [tab, run]}, "study": run of a study of it, or ""}]` -> `verdicts`, `[holds, sentence]`
        each, the `numbers` that the run measured and its `settings`; in place of verdicts `other`, a sentence, where those are not what the step asks for."""
        run, tab, wanted, checks, names, study = _parsed(request)
        record = self.service.registry.get(run)
        own = numbers(record)
        measured = {
            "numbers": {name: value for name, value in own.items() if math.isfinite(value)},
            "settings": {name: value for name, value in record.config.items() if isinstance(value, (str, int, float))},
        }
        if differ := others(tab, wanted, record.config):
            return {"other": OTHER.format(", ".join(differ[:4]))} | measured
        own |= self._beside(record, checks, study)
        tabs = {name: tab for name, (tab, _) in names.items()} | {"": tab}
        return {"verdicts": list(map(list, judge_all(checks, {"": own} | self._named(names), tabs)))} | measured

    def _beside(self, record: RunRecord, checks: list[str], study: str) -> dict[str, float]:
        """What benches measured of the run, as far as checks name it."""
        found = {}
        if readings(checks) & TIMES.keys():
            found |= forward(record.config, self.schedules.arrays())
        if study and (measured := self.service.registry.get(study)).of and measured.of[0].run == record.run_id:
            found |= arena(measured)
        return found

    def _named(self, names: Mapping[str, tuple[str, str]]) -> dict[str, dict[str, float]]:
        """What the runs of earlier steps measured, as far as they are kept."""
        found = {}
        for name, (_, run) in names.items():
            try:
                found[name] = numbers(self.service.registry.get(run))
            except REFUSALS:
                continue
        return found


def _parsed(request: Any) -> tuple[str, str, dict[str, Any], list[str], dict[str, tuple[str, str]], str]:
    """A judgement as it was asked for. Raises `ConfigError` for any other form."""
    match request:
        case [str(run), {"tab": str(tab), "set": dict(wanted), "checks": list(checks), "names": dict(names), "study": str(study)}]:
            few = len(checks) <= MOST_CHECKS and all(isinstance(check, str) and len(check) <= 400 for check in checks)
            pairs = {name: tuple(pair) for name, pair in named(names).items() if isinstance(pair, list)}
            fine = all(len(pair) == 2 and all(isinstance(word, str) for word in pair) for pair in pairs.values())
            if tab in TABS and few and fine and len(pairs) == len(names) <= MOST_STEPS:
                configure(tab, named(wanted))
                return run, tab, wanted, checks, pairs, study
    raise ConfigError(FORM)
