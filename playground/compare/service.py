"""What the Compare tab asks of the server: which runs there are, what they look like now, and the images of the dots on their maps."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from playground.compare.columns import about_of, column, last_picture, sheet
from playground.compare.grouping import differing, groups
from playground.compare.plan import Conductor
from playground.compare.plans import Plans
from playground.compare.results import Results
from playground.config import CONFIGS, MODELS, ConfigError, FieldSpec, field_specs, model_of, of_points
from playground.config.settings import named
from playground.data import DATASETS
from playground.library.service import LibraryService, tab_of
from playground.runtimes.links import watch_id
from playground.runtimes.records import RunRecord
from playground.runtimes.refusals import REFUSALS, answering
from playground.runtimes.shelf import Shelved

if TYPE_CHECKING:
    from playground.page.service import Service

MOST = 24
"""Runs that are compared at a time; those that differ by the seed alone share one of the six columns."""


class CompareService:
    """Every method may be called from any thread. Whoever knows a run may look at it."""

    def __init__(self, service: Service) -> None:
        self.service, self.registry, self.library = service, service.registry, LibraryService(service)
        self.results = Results(service.registry)
        self.plans, self.conductor = Plans(service, self.results), Conductor(service.registry, service.own)

    def choices(self, asked: Any) -> dict[str, Any]:
        """`[run, ...]`, those that this browser knows -> `{"runs": [...]}`, all that may be compared: as the library lists them, and those that came
        with the project."""
        found = [run for run in self.library.listed(asked)["runs"] if not run["trouble"]]
        return {"runs": found + [self._kept(record.record) for record in self.registry.kept.values()]}

    def _kept(self, record: RunRecord) -> dict[str, Any]:
        return {
            "run": record.run_id,
            "tab": tab_of(record.config),
            "about": about_of(record.config),
            "name": "",
            "notes": "",
            "status": "kept with the project",
            "goes_on": False,
            "step": record.step,
            "steps": record.config["steps"],
            "created": 0.0,
            "picture": "",
        }

    def columns(self, request: Any) -> dict[str, Any]:
        """`[[run, ...], {run: version that is known}]` -> `CompareColumns` in `shape.py`. A version is of the run and of what was measured of it."""
        match request:
            case [list(asked), dict(known)] if len(asked) <= MOST and all(isinstance(run, str) for run in asked):
                pass
            case _:
                raise ConfigError(f"A comparison is [[run, ...], {{run: version}}], of up to {MOST} runs.")
        records: dict[str, RunRecord] = {}
        gone: dict[str, str] = {}
        for run in dict.fromkeys(asked):
            try:
                records[run] = self._training(run)
            except REFUSALS as error:
                gone[run] = str(error)
        configs = [record.config for record in records.values()]
        versions = {run: self._version(run, record) for run, record in records.items()}
        changed = {run: record for run, record in records.items() if known.get(run) != versions[run]}
        return {
            "runs": {run: self._column(run, record, versions[run]) for run, record in changed.items()},
            "gone": gone,
            "order": list(records),
            "groups": groups(configs),
            "settings": differing(configs),
        }

    def _version(self, asked: str, record: RunRecord) -> str:
        """Another one whenever the column changes."""
        return f"{record.version}|{self.results.stamp(record.run_id)}|{last_picture(record, self.entry(asked))}"

    def _column(self, asked: str, record: RunRecord, version: str) -> dict[str, Any]:
        """A run by the name that it was asked for: whoever watches it hears of no other."""
        return column(record, self.entry(asked), version, self.results.of(record.run_id)) | {
            "run": asked,
            "watch": watch_id(record.run_id),
        }

    def _training(self, run: str) -> RunRecord:
        """A training that is kept here; to look is to watch. Raises `ConfigError` for what trains no model."""
        record = self.registry.get(run)
        if model_of(record.config) is None:
            raise ConfigError("This run trains no model: it measures one, or draws from it.")
        if record.active:
            self.registry.touch(run)
        return record

    def entry(self, run: str) -> Shelved | None:
        """What the library knows of a run; None of one that is not on the disk."""
        store = self.registry.store
        return store.shelf.entry(run) if store is not None and run in store.shelf else None

    def sheet(self, dataset: Any) -> dict[str, Any]:
        """The name of data -> the images of the dots on the maps of these data, as `LatentMapStatic`."""
        if not isinstance(dataset, str) or DATASETS.get(dataset) is None or of_points(dataset):
            raise ConfigError("There are no such images here.")
        return {"sheet": sheet(dataset)}

    # --- trainings and measurements that are begun together --------------------------------------------------------------------

    def begin(self, request: Any) -> dict[str, Any]:
        """`["all_four", {"dataset", "seeds", settings}]`, `["sweep", {"model", "setting", "values", "seeds", settings}]` or `["evaluate", [run, ...]]`
        -> `{"plan": id}`. Raises `ConfigError` or `RegistryError` with a sentence."""
        match request:
            case ["all_four", {"dataset": dataset, "seeds": seeds, **values}]:
                plan = self.plans.all_four(dataset, seeds, named(values))
            case ["sweep", {"model": model, "setting": setting, "values": list(several), "seeds": seeds, **values}] if (
                len(several) <= MOST
            ):
                plan = self.plans.sweep(model, setting, several, seeds, named(values))
            case ["evaluate", list(runs)] if len(runs) <= MOST:
                plan = self.plans.evaluate(runs)
            case _:
                raise ConfigError("What is begun together is all_four, sweep or evaluate, with its settings.")
        return {"plan": self.conductor.begin(plan)}

    def plan(self, plan: Any) -> dict[str, Any]:
        """How far a plan is: `ComparePlan` in `shape.py`."""
        return self.conductor.status(plan)

    def command(self, request: Any) -> dict[str, Any]:
        """`[plan, "stop" | "pause" | "resume"]`."""
        if not (isinstance(request, list) and len(request) == 2 and request[1] in ("stop", "pause", "resume")):
            raise ConfigError("A command is [plan, name] with name one of stop, pause, resume.")
        self.conductor.command(*request)
        return {"ok": True}

    def describe(self, request: Any) -> dict[str, Any]:
        """What may be begun: `{"datasets": [[title, name]], "points": [name], "kinds": [{"kind", "title", "settings": [{"name", "label", "may"}]}]}`, the kinds being
        those that a sweep may be of."""
        kinds = [kind for kind in CONFIGS if MODELS[kind].diffuses != "latents"]
        specs = {kind: [spec for spec in field_specs(CONFIGS[kind]).values() if spec.name != "device"] for kind in kinds}
        told = {kind: [{"name": spec.name, "label": spec.label, "may": allowed(spec)} for spec in specs[kind]] for kind in kinds}
        listed = {name: info for name, info in DATASETS.items() if info.available()}
        images_first = sorted(listed.values(), key=lambda info: not info.is_image)
        points = [info.name for info in images_first if of_points(info.name)]
        return {
            "datasets": [[info.title, info.name] for info in images_first],
            "points": points,
            "kinds": [{"kind": kind, "title": MODELS[kind].title, "settings": told[kind]} for kind in kinds],
        }

    def server_functions(self) -> list[Callable]:
        """The functions that the tab calls, as plain ones; those that read the disk or draw do so beside the event loop."""

        def beside(function: Callable[[Any], dict[str, Any]]) -> Callable[[Any], Any]:
            async def asked(request: Any) -> dict[str, Any]:
                return await self.service.waiting(answering(function), request)

            asked.__name__ = f"compare_{function.__name__}"
            return asked

        return [
            beside(function)
            for function in (self.choices, self.columns, self.sheet, self.begin, self.plan, self.command, self.describe)
        ]


def allowed(spec: FieldSpec) -> str:
    """What a setting may be, in words."""
    if spec.choices:
        return ", ".join(str(choice) for choice in spec.choices if choice not in spec.missing)
    return f"{spec.low:g} to {spec.high:g} {spec.unit}".strip() if spec.low is not None and spec.high is not None else spec.kind
