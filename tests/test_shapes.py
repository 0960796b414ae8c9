"""What views return and questions answer is what `views/shapes.py` and the features' `shape.py` declare, no key more and none less."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import test_frames
import test_vae_views
import torch
from pydantic import ConfigDict, TypeAdapter, ValidationError

from playground.config import AutoencoderConfig, DiffusionConfig, LatentDiffusionConfig, RunConfig, VAEConfig
from playground.data import load_dataset
from playground.features.arena.run import arena_run
from playground.features.arena.settings import ArenaConfig
from playground.features.arena.shape import Arena
from playground.features.bound_at_point.shape import BoundAtPoint
from playground.features.bounds.run import bounds_run
from playground.features.bounds.settings import BoundsConfig
from playground.features.bounds.shape import Bounds
from playground.features.bounds.view import bounds_study
from playground.features.collapse.shape import Collapse, Information
from playground.features.comparison.run import comparison_run
from playground.features.comparison.settings import ComparisonConfig
from playground.features.comparison.shape import Comparison
from playground.features.evaluation.run import evaluation_run
from playground.features.evaluation.settings import EvaluationConfig
from playground.features.evaluation.shape import Evaluation
from playground.features.exact.shape import Conditional, Density, ErrorCurves, Field, Memorisation
from playground.features.factors.shape import Factors
from playground.features.forward_process.run import forward_run
from playground.features.forward_process.service import SCHEDULES
from playground.features.forward_process.shape import ForwardProcess
from playground.features.forward_process.view import forward_payload, schedule_tables
from playground.features.likelihood.run import likelihood_run
from playground.features.likelihood.settings import LikelihoodConfig
from playground.features.likelihood.shape import Likelihood
from playground.features.quality.shape import Quality
from playground.features.rate_distortion.shape import Rate
from playground.features.reflow.run import reflow_run
from playground.features.reflow.settings import ReflowConfig
from playground.features.reflow.shape import Reflow, ReflowPaths
from playground.features.reparametrisation.shape import Reparametrisation
from playground.page.frames import RunViews
from playground.questions.answerer import answer
from playground.runs.checkpoint import pack
from playground.runs.events import Event
from playground.runs.tasks import TASKS
from playground.runs.training import train
from playground.runtimes.jobs import first_arrays
from playground.runtimes.records import History, RunRecord, advance
from playground.views import answers, shapes

TYPES = runpy.run_path(str(Path(__file__).resolve().parents[1] / ".ci/payload_types.py"))
DECLARED = TYPES["declared"]()
OF_VIEWS = {
    "curves": shapes.Curves,
    "bound_curves": shapes.Curves,
    "images": shapes.ImageTable,
    "samples": shapes.ImageTable,
    "samples_drawn": shapes.ImageTable,
    "strip": shapes.ImageTable,
    "reflow_tiles": shapes.ImageTable,
    "particles": shapes.Particles,
    "latent_particles": shapes.Particles,
    "particles_static": shapes.ParticlesStatic,
    "latent_particles_static": shapes.ParticlesStatic,
    "map": shapes.LatentMap,
    "map_static": shapes.LatentMapStatic,
    "lab_static": shapes.LatentMapStatic,
    "terms": shapes.Terms,
    "arena": Arena,
    "bounds": Bounds,
    "collapse": Collapse,
    "comparison": Comparison,
    "evaluation": Evaluation,
    "likelihood": Likelihood,
    "quality": Quality,
    "rate": Rate,
    "reflow": Reflow,
    "reflow_paths": ReflowPaths,
}
RUN = tuple(shapes.Status.__annotations__)
SMALL = {"width": 16, "depth": 1, "device": "cpu"}
FLOW = {"schedule": "rectified_flow", "parametrization": "velocity", **SMALL}


@pytest.fixture(autouse=True)
def nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that is not declared is an error, too."""
    for shape in DECLARED:
        monkeypatch.setattr(shape, "__pydantic_config__", ConfigDict(extra="forbid", strict=True), raising=False)


def hold(shape: Any, payload: Any) -> None:
    TypeAdapter(shape).validate_json(json.dumps(payload, allow_nan=False))


def untrained(config: RunConfig) -> bytes:
    """The checkpoint of a model that has learned nothing."""
    shape = load_dataset(config.dataset).shape
    torch.manual_seed(0)
    return pack(config, 0, 0.0, shape, {"ema": TASKS[config.model].build(config, shape).state_dict()})


def frames(events: Iterable[Event]) -> list[dict[str, Any]]:
    """Every frame that a page is sent of a run that goes on at once."""
    record, history, views, found = RunRecord("run", {}), History(), RunViews(), []
    for event in events:
        record = advance(record, event, history)
        found.append(views.frame(record, record.version - 1, bool(found), True))
    return found


def seen(events: Iterable[Event]) -> set[str]:
    """The names of the views in all frames of a run, each held against its shape."""
    names: set[str] = set()
    for frame in frames(events):
        hold(shapes.Status, {name: frame[name] for name in RUN})
        for name, view in frame["views"].items():
            hold(OF_VIEWS[name], view)
            names.add(name)
    return names


def test_the_scripts_are_checked_against_what_is_declared_now() -> None:
    assert TYPES["TARGET"].read_text("utf-8") == TYPES["written"]()


def test_a_shape_has_a_name_of_its_own() -> None:
    names = [shape.__name__ for shape in DECLARED]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("kind", test_frames.CONFIGS)
def test_frames_are_as_declared(kind: str) -> None:
    frame = RunViews().frame(test_frames.full(kind), 0, False, True)
    hold(shapes.Status, {name: frame[name] for name in RUN})
    assert frame["views"]
    for name, view in frame["views"].items():
        hold(OF_VIEWS[name], view)


TRAININGS = {
    "ae": (AutoencoderConfig(dataset="digits", latent_dim=3, steps=12, sparsity=0.1, **SMALL), {"quality"}),
    "vae": (VAEConfig(dataset="digits", steps=12, beta=2.0, **SMALL), {"collapse", "rate", "samples_drawn", "quality"}),
    "iwae": (VAEConfig(dataset="digits", steps=12, objective="iwae", latent_dim=1, **SMALL), {"collapse", "bound_curves"}),
    "factors": (VAEConfig(dataset="sprites", steps=2, **SMALL), {"map_static"}),
    "images": (
        DiffusionConfig(dataset="digits", conditional="on", steps=3, **SMALL),
        {"samples", "strip", "quality", "lab_static"},
    ),
    "points": (DiffusionConfig(dataset="mixture", conditional="on", steps=3, **SMALL), {"particles", "particles_static"}),
}


@pytest.mark.parametrize("name", TRAININGS)
def test_trainings_are_as_declared(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playground.runs.training.SETTLED", 0.0)
    config, wanted = TRAININGS[name]
    assert seen(train(config)) >= wanted | {"curves"}


POINTS, IMAGES = DiffusionConfig(dataset="mixture", **FLOW), DiffusionConfig(dataset="digits", **FLOW)
AE, VAE = AutoencoderConfig(dataset="digits", **SMALL), VAEConfig(dataset="digits", **SMALL)


def arena(config: RunConfig) -> Iterable[Event]:
    chosen = ("DDIMScheduler", "HeunDiscreteScheduler", "LCMScheduler")
    return arena_run(ArenaConfig(schedulers=chosen, evaluations=(2,), seeds=1, n_samples=20, device="cpu"), untrained(config))


def bounds() -> Iterable[Event]:
    return bounds_run(BoundsConfig(n_examples=3, importance_samples=60, device="cpu"), untrained(VAE))


def likelihood(config: RunConfig) -> Iterable[Event]:
    return likelihood_run(LikelihoodConfig(n_examples=4, bound_draws=2, device="cpu"), untrained(config))


def reflow(config: RunConfig) -> Iterable[Event]:
    return reflow_run(ReflowConfig(steps=2, pairs=20, ode_steps=2, device="cpu"), untrained(config))


def comparison() -> Iterable[Event]:
    return comparison_run(
        ComparisonConfig(steps=2, n_samples=20, width=16, sampling_steps=2, device="cpu"), untrained(AE), untrained(VAE)
    )


def evaluation(config: RunConfig) -> Iterable[Event]:
    return evaluation_run(EvaluationConfig(n_samples=20, draws=2, n_examples=2, device="cpu"), untrained(config))


STUDIES: dict[str, tuple[Callable[[], Iterable[Event]], set[str]]] = {
    "arena of points": (lambda: arena(POINTS), {"arena", "particles_static"}),
    "arena of images": (lambda: arena(IMAGES), {"arena"}),
    "bounds": (bounds, {"bounds"}),
    "comparison": (comparison, {"comparison"}),
    "evaluation of images": (lambda: evaluation(AE), {"evaluation"}),
    "evaluation of points": (lambda: evaluation(POINTS), {"evaluation"}),
    "likelihood of points": (lambda: likelihood(POINTS), {"likelihood"}),
    "likelihood of images": (lambda: likelihood(IMAGES), {"likelihood"}),
    "reflow of points": (lambda: reflow(POINTS), {"reflow", "reflow_paths"}),
    "reflow of images": (lambda: reflow(IMAGES), {"reflow", "reflow_tiles"}),
}


@pytest.mark.parametrize("name", STUDIES)
def test_studies_are_as_declared(name: str) -> None:
    run, wanted = STUDIES[name]
    assert seen(run()) >= wanted


def test_a_latent_diffusion_is_as_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playground.runs.training.SETTLED", 0.0)
    config = LatentDiffusionConfig(dataset="digits", steps=3, width=16, device="cpu")
    wanted = {"samples", "strip", "curves", "latent_particles", "latent_particles_static", "lab_static"}
    assert seen(train(config, source=untrained(VAE))) >= wanted


def test_bounds_with_a_gap_are_as_declared() -> None:
    hold(Bounds, bounds_study(None, test_vae_views.study())["bounds"])


@pytest.mark.parametrize("dataset", ["moons", "digits"])
def test_the_forward_process_is_as_declared(dataset: str) -> None:
    hold(ForwardProcess, forward_payload(schedule_tables(first_arrays(forward_run()), SCHEDULES), dataset))


QUESTIONS = [
    ("errors", POINTS, {"n": 3}, ErrorCurves),
    ("errors", IMAGES, {"n": 3}, ErrorCurves),
    ("field", POINTS, {"t": 0.5, "what": "score", "n": 3}, Field),
    ("density", POINTS, {"t": 0.5, "what": "exact", "n": 3}, Density),
    ("conditional", POINTS, {"known": 0.5, "n": 20, "steps": 2}, Conditional),
    ("conditional", POINTS.replace(dataset="moons"), {"known": 0.5, "n": 20, "steps": 2}, Conditional),
    ("memorisation", IMAGES, {"n": 16}, Memorisation),
    ("exact", VAE, {"index": 0, "n": 16}, BoundAtPoint),
    ("exact", VAE.replace(latent_dim=1), {"index": 0, "n": 16}, BoundAtPoint),
    ("information", VAE, {}, Information),
    ("reparametrisation", VAE.replace(latent_dim=3), {"index": 0, "n": 16, "seed": 0}, Reparametrisation),
    ("disentanglement", VAE.replace(dataset="sprites"), {}, Factors),
]


@pytest.mark.parametrize(("name", "config", "args", "shape"), QUESTIONS, ids=lambda value: value if isinstance(value, str) else "")
def test_answers_are_as_declared(name: str, config: RunConfig, args: dict[str, Any], shape: Any) -> None:
    torch.manual_seed(0)
    task = TASKS[config.model](config, load_dataset(config.dataset), torch.device("cpu"))
    model = task.build(config, load_dataset(config.dataset).shape).eval()
    hold(shape, answers.answer(answer(task, model, name, args)))


def test_a_shape_that_differs_is_refused() -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(shapes.Moments).validate_python({"steps": [1], "checkpoints": [], "more": 1})
    with pytest.raises(ValidationError):
        TypeAdapter(shapes.Moments).validate_python({"steps": ["one"], "checkpoints": []})
