"""What is trained and measured together: every kind of model on the same data, one setting over several values, all measures of some runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from playground.compare.grouping import text, title
from playground.compare.plan import Job, Plan
from playground.compare.results import Results
from playground.config import CONFIGS, MODELS, ConfigError, FieldSpec, RunConfig, field_specs, parse_config
from playground.data import DATASETS
from playground.runtimes.links import to_steer
from playground.runtimes.records import RunRecord

if TYPE_CHECKING:
    from playground.page.service import Service

EVALUATION_STEPS = 1000
MOST_RUNS = 24
"""Trainings of one plan."""
MOST_SEEDS = 5


class Plans:
    """Makes them. Every method raises `ConfigError` with a sentence where what is asked cannot be."""

    def __init__(self, service: Service, results: Results) -> None:
        self.service, self.results = service, results
        self.measuring: dict[str, Any] = {}
        """Settings of all evaluations, where they are not the usual ones."""

    def all_four(self, dataset: Any, seeds: Any = 1, values: Mapping[str, Any] = MappingProxyType({})) -> Plan:
        """Every kind of model that these data allow, for each of some seeds; the latent diffusion works in the latents of the VAE. `values` are
        settings of all those that have them. Then all of them are evaluated."""
        kinds = kinds_of(dataset)
        many = whole("Seeds", seeds, MOST_SEEDS)
        jobs: list[Job] = []
        for seed in range(many):
            sources: dict[str, Job] = {}
            for kind in sorted(kinds, key=lambda kind: MODELS[kind].diffuses == "data"):  # the slowest last
                known = {name: value for name, value in values.items() if name in field_specs(CONFIGS[kind])}
                source = next((sources[each] for each in sources if MODELS[each].has_bound), None)
                job = self.training(
                    {"model": kind, "dataset": dataset, "seed": seed, **known},
                    source if MODELS[kind].diffuses == "latents" else None,
                )
                sources[kind] = job
                jobs.append(job)
        called = "All four" if len(kinds) == len(CONFIGS) else "Every kind"
        return Plan(f"{called} on {title(dataset)}", [*jobs, *(self.after(job) for job in jobs)])

    def sweep(
        self, model: Any, setting: Any, values: Sequence[Any], seeds: Any = 1, others: Mapping[str, Any] = MappingProxyType({})
    ) -> Plan:
        """One kind of model, trained once for each value of a setting and each of some seeds; then all are evaluated."""
        if model not in CONFIGS or MODELS[model].diffuses == "latents":
            known = ", ".join(kind for kind in CONFIGS if MODELS[kind].diffuses != "latents")
            raise ConfigError(f"A sweep is of one of {known}.")
        spec = field_specs(CONFIGS[model]).get(setting) if isinstance(setting, str) else None
        if spec is None:
            raise ConfigError(f"A sweep is over one setting of {MODELS[model].title}: {', '.join(field_specs(CONFIGS[model]))}.")
        many, wanted = whole("Seeds", seeds, MOST_SEEDS), distinct(values, spec)
        if setting == "seed":
            many = 1
        if not 2 <= len(wanted) * many <= MOST_RUNS:
            raise ConfigError(f"A sweep is of 2 to {MOST_RUNS} runs: these are {len(wanted) * many}. Give values such as 1, 4, 16.")
        jobs = [
            self.training({"model": model, **others, "seed": seed, setting: value}, said=f"{spec.label} {text(value, spec)}")
            for value in wanted
            for seed in range(many)
        ]
        return Plan(
            f"{spec.label} of {MODELS[model].title}: {', '.join(text(value, spec) for value in wanted)}",
            [*jobs, *(self.after(job) for job in jobs)],
        )

    def evaluate(self, runs: Sequence[str]) -> Plan:
        """All measures of these runs, as they are now."""
        jobs = []
        for run in map(to_steer, dict.fromkeys(runs)):  # what is found is kept with the run
            config = self.service.registry.get(run).config
            if config.get("model") not in CONFIGS:
                raise ConfigError("This run trains no model: it measures one, or draws from it.")
            jobs.append(self.evaluation(MODELS[config["model"]].title, config, lambda run=run: run, run))
        if not jobs:
            raise ConfigError("There is no run to evaluate: choose one first.")
        return Plan("Evaluation", jobs)

    # --- jobs -----------------------------------------------------------------------------------------------------------------

    def training(self, values: dict[str, Any], source: Job | None = None, said: str = "") -> Job:
        """A training as `Service.train` starts it; of a latent diffusion in the latents of the job `source`. Refused at once where its settings are."""
        config = parse_config(values)
        words = f"{MODELS[config.model].title}, {title(config.dataset)}"
        words = f"{words}, {said}" if said else words
        words = f"{words}, seed {config.seed}" if config.seed else words
        begin: Callable[[], str] = lambda: self.service.train(values if source is None else values | {"source": source.run})  # noqa: E731
        return Job(
            words[:1].upper() + words[1:],
            begin,
            config.steps,
            work_of(config.model_dump()),
            needs=source,
            pace=self.pace_of(config),
        )

    def pace_of(self, config: RunConfig) -> float | None:
        """Seconds a step of the newest run of this kind and data in the library, if there is one."""
        store = self.service.registry.store
        for entry in store.shelf.entries() if store is not None else ():
            if entry.step and (entry.config.get("model"), entry.config.get("dataset")) == (config.model, config.dataset):
                return entry.seconds / entry.step
        return None

    def after(self, training: Job) -> Job:
        """The evaluation of what a job has trained."""
        job = self.evaluation(training.title, {}, lambda: training.run, "", work=f"evaluation|{training.work}")
        job.needs = training
        return job

    def evaluation(self, words: str, config: dict[str, Any], run_of: Callable[[], str], of: str, work: str = "") -> Job:
        """The study `evaluation` of a run; what it finds is kept."""

        def begin() -> str:
            job.of = run_of()
            return self.service.study("evaluation", job.of, self.measuring)

        def over(record: RunRecord) -> None:
            if record.snapshot is not None and record.status in ("finished", "stopped"):
                self.results.keep(job.of, record.snapshot.arrays)

        job = Job(
            f"Evaluation: {words}",
            begin,
            EVALUATION_STEPS,
            work or f"evaluation|{work_of(config)}",
            trains=False,
            ended=over,
            of=of,
        )
        return job


def kinds_of(dataset: Any) -> list[str]:
    """The kinds of model that these data allow. Raises `ConfigError` for data that are not known."""
    if not isinstance(dataset, str) or DATASETS.get(dataset) is None:
        raise ConfigError(f"There are no data of this name: known are {', '.join(DATASETS)}.")
    found = []
    for kind in CONFIGS:
        try:
            parse_config({"model": kind, "dataset": dataset})
        except ConfigError:
            continue
        found.append(kind)
    return [kind for kind in found if MODELS[kind].diffuses != "latents" or any(MODELS[each].has_bound for each in found)]


def work_of(config: dict[str, Any]) -> str:
    """What runs whose steps take about as long have in common."""
    return "|".join(str(config.get(name)) for name in ("model", "dataset", "network", "width", "depth", "batch_size", "latent_dim"))


def whole(label: str, value: Any, most: int) -> int:
    """A small number of something. Raises `ConfigError`."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != int(value) or not 1 <= value <= most:
        raise ConfigError(f"{label} = {str(value)[:20]} is refused: it must be a whole number from 1 to {most}.")
    return int(value)


def distinct(values: Sequence[Any], spec: FieldSpec) -> list[Any]:
    """The values of a sweep, each once, as the setting has them: "8" is a number for one that counts."""
    found: list[Any] = []
    for value in values:
        plain = value.strip() if isinstance(value, str) else value
        if spec.kind in ("int", "float") and isinstance(plain, str):
            try:
                plain = float(plain)
            except ValueError:
                raise ConfigError(f"{spec.name} = {plain[:20]!r} is refused: it must be a number.") from None
        if isinstance(plain, float) and spec.kind == "int" and plain.is_integer():
            plain = int(plain)
        if plain != "" and plain not in found:
            found.append(plain)
    return found
