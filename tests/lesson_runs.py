"""The trainings of lessons, run as a test runs them: each once, and shared by all steps that ask for the same, or for another sampler alone."""

from __future__ import annotations

from collections.abc import Iterator

from playground.config import RunConfig, SamplerSettings
from playground.lessons.checks import Verdict, judge_all
from playground.lessons.measured import numbers
from playground.lessons.parsing import Lesson
from playground.lessons.settings import configure
from playground.runs.training import train
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
        for event in train(config, resume=record.checkpoint, source=None if record.checkpoint else source):
            record = advance(record, event, history)
        return record

    def numbers(self, record: RunRecord) -> dict[str, float]:
        """What a run measured, asked once."""
        if id(record) not in self.measured:
            self.measured[id(record)] = numbers(record)
        return self.measured[id(record)]

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
            own = {"": self.numbers(records[step.run])} if step.run is not None else {}
            for check, verdict in zip(step.checks, judge_all(step.checks, measured | own, tabs)):
                yield step.heading, check, verdict
