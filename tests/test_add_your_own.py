"""The README's example of a study: its own text, written to a folder, found, run, drawn and pressed."""

from __future__ import annotations

import ast
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import numpy as np
import pytest

import playground.features
from playground.config import AutoencoderConfig
from playground.features import registry
from playground.page.autoencoder import AutoencoderTab
from playground.page.service import Service
from playground.runtimes import InProcessRuntime
from playground.runtimes.links import watch_id

NAME = "robustness"
README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
SECTION = README.partition("## Add your own study\n")[2].partition("\n## ")[0]
FILES = dict(re.findall(rf"```python\n# playground/features/{NAME}/(\w+\.py)\n(.*?)```", SECTION, re.S))
MODEL = {"model": "ae", "dataset": "digits", "steps": 100, "width": 32, "depth": 1, "latent_dim": 8}


@pytest.fixture(scope="module")
def feature(tmp_path_factory: pytest.TempPathFactory) -> Iterator[registry.Feature]:
    """The study, in a folder that stands beside those of the project for as long as these tests run."""
    folder = tmp_path_factory.mktemp("features")
    (folder / NAME).mkdir()
    for name, text in {"__init__.py": "", **FILES}.items():
        (folder / NAME / name).write_text(text, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(playground.features, "__path__", [*playground.features.__path__, str(folder)])
        found = registry.find()
        patch.setitem(registry.FEATURES, NAME, found[NAME])
        yield found[NAME]
    for module in [module for module in sys.modules if module.startswith(f"playground.features.{NAME}")]:
        del sys.modules[module]


@pytest.fixture(scope="module")
def service(feature: registry.Feature) -> Iterator[Service]:
    service = Service(InProcessRuntime(), device="cpu", sweep_seconds=None)
    yield service
    service.registry.close()


@pytest.fixture(scope="module")
def trained(service: Service) -> str:
    return ended(service, service.train(MODEL))


def ended(service: Service, run: str) -> str:
    """A run, after its end."""
    deadline = time.monotonic() + 120
    while (record := service.registry.get(run)).active:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert record.status == "finished", record.message
    return run


def test_the_example_is_a_whole_folder_and_short() -> None:
    assert set(FILES) == {"settings.py", "run.py", "view.py", "section.py", "feature.py"}
    lines = [line for text in FILES.values() for line in text.splitlines() if line.strip()]
    assert len(lines) <= 75 and max(map(len, lines)) <= 132
    for name, text in FILES.items():
        assert ast.get_docstring(ast.parse(text)) and ("torch" not in text.partition('"""\n')[2] or name == "run.py")


def test_it_is_found_and_measures_a_model(service: Service, feature: registry.Feature, trained: str) -> None:
    assert registry.studies()[NAME] is feature
    run = ended(service, service.study(NAME, trained, {"n_examples": 50}))
    payload = service.results(run)[NAME]
    assert np.allclose(payload["sigma"], np.linspace(0, 1, 8)) and len(payload["error"]) == 8
    assert 0 < payload["error"][0] < payload["error"][-1] and min(payload["error_se"]) > 0
    frame = service.views(run).frame(service.registry.get(run), 0, False, True)
    assert [row["n"] for row in frame["views"][NAME]["rows"]] == [8, 8] and frame["views"][NAME]["h"] == 8
    assert (
        [origin["run"] for origin in frame["of"]] == [watch_id(trained)] and frame["status"] == "finished" and frame["steps"] == 8
    )


def test_it_refuses_what_has_no_reconstruction(service: Service) -> None:
    points = ended(service, service.train({"model": "diffusion", "dataset": "moons", "steps": 2, "width": 16, "depth": 1}))
    run = service.study(NAME, points, {})
    with pytest.raises(AssertionError, match="Only an autoencoder or a VAE reconstructs images"):
        ended(service, run)


def test_one_line_puts_it_on_a_tab_where_its_button_starts_it(
    service: Service, trained: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from playground.features.robustness import section as robustness

    line = re.search(r"`(benches = .*)`", SECTION)
    where: dict[str, object] = {"robustness": robustness}
    exec(line[1], where)
    monkeypatch.setattr(AutoencoderTab, "benches", where["benches"])
    with gr.Blocks() as page:
        AutoencoderTab("ae", service, AutoencoderConfig)
    assert "Robustness" in [block.label for block in page.blocks.values() if isinstance(block, gr.Tab)]
    start = next(event.fn for event in page.fns.values() if "study.<locals>.start" in getattr(event.fn, "__qualname__", ""))
    assert "press Train first" in start(None, gr.EventData(None, {}))["error"]
    started = start({"run": trained}, gr.EventData(None, {"settings": {NAME: {"noise": 0.5}}}))
    assert service.registry.get(ended(service, started["run"])).config["noise"] == 0.5
    assert "noise = 99" in start({"run": trained}, gr.EventData(None, {"settings": {NAME: {"noise": 99}}}))["error"]
