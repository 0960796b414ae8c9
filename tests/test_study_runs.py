"""Every study, and drawing samples, as a run of the registry: Pause and Resume from the page, Stop, and nobody watching."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
import torch
from clock import Clock

from playground.config import AutoencoderConfig, DiffusionConfig, RunConfig, SampleConfig, VAEConfig
from playground.data import load_dataset
from playground.features.arena.settings import ArenaConfig
from playground.features.bounds.settings import BoundsConfig
from playground.features.comparison.settings import ComparisonConfig
from playground.features.evaluation.settings import EvaluationConfig
from playground.features.likelihood.settings import LikelihoodConfig
from playground.features.reflow.settings import ReflowConfig
from playground.runs.checkpoint import pack
from playground.runs.tasks import TASKS
from playground.runtimes import InProcessRuntime, RegistryError, RunRegistry

DEADLINE = 120.0
SMALL = {"width": 16, "depth": 1, "device": "cpu"}


def checkpoint(config: RunConfig) -> bytes:
    """An untrained model: what is measured of it need not be good."""
    shape = load_dataset(config.dataset).shape
    torch.manual_seed(0)
    return pack(config, 0, 0.0, shape, {"ema": TASKS[config.model].build(config, shape).state_dict()})


POINTS = DiffusionConfig(dataset="mixture", schedule="rectified_flow", parametrization="velocity", **SMALL)
AE, VAE = AutoencoderConfig(dataset="digits", **SMALL), VAEConfig(dataset="digits", **SMALL)
CPU = {"device": "cpu"}
LONG = {
    "samples": ("runs.generation:sampling_run", SampleConfig(n_samples=500, sampling_steps=1000, **CPU), {"checkpoint": POINTS}),
    "bounds": ("features.bounds.run:bounds_run", BoundsConfig(n_examples=355, **CPU), {"checkpoint": VAE}),
    "likelihood": (
        "features.likelihood.run:likelihood_run",
        LikelihoodConfig(n_examples=2000, bound_draws=1000, **CPU),
        {"checkpoint": POINTS},
    ),
    "comparison": (
        "features.comparison.run:comparison_run",
        ComparisonConfig(steps=200_000, n_samples=60, **CPU),
        {"checkpoint": AE, "vae": VAE},
    ),
    "evaluation": (
        "features.evaluation.run:evaluation_run",
        EvaluationConfig(n_samples=20, draws=2, n_examples=355, **CPU),
        {"checkpoint": VAE},
    ),
    "reflow": (
        "features.reflow.run:reflow_run",
        ReflowConfig(steps=200_000, pairs=1000, ode_steps=10, **CPU),
        {"checkpoint": POINTS},
    ),
    "arena": (
        "features.arena.run:arena_run",
        ArenaConfig(schedulers=("DDIMScheduler",), evaluations=(1000,), seeds=20, **CPU),
        {"checkpoint": POINTS},
    ),
}
"""Each would go on for minutes."""
Start = Callable[[str], tuple[RunRegistry, str]]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def start(clock: Clock) -> Iterator[Start]:
    """`start(name)` -> a registry that sweeps when told, and the id of a run of `LONG` in it that is well under way."""
    made: list[RunRegistry] = []

    def begin(name: str) -> tuple[RunRegistry, str]:
        registry = RunRegistry(InProcessRuntime(), clock=clock, sweep_seconds=None, grace_seconds=60, idle_stop_seconds=600)
        made.append(registry)
        task, config, models = LONG[name]
        checkpoints = {key: checkpoint(model) for key, model in models.items()}
        run = registry.start(config, task=f"playground.{task}", **checkpoints)
        until(
            lambda: registry.get(run).step > 0 or registry.get(run).status != "starting" and registry.get(run).progress,
            registry,
            run,
        )
        return registry, run

    yield begin
    for registry in made:
        registry.close()


def until(condition: Callable[[], object], registry: RunRegistry, run: str) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        record = registry.get(run)
        assert record.status != "failed" and time.monotonic() < deadline, (record.status, record.step, record.message)
        time.sleep(0.005)


def until_status(registry: RunRegistry, run: str, status: str) -> None:
    until(lambda: registry.get(run).status == status, registry, run)


@pytest.mark.parametrize("name", LONG)
def test_a_pause_by_a_person_lasts_until_a_person_ends_it(start: Start, clock: Clock, name: str) -> None:
    registry, run = start(name)
    for _ in range(2):
        registry.pause(run)
        until_status(registry, run, "paused")
        version = registry.get(run).version
        clock.now += 100  # nobody looked for longer than the grace
        registry.sweep()
        registry.touch(run)
        time.sleep(0.1)
        assert registry.get(run).status == "paused" and registry.get(run).version == version
        registry.resume(run)
        until_status(registry, run, "running")
    registry.stop(run)
    until_status(registry, run, "stopped")
    with pytest.raises(RegistryError, match="Only a training can be continued"):
        registry.continue_(run)


def test_what_nobody_watches_rests_and_goes_on_when_somebody_does(start: Start, clock: Clock) -> None:
    registry, run = start("samples")
    clock.now += 61
    registry.sweep()
    until_status(registry, run, "paused")
    assert registry.get(run).message == "Paused: nobody was watching."
    registry.touch(run)
    until_status(registry, run, "running")
    clock.now += 601
    registry.sweep()
    until_status(registry, run, "stopped")
    assert registry.get(run).message == "Stopped after 10 minutes with nobody watching; start it again."
