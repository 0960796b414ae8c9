"""The quality of samples while a model trains: in its events, within its share, and as a page draws it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from playground.config import parse_config
from playground.data import load_dataset
from playground.features.quality.view import DRAWN, quality_view
from playground.runs import measuring
from playground.runs.control import Control
from playground.runs.events import Finished, Progress, Started
from playground.runs.quality import LEAST, MOST, SHARE, Quality, affordable
from playground.runs.tasks import TASKS
from playground.runs.training import train
from playground.runtimes.records import History, RunRecord, advance
from playground.views.codec import f32

SMALL = {
    "ae": {"dataset": "digits", "width": 16},
    "vae": {"dataset": "digits", "width": 16},
    "diffusion": {"dataset": "digits", "network": "mlp", "width": 32, "conditional": "on"},
}
FLOORS = {f"quality/floor_{name}" for name in ("frechet", "frechet_std", "precision", "recall")}


@pytest.fixture(autouse=True)
def at_once(monkeypatch) -> None:
    """Runs of a few steps are worth measuring, too."""
    monkeypatch.setattr("playground.runs.training.SETTLED", 0.0)


def readings(events) -> list[dict[str, float]]:
    return [event.losses for event in events if isinstance(event, Progress) and "quality/frechet" in event.losses]


def latent_events() -> list:
    *_, vae = train(parse_config({"model": "vae", "dataset": "digits", "width": 16, "steps": 5}))
    return list(
        train(parse_config({"model": "latent_diffusion", "dataset": "digits", "width": 16, "steps": 5}), source=vae.checkpoint)
    )


@pytest.fixture(scope="module")
def runs() -> Iterator[dict[str, list]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("playground.runs.training.SETTLED", 0.0)
        found = {model: list(train(parse_config({"model": model, "steps": 8, **values}))) for model, values in SMALL.items()}
        yield found | {"latent_diffusion": latent_events()}


@pytest.mark.parametrize("model", DRAWN)
def test_runs_of_images_tell_how_good_their_samples_are(runs, model: str) -> None:
    found = readings(runs[model])
    assert FLOORS <= set(found[0]), "the floor comes with the first reading"
    last = found[-1]
    assert last["quality/n"] == len(load_dataset("digits").test) // 2
    assert last["quality/frechet"] > 5 * found[0]["quality/floor_frechet"] > 0, "after eight steps samples are no digits"
    assert 0 <= last["quality/precision"] <= 1 and 0 <= last["quality/recall"] <= 1 and last["quality/frechet_std"] > 0
    assert isinstance(runs[model][-1], Finished)


def test_points_have_no_network_to_look_at_them() -> None:
    events = train(parse_config({"model": "diffusion", "dataset": "mixture", "steps": 5, "width": 16}))
    assert not any(name.startswith("quality") for event in events if isinstance(event, Progress) for name in event.losses)


def test_the_same_weights_read_the_same(runs) -> None:
    again = list(train(parse_config({"model": "vae", "steps": 8, **SMALL["vae"]})))
    assert readings(again)[-1]["quality/frechet"] == readings(runs["vae"])[-1]["quality/frechet"]


def test_training_makes_samples_better() -> None:
    events = list(train(parse_config({"model": "vae", "dataset": "digits", "latent_dim": 8, "steps": 250, "seed": 0})))
    assert readings(events)[-1]["quality/frechet"] < 0.7 * readings(events)[0]["quality/frechet"]


def test_short_runs_are_not_measured(monkeypatch) -> None:
    monkeypatch.setattr("playground.runs.training.SETTLED", math.inf)
    assert not readings(train(parse_config({"model": "vae", "steps": 3, **SMALL["vae"]})))


# --- how much ------------------------------------------------------------------------------------------------------------


class Machine:
    """A processor on which an image takes `each` seconds, and others take their turns: `busy` of its time is ours."""

    def __init__(self, patch: pytest.MonkeyPatch, each: float, busy: float = 1.0) -> None:
        self.each, self.busy, self.processor, self.wall, self.drawn = each, busy, 0.0, 0.0, 0
        patch.setattr("time.process_time", lambda: self.processor)
        patch.setattr("time.perf_counter", lambda: self.wall)

    def work(self, seconds: float) -> None:
        self.processor += seconds
        self.wall += seconds / self.busy

    def draw(self, n: int) -> None:
        self.drawn += n
        self.work(n * self.each)


@pytest.mark.parametrize(
    ("milliseconds", "budget", "n"),
    [(0.9, 0.5, 500), (1.1, 0.5, 250), (2.1, 0.5, 100), (5.1, 0.5, 50), (5.1, 2.0, 250), (999, 0.5, 50)],
)
def test_the_number_of_samples_is_what_the_budget_pays_for(monkeypatch, milliseconds: float, budget: float, n: int) -> None:
    machine = Machine(monkeypatch, milliseconds / 1000)
    assert affordable(machine.draw, budget) == n
    assert machine.drawn == (10 if milliseconds == 999 else 60), "a slow network is not asked twice"


@pytest.mark.parametrize("busy", [1.0, 0.25])
@pytest.mark.parametrize("slow", [1.0, 3.0])
def test_a_busy_machine_reads_as_many_samples(monkeypatch, busy: float, slow: float) -> None:
    """A run of 70 processor seconds whose images take 2.4 ms each, on machines that are slow, or have others to serve, too."""
    machine, data = Machine(monkeypatch, 0.0024 * slow, busy), load_dataset("fashion_mnist")
    task = TASKS["vae"](parse_config({"model": "vae"}), data, torch.device("cpu"))
    quality = Quality(task, data)
    monkeypatch.setattr(task, "fresh", lambda model, n, interrupted: machine.draw(n))
    machine.work(slow)
    quality.begin(torch.nn.Identity(), 70.0 * slow / busy)
    assert quality.n == 250 and LEAST < SHARE * 70.0 < MOST


def test_drawing_is_given_up_when_somebody_presses_something() -> None:
    config = parse_config({"model": "diffusion", **SMALL["diffusion"]})
    data = load_dataset("digits")
    task = TASKS["diffusion"](config, data, torch.device("cpu"))
    quality, model = Quality(task, data), task.build(config, data.shape)
    assert quality.begin(model, 10.0)["floor_frechet"] > 0
    assert quality.read(model, lambda: True) == {} and quality.read(model, lambda: False)["n"] == quality.n


def test_readings_keep_to_their_share(monkeypatch) -> None:
    """Also the first of them, whose cost is known before the second."""
    now = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    clock = measuring.Cadence(0.04, warms_up=False)
    for _ in range(3):
        began = now[0]
        now[0] += 1.0
        clock.done(began)
        now[0] = began + 24.9
        assert not clock.due(1.0)
        now[0] = began + 25.1
        assert clock.due(1.0)


def test_a_run_that_is_stopped_ends_with_a_reading() -> None:
    calls = itertools.count(1)
    control = Control(lambda: [{"kind": "stop"}] if next(calls) == 40 else [])
    seen = list(train(parse_config({"model": "vae", "steps": 100_000, **SMALL["vae"]}), control))
    assert seen[-1].stopped and readings(seen)
    assert [event.step for event in seen if isinstance(event, Progress)][-1] == seen[-1].step and "quality/n" in readings(seen)[-1]


# --- as a page draws it --------------------------------------------------------------------------------------------------


def record(events: list, history: History) -> RunRecord:
    now = RunRecord("run", events[0].config)
    for event in events:
        now = advance(now, event, history)
    return now


@pytest.mark.parametrize("model", DRAWN)
def test_the_view_has_value_floor_and_number(runs, model: str) -> None:
    payload = quality_view(record(runs[model], History()))["quality"]
    last = readings(runs[model])[-1]
    assert payload["now"]["frechet"] == pytest.approx(last["quality/frechet"], rel=1e-6)
    assert payload["floor"]["recall"] > 0.7 and payload["n"] == last["quality/n"] and payload["step"] > 0
    assert payload["drawn"] == DRAWN[model] and "98.9 % right" in payload["network"]
    assert payload["values"] == f32(np.array([one["quality/frechet"] for one in readings(runs[model])]))


def test_nothing_is_drawn_before_the_first_reading(runs) -> None:
    assert isinstance(runs["vae"][0], Started) and quality_view(record(runs["vae"][:1], History())) == {}
