"""Logging to Trackio, by the command line and by the app: against a stub of what is public of it, and no training ever waits for it or fails with it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from fake_tasks import Values
from serving import ROOT

from playground.cli.tracking import Tracking, Trackings
from playground.config import ConfigError
from playground.runtimes import InProcessRuntime, RunRegistry

DEADLINE = 60.0


class Counted(Values):
    """As a training of an autoencoder that counts instead."""

    def __init__(self, **values) -> None:
        super().__init__(**values)
        self.values = values

    def model_dump(self) -> dict:
        return {"model": "ae", "dataset": "digits", **self.values}


class Logged:
    """A run of the stub: what was logged of each reading, and how often it was said to be over."""

    def __init__(self, **named) -> None:
        self.named, self.readings, self.steps, self.ends = named, {}, [], 0

    def log(self, metrics: dict[str, float], step: int) -> None:
        assert not self.ends, "logged after its end"
        self.steps.append(step)
        for name, value in metrics.items():
            self.readings.setdefault(name, []).append((step, value))

    def finish(self) -> None:
        self.ends += 1


@pytest.fixture
def begun(monkeypatch) -> list[Logged]:
    """The runs that were begun in a Trackio that is there."""
    found: list[Logged] = []
    stub = ModuleType("trackio")
    stub.init = lambda **named: found.append(Logged(**named)) or found[-1]  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "trackio", stub)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: True)
    return found


@pytest.fixture
def registry():
    made = RunRegistry(InProcessRuntime(), task="fake_tasks:counting", sweep_seconds=None)
    yield made
    made.close()


@pytest.fixture
def trackings(registry, begun):
    made = Trackings(registry, "mine", every=0.01)
    yield made
    made.close()


def until(condition, what: str) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"waited {DEADLINE:g} s for {what}"
        time.sleep(0.005)


def train(registry: RunRegistry, **values) -> str:
    return registry.start(Counted(**values))  # type: ignore[arg-type]


def test_every_reading_is_logged_once_at_its_step(begun) -> None:
    tracking = Tracking("mine", "", {"steps": 3})
    curve = np.array([0, 1, 2]), np.array([3.0, np.nan, 1.0])
    for n in (0, 1, 2, 2, 3):
        tracking.show(SimpleNamespace(history={"train/mse": (curve[0][:n], curve[1][:n])}))  # type: ignore[arg-type]
    tracking.close()
    assert begun[0].readings == {"train/mse": [(0, 3.0), (2, 1.0)]} and begun[0].ends == 1
    assert begun[0].named["project"] == "mine" and begun[0].named["config"] == {"steps": 3}


def test_without_trackio_a_sentence_says_how_to_get_it(monkeypatch, registry) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for begin in (lambda: Tracking("mine", "", {}), lambda: Trackings(registry, "mine")):
        with pytest.raises(ConfigError, match="pip install trackio"):
            begin()


def test_trainings_of_a_server_are_logged_side_by_side_to_their_ends(registry, trackings, begun) -> None:
    runs = [train(registry, steps=steps, pause=0.01) for steps in (40, 60)]
    until(lambda: len(begun) == 2 and all(one.ends for one in begun), "the ends of both")
    for run, one in zip(runs, sorted(begun, key=lambda one: one.named["config"]["steps"])):
        steps = one.named["config"]["steps"]
        assert one.named["project"] == "mine" and one.named["name"].startswith("ae-digits-") and run not in one.named["name"]
        assert one.readings["train"] == [(k, 1 / k) for k in range(1, steps + 1)]
        assert one.steps == sorted(one.steps) and one.ends == 1


def test_a_training_that_goes_on_is_the_same_run_and_logs_what_is_new(registry, trackings, begun) -> None:
    run = train(registry, steps=10**9, pause=0.005)
    until(lambda: begun and begun[0].steps, "a reading")
    registry.stop(run)
    until(lambda: begun[0].ends, "its end")
    before = begun[0].steps[-1]
    registry.nudge(run)
    registry.continue_(run)
    until(lambda: len(begun) == 2 and begun[1].steps, "a reading of the second part")
    assert begun[1].named["name"] == begun[0].named["name"] and begun[1].named["resume"] == "allow"
    assert begun[1].steps[0] == before + 1
    trackings.close()
    assert begun[1].ends == 1, "what still trains when the server ends is ended there"


def test_what_fails_there_is_said_once_and_is_no_matter_of_the_training(registry, trackings, begun, monkeypatch, capsys) -> None:
    def fails(self, metrics, step) -> None:
        if self.named["config"]["steps"] < 50:
            raise OSError("the disk is full")
        real(self, metrics, step)

    real = Logged.log
    monkeypatch.setattr(Logged, "log", fails)
    runs = [train(registry, steps=steps, pause=0.01) for steps in (30, 40, 60)]
    until(lambda: all(registry.get(run).status == "finished" for run in runs), "the ends of the trainings")
    until(lambda: any(one.ends for one in begun), "the end of the one that is logged")
    assert [len(one.readings.get("train", ())) for one in begun if one.ends] == [60] and len(begun) == 3
    said = capsys.readouterr().err
    assert said.count("Trackio failed (OSError: the disk is full)") == 1 and "Traceback" not in said


def test_no_training_waits_for_trackio(registry, trackings, begun, monkeypatch) -> None:
    free = threading.Event()
    monkeypatch.setattr(Logged, "log", lambda self, metrics, step: free.wait(DEADLINE))
    first = train(registry, steps=20, pause=0.01)
    until(lambda: registry.get(first).status == "finished" and begun, "the end of one whose reading hangs")
    second = train(registry, steps=20)
    until(lambda: registry.get(second).status == "finished", "the end of another one")
    assert len(begun) == 1
    free.set()


@pytest.mark.parametrize(
    ("flags", "said"),
    [(["--public"], "refused where others reach the server"), ([], "needs the package trackio: pip install trackio.")],
)
def test_the_app_says_why_it_cannot_log_before_it_starts(flags, said) -> None:
    hidden = "import importlib.util as u, sys; real = u.find_spec; u.find_spec = lambda name, *more: None if name == 'trackio' else real(name, *more); "
    code = (
        f"{hidden}sys.argv = ['app.py', '--trackio', 'mine', *{flags}]; import runpy; runpy.run_path('app.py', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and said in done.stderr and "Traceback" not in done.stderr
