"""Own data of every kind under every question, picture and measurement: each is answered, or says in a sentence what it does without."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from brought import body, noise, npy, picture

from playground.config import AutoencoderConfig, ConfigError, DiffusionConfig, RunConfig, SampleConfig, VAEConfig
from playground.data import load_dataset
from playground.data.own import shelf
from playground.data.own.limits import Wish
from playground.data.own.preparing import drawn, prepared
from playground.features.arena.run import arena_run
from playground.features.arena.settings import ArenaConfig
from playground.features.bounds.run import bounds_run
from playground.features.bounds.settings import BoundsConfig
from playground.features.likelihood.run import likelihood_run
from playground.features.likelihood.settings import LikelihoodConfig
from playground.features.reflow.run import reflow_run
from playground.features.reflow.settings import ReflowConfig
from playground.features.registry import FEATURES, builder
from playground.page.frames import history_views
from playground.questions.answerer import ANSWERS
from playground.questions.catalogue import QUESTIONS, kind_of
from playground.questions.diffusion import Diffusion
from playground.questions.space import Space
from playground.runs.events import Event, Finished
from playground.runs.generation import load_model, sampling_run
from playground.runs.tasks import TASKS
from playground.runs.training import train
from playground.runtimes.records import History, RunRecord, advance
from playground.views.places import Place, Places
from playground.views.thumbnail import thumbnail

PICTURE = base64.b64encode(picture(noise(20, 20))).decode()
ARGUMENTS: dict[str, dict[str, Any]] = {
    "decode": {"z": [[0.0, 0.0]]},
    "values": {"what": "error"},
    "interpolate": {"a": 0, "b": 1},
    "holes": {"lo": [-1, -1], "hi": [1, 1], "n": 4},
    "generate": {"how": "box", "n": 4},
    "picture": {"picture": PICTURE},
    "picture_bound": {"picture": PICTURE},
    "edit_picture": {"picture": PICTURE, "t": 0.5, "n": 2, "steps": 3},
    "field": {"t": 0.5, "what": "score", "n": 4},
    "density": {"t": 0.5, "n": 4},
    "conditional": {"known": 0.0, "n": 50, "steps": 5},
    "memorisation": {"n": 16, "steps": 4},
    "interpolate_noise": {"a": 1, "b": 2, "n": 3, "steps": 4},
    "edit": {"index": 0, "t": 0.5, "n": 2, "steps": 3},
    "inpaint": {"index": 0, "mask": [[1] * 8] * 8, "n": 2, "steps": 3},
} | {name: {"index": 0} for name in ("point", "neighbours", "exact", "reparametrisation", "invert")}
ANSWERED = {"images": {"memorisation", "edit", "picture_bound"}, "points": {"field", "density", "conditional"}, "table": {"errors"}}
"""Of a diffusion, what is about the kind of data, and must not be refused."""


class Nobody:
    """No earlier pictures."""

    def previous(self, name: str) -> None:
        return None

    def place(self, record: RunRecord) -> Place:
        return Places().place(record)


def brought(tmp_path, kind: str) -> str:
    """Own data without labels: 60 examples."""
    rng = np.random.default_rng(0)
    if kind == "drawing":
        return shelf.keep(drawn("d", [[0, 0], [0.5, 0.5]], 0.1))
    arrays = {"images": rng.integers(0, 255, (60, 8, 8), dtype=np.uint8), "points": rng.normal(size=(60, 2))}
    array = arrays.get(kind, rng.normal(size=(60, 64 if kind == "wide table" else 3)))
    return shelf.keep(prepared(body(tmp_path, {"a.npy": npy(array)}), "", Wish()).data)


def trained(config: RunConfig) -> RunRecord:
    record, history = RunRecord("r"), History()
    for event in train(config):
        record = advance(record, event, history)
    return record


def studies(config: RunConfig, checkpoint: bytes) -> Iterator[Iterator[Event]]:
    """What can be measured of a model, small."""
    if isinstance(config, VAEConfig):
        yield bounds_run(BoundsConfig(n_examples=2, importance_samples=60), checkpoint)
    if not isinstance(config, AutoencoderConfig):
        yield sampling_run(SampleConfig(n_samples=4, sampling_steps=3), checkpoint)
    if isinstance(config, DiffusionConfig):
        yield likelihood_run(LikelihoodConfig(n_examples=2, bound_draws=4), checkpoint)
        yield reflow_run(ReflowConfig(steps=3, pairs=100, ode_steps=3), checkpoint)
        yield arena_run(ArenaConfig(schedulers=("DDIMScheduler",), evaluations=(4,), seeds=1, n_samples=20), checkpoint)


@pytest.mark.thorough
@pytest.mark.parametrize("model", [AutoencoderConfig, VAEConfig, DiffusionConfig])
@pytest.mark.parametrize("kind", ["images", "points", "drawing", "table", "wide table"])
def test_own_data_of_a_kind_work_everywhere_or_are_refused_in_a_sentence(tmp_path, monkeypatch, kind, model) -> None:
    monkeypatch.setenv(shelf.FOLDER, str(tmp_path / "kept"))
    name, flow = brought(tmp_path, kind), {"schedule": "rectified_flow", "depth": 1, "sampling_steps": 3}
    if kind in ("points", "drawing") and model is not DiffusionConfig:
        with pytest.raises(ConfigError, match="points in the plane, for a diffusion; an encoder is for images and tables"):
            model(dataset=name)
        return
    config = model(dataset=name, steps=3, width=16, **(flow if model is DiffusionConfig else {}))
    record = trained(config)
    assert record.status == "finished" and record.checkpoint is not None
    views = builder(config.model)(Nobody(), record) | history_views(record)
    for feature in FEATURES.values():
        views |= feature.static[config.model](record.config) if config.model in feature.static else {}
    assert views and thumbnail(record)

    data, answered = load_dataset(name), set()
    task, net = TASKS[config.model](config, data, torch.device("cpu")), load_model(record.checkpoint)
    asked = kind_of(config.model)
    where = Space(task, net) if asked == "latent" else Diffusion(task, net)
    for question in (one for one in QUESTIONS.values() if one.of == asked):
        try:
            with torch.set_grad_enabled(question.name == "reparametrisation"):
                ANSWERS[question.name](where, question.parse(ARGUMENTS.get(question.name, {})))
            answered.add(question.name)
        except ConfigError as error:
            assert str(error).endswith(".") and len(str(error)) > 30
    if asked == "diffusion":
        assert answered >= ANSWERED[data.kind]
    else:
        assert answered >= {"decode", "point", "values", "table", "neighbours", "grid", "traversals", "generate", "holes"}
        assert ("picture" in answered) == data.is_image
    for study in studies(config, record.checkpoint):
        *_, last = study
        assert isinstance(last, Finished)
