"""The likelihood as a study: it speaks like a run, keeps what it has when stopped, and its numbers are those of its parts."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch

from playground.config import AutoencoderConfig, ConfigError, DiffusionConfig
from playground.data import load_dataset
from playground.data.points import MIXTURE
from playground.features.likelihood.run import PART, likelihood_run, summarise
from playground.features.likelihood.settings import LikelihoodConfig
from playground.runs.checkpoint import pack, unpack
from playground.runs.control import Control
from playground.runs.events import Failed, Finished, Progress, Snapshot, Started
from playground.runs.tasks import TASKS

SMALL = {"width": 16, "depth": 1, "device": "cpu"}


def checkpoint(config) -> bytes:
    """An untrained model: what is said about it need not be good."""
    shape = load_dataset(config.dataset).shape
    torch.manual_seed(0)
    return pack(config, 0, 0.0, shape, {"ema": TASKS[config.model].build(config, shape).state_dict()})


POINTS = checkpoint(DiffusionConfig(dataset="mixture", **SMALL))


def run(data: bytes, control: Control | None = None, **settings) -> list:
    return list(likelihood_run(LikelihoodConfig(**{"device": "cpu", "bound_draws": 4} | settings), data, control))


def last(events: list) -> Snapshot:
    return [event for event in events if isinstance(event, Snapshot)][-1]


def rows(event: Snapshot) -> dict[str, dict]:
    return {row["name"]: row for row in json.loads(event.arrays["summary"].tobytes())}


def test_a_study_of_points() -> None:
    first, *between, end = run(POINTS, n_examples=300)
    assert isinstance(first, Started) and first.config["steps"] == 300 and first.config["dataset"] == "mixture"
    assert isinstance(end, Finished) and (end.step, end.stopped) == (300, False)
    steps = [event.step for event in between if isinstance(event, Progress)]
    assert steps == sorted(steps) and steps[-1] == 300
    pictures = [event for event in between if isinstance(event, Snapshot)]
    assert pictures[0].step >= PART[False] and pictures[-1].step == 300
    arrays, found = pictures[-1].arrays, rows(pictures[-1])
    assert all(arrays[name].shape == (300,) for name in ("log_p", "log_p_std", "bound", "bound_std", "true"))
    assert (arrays["log_p_std"] == 0.0).all() and (arrays["bound_std"] > 0.0).all()
    assert found["ode"]["nats"] == pytest.approx(arrays["log_p"].mean()) and found["ode"]["bits"] is None
    assert found["ode"]["nats_se"] == pytest.approx(arrays["log_p"].std(ddof=1) / math.sqrt(300))
    assert found["bound"]["difference"] == pytest.approx((arrays["bound"] - arrays["true"]).mean())
    order = np.random.default_rng(0).permutation(2000)[:300]
    np.testing.assert_allclose(arrays["true"], MIXTURE.log_density(load_dataset("mixture").test.x[order]))


def test_an_untrained_model_of_points_is_its_noise() -> None:
    """A fresh `v` network says 0, which makes the flow a rotation of noise: the model is N(0, I) itself, at every t."""
    pictures = last(run(POINTS, n_examples=100))
    order = np.random.default_rng(0).permutation(2000)[:100]
    x = load_dataset("mixture").test.x[order].astype("f8")
    expected = -0.5 * (x**2).sum(1) - math.log(2 * math.pi)
    np.testing.assert_allclose(pictures.arrays["log_p"], expected, atol=2e-3)


def test_a_study_of_images_is_in_bits_too() -> None:
    data = checkpoint(DiffusionConfig(dataset="digits", **SMALL))
    pictures = last(run(data, n_examples=20, probes=3))
    arrays, found = pictures.arrays, rows(pictures)
    assert set(found) == {"ode", "bound"} and "true" not in arrays and arrays["log_p"].shape == (20,)
    assert found["ode"]["bits"] == pytest.approx((math.log(255) - found["ode"]["nats"] / 64) / math.log(2))
    order = np.random.default_rng(0).permutation(len(load_dataset("digits").test))[:20]
    x = load_dataset("digits").test.x[order].reshape(20, 64) / 127.5 - 1.0
    expected = -0.5 * (x**2).sum(1) - 32 * math.log(2 * math.pi) + 64 * math.log(2)
    np.testing.assert_allclose(arrays["log_p"], expected, atol=0.3)  # N(0, I), up to the noise of dequantising
    assert found["bound"]["nats"] < found["ode"]["nats"] + 4 * found["bound"]["nats_se"]


def test_one_probe_does_not_know_its_own_error() -> None:
    data = checkpoint(DiffusionConfig(dataset="digits", **SMALL))
    pictures = last(run(data, n_examples=4, probes=1))
    assert np.isnan(pictures.arrays["log_p_std"]).all() and np.isfinite(pictures.arrays["log_p"]).all()


def test_a_stop_keeps_what_is_there() -> None:
    control = Control()
    events = []
    for event in likelihood_run(LikelihoodConfig(device="cpu", bound_draws=2, n_examples=2000), POINTS, control):
        events.append(event)
        if isinstance(event, Snapshot):
            control.send({"kind": "stop"})
    assert isinstance(events[-1], Finished) and events[-1].stopped and events[-1].step == PART[False]
    assert {event.step for event in events if isinstance(event, Snapshot)} == {PART[False]}


def test_a_model_whose_flow_cannot_be_solved_is_told() -> None:
    about = unpack(POINTS)
    weights = {name: value * math.nan if value.is_floating_point() else value for name, value in about.group("ema").items()}
    *_, end = run(pack(about.config, 0, 0.0, about.data_shape, {"ema": weights}), n_examples=10)
    assert isinstance(end, Failed) and end.message.startswith("The probability-flow ODE of this model cannot be solved")
    assert "smaller learning rate" in end.suggestion


def test_the_seed_decides() -> None:
    first, again, other = (last(run(POINTS, n_examples=10, seed=seed)).arrays["bound"] for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_one_example_has_no_spread() -> None:
    (row,) = json.loads(summarise({"log_p": np.array([-3.0])}, 64, True).tobytes())
    assert row["nats"] == -3.0 and row["nats_se"] is None and row["bits_se"] is None


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (AutoencoderConfig(dataset="digits", **SMALL), "that of a diffusion model"),
        (DiffusionConfig(dataset="mixture", conditional="on", label_dropout=0.0, **SMALL), "always saw the class"),
    ],
)
def test_other_models_are_refused(config, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        run(checkpoint(config))


def test_a_model_with_classes_is_measured_without_them() -> None:
    data = checkpoint(DiffusionConfig(dataset="mixture", conditional="on", **SMALL))
    assert unpack(data).config.conditional == "on"
    assert np.isfinite(last(run(data, n_examples=10)).arrays["log_p"]).all()
