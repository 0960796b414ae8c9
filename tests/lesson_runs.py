"""The trainings of lessons, run as a test runs them: each once, and shared by all steps that ask for the same, or for another sampler alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from playground.config import RunConfig, SamplerSettings
from playground.features.arena.run import arena_run
from playground.features.arena.settings import ArenaConfig
from playground.features.forward_process.run import tables
from playground.lessons.beside import TIMES, arena, forward
from playground.lessons.checks import Verdict, judge_all, readings
from playground.lessons.measured import numbers
from playground.lessons.parsing import Lesson, Step
from playground.lessons.settings import configure
from playground.runs.driver import drive
from playground.runs.events import Event
from playground.runs.training import train
from playground.runtimes.jobs import first_arrays
from playground.runtimes.records import History, RunRecord, advance

SAMPLING = set(SamplerSettings.model_fields)


class Trainings:
    """Those of one seed."""

    def __init__(self, seed: int) -> None:
        self.seed, self.known, self.weights, self.measured = seed, {}, {}, {}

    def record(self, config: RunConfig, source: bytes | None = None) -> RunRecord:
        """What the server would know of a run with these settings once it has ended."""
        config = config.replace(seed=self.seed)
        key = config.model_dump_json()
        if key not in self.known:
            network = config.model_dump_json(exclude=SAMPLING)
            before = self.weights.get(network, RunRecord("run"))
            self.known[key] = self.weights[network] = self._trained(config, before, source)
        return self.known[key]

    def _trained(self, config: RunConfig, record: RunRecord, source: bytes | None) -> RunRecord:
        history = History()
        for name, (steps, values) in record.history.items():
            for step, value in zip(steps.tolist(), values.tolist()):
                history.add(step, {name: value})
        return self._recorded(
            train(config, resume=record.checkpoint, source=None if record.checkpoint else source), record, history
        )

    @staticmethod
    def _recorded(events: Iterable[Event], record: RunRecord, history: History) -> RunRecord:
        for event in events:
            record = advance(record, event, history)
        return record

    def numbers(self, record: RunRecord) -> dict[str, float]:
        """What a run measured, asked once."""
        if id(record) not in self.measured:
            self.measured[id(record)] = numbers(record)
        return self.measured[id(record)]

    def beside(self, record: RunRecord, step: Step) -> dict[str, float]:
        """What the benches of a step measure of it: the arena at the fewest of its evaluations alone."""
        named, found = readings(step.checks), {}
        if named & TIMES.keys():
            found |= forward(record.config, first_arrays(drive(tables())))
        if any(name.startswith("arena/") for name in named):
            config = ArenaConfig(evaluations=ArenaConfig().evaluations[:1])
            found |= arena(self._recorded(arena_run(config, record.checkpoint), RunRecord("arena"), History()))
        return found

    def verdicts(self, lesson: Lesson) -> Iterator[tuple[str, str, Verdict]]:
        """Every check of a lesson: the step, the check, and what the runs say."""
        records, newest = {}, {}
        for index, step in enumerate(lesson.steps):
            if step.train:
                inside = newest.get(step.set.get("diffuse_in"))
                records[index] = self.record(configure(step.tab, step.set), inside and inside.checkpoint)
                newest[step.tab] = records[index]
            named = {other.name: i for i, other in enumerate(lesson.steps[: index + 1]) if other.name}
            measured = {name: self.numbers(records[i]) for name, i in named.items()}
            tabs = {name: lesson.steps[i].tab for name, i in named.items()} | {"": step.tab}
            own = {"": self.numbers(records[step.run]) | self.beside(records[step.run], step)} if step.run is not None else {}
            for check, verdict in zip(step.checks, judge_all(step.checks, measured | own, tabs)):
                yield step.heading, check, verdict
