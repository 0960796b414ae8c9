"""Features register by their folder: what the server finds of them, and what it refuses."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

import playground.features
from playground.config import CONFIGS, AutoencoderConfig, ConfigError, SampleConfig
from playground.features import registry
from playground.features.bounds.settings import BoundsConfig
from playground.features.feature import Feature
from playground.page.service import Service
from playground.runtimes import InProcessRuntime

FOLDER = Path(playground.features.__file__).parent


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service(InProcessRuntime(), device="cpu", sweep_seconds=None)
    yield service
    service.registry.close()


def test_every_folder_with_a_feature_is_registered_by_its_name() -> None:
    assert set(registry.FEATURES) == {path.parent.name for path in FOLDER.glob("*/feature.py")}
    assert set(registry.studies()) == {"arena", "bounds", "comparison", "evaluation", "likelihood", "reflow"}
    assert all(name == feature.name for name, feature in registry.FEATURES.items())


@pytest.mark.parametrize("name", registry.studies())
def test_a_study_is_run_with_its_settings_and_the_weights_that_it_names(name: str) -> None:
    study = registry.studies()[name]
    module, function = study.run.split(":")
    assert module == f"playground.features.{name}.run"
    takes = list(inspect.signature(getattr(importlib.import_module(module), function)).parameters)
    assert takes == ["config", "checkpoint", *study.others, "control"]


@pytest.mark.parametrize("kind", [*CONFIGS, "samples", *registry.studies()])
def test_every_kind_of_run_has_pictures(kind: str) -> None:
    assert callable(registry.builder(kind))


def test_two_features_never_draw_the_same_kind_of_run() -> None:
    kinds = [kind for feature in registry.FEATURES.values() for kind in (*feature.pictures, *([feature.name] * bool(feature.view)))]
    assert len(kinds) == len(set(kinds)) == len(CONFIGS) + 1 + len(registry.studies())


def test_settings_of_another_study_are_refused_where_the_feature_is_written() -> None:
    with pytest.raises(TypeError, match='study: Literal."sharpness"'):
        Feature("sharpness", BoundsConfig)


def test_a_feature_in_a_folder_of_another_name_is_not_found_by_chance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "blur").mkdir()
    (tmp_path / "blur" / "__init__.py").write_text("")
    (tmp_path / "blur" / "feature.py").write_text(
        "from playground.features.feature import Feature\nFEATURE = Feature('sharpness')\n"
    )
    monkeypatch.setattr(playground.features, "__path__", [str(tmp_path)])
    with pytest.raises(TypeError, match="sharpness stands in the folder blur"):
        registry.find()


@pytest.mark.parametrize("name", ["nothing", "samples", "", None, 3, ["bounds"], {"a": 1}], ids=repr)
def test_an_unknown_study_is_refused_with_those_that_there_are(service: Service, name: object) -> None:
    with pytest.raises(ConfigError, match="known are arena, bounds, comparison, evaluation, likelihood, reflow"):
        service.study(name, "run", {})


def test_what_a_study_compares_is_named_where_it_is_missing_or_too_much(service: Service) -> None:
    run = service.train(AutoencoderConfig(dataset="digits", steps=1, width=16, depth=1, device="cpu").model_dump())
    with pytest.raises(ConfigError, match="^The study comparison takes vae beside the run that it measures"):
        service.study("comparison", run, {})
    with pytest.raises(ConfigError, match="^The study bounds takes no other run beside"):
        service.study("bounds", run, {}, {"vae": run})
    for others in (3, [run], {1: run}):
        with pytest.raises(ConfigError, match="given by name"):
            service.study("comparison", run, {}, others)


def test_a_run_that_trains_nothing_cannot_be_studied(service: Service) -> None:
    measuring = service.registry.start(BoundsConfig(n_examples=2), task="playground.features.bounds.run:bounds_run", checkpoint=b"")
    drawing = service.registry.start(SampleConfig(), task="playground.runs.generation:sampling_run", checkpoint=b"")
    for run in (measuring, drawing):
        with pytest.raises(ConfigError, match="trains no model"):
            service.study("bounds", run, {})
