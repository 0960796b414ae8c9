"""The study of the bounds: what it says and when, against the modules that it is made of; and that it can be stopped."""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pytest
import torch

from playground.config import AutoencoderConfig, ConfigError, VAEConfig
from playground.features.bounds.run import ESTIMATES, GAPS, arrays_of, bounds_run
from playground.features.bounds.settings import BoundsConfig
from playground.runs.checkpoint import pack, unpack
from playground.runs.control import Control
from playground.runs.events import Failed, Finished, Progress, Snapshot, Started
from playground.runs.generation import load_model
from playground.runs.training import Trainer
from playground.vae.quadrature import log_evidence

TINY = {"dataset": "digits", "width": 32, "depth": 1, "batch_size": 64, "warmup_steps": 0, "learning_rate": 0.01, "device": "cpu"}
STUDY = BoundsConfig(n_examples=6, importance_samples=300, device="cpu")


@pytest.fixture(scope="module")
def checkpoints() -> dict[str, bytes]:
    def made(config) -> bytes:
        trainer = Trainer(config, Control(), None)
        for _ in range(100):
            trainer._advance()
        return trainer._checkpoint().data

    configs = {
        "2": VAEConfig(**TINY),
        "5": VAEConfig(latent_dim=5, likelihood="bernoulli", **TINY),
        "ae": AutoencoderConfig(**TINY),
    }
    return {name: made(config) for name, config in configs.items()}


@pytest.mark.parametrize("which", ["2", "5"])
def test_events_come_in_order_and_end_with_everything(checkpoints, which: str) -> None:
    events = list(bounds_run(STUDY, checkpoints[which]))
    assert isinstance(events[0], Started) and events[0].config["study"] == "bounds" and events[0].config["dataset"] == "digits"
    steps = [event.step for event in events if isinstance(event, Progress)]
    assert steps == sorted(steps) and steps[-1] == 6
    last, end = events[-2:]
    assert isinstance(last, Snapshot) and isinstance(end, Finished) and not end.stopped and last.step == end.step == 6
    arrays = last.arrays
    assert len(set(arrays["index"].tolist())) == 6 and (arrays["dimensions"], arrays["k"], arrays["total"]) == (64, 300, 6)
    assert ("exact" in arrays) == ("gap_mean" in arrays) == (which == "2")
    for name in ESTIMATES:
        if name in arrays:
            assert arrays[name].shape == (6,) and arrays[f"{name}_mean"] == pytest.approx(arrays[name].mean(), rel=1e-5)
            assert arrays[f"{name}_se"] == pytest.approx(arrays[name].std(ddof=1) / 6**0.5, rel=1e-4)
    assert arrays["elbo_mean"] < arrays["iwae_5_mean"] < arrays["iwae_50_mean"] < arrays["importance_mean"]
    json.dumps({name: value.tolist() for name, value in arrays.items()})


def test_the_numbers_are_those_of_the_images(checkpoints) -> None:
    arrays = list(bounds_run(STUDY, checkpoints["2"]))[-2].arrays
    model, config = load_model(checkpoints["2"], "cpu").double(), unpack(checkpoints["2"]).config
    task = Trainer(config, Control(), None).task
    x = task.scale(task.test_x[torch.from_numpy(arrays["index"])]).double()
    np.testing.assert_allclose(arrays["exact"], log_evidence(model, x).log_p, atol=1e-3)
    assert (np.abs(arrays["importance"] - arrays["exact"]) < 5 * arrays["importance_error"] + 0.02).all()
    assert (arrays["elbo"] <= arrays["best_elbo"] + 1e-4).all() and (arrays["best_elbo"] <= arrays["exact"] + 1e-4).all()
    for name, (above, below) in GAPS.items():
        assert arrays[f"{name}_mean"] == pytest.approx(float((arrays[above] - arrays[below]).mean()), abs=1e-4)
    assert arrays["gap_mean"] == pytest.approx(arrays["approximation_gap_mean"] + arrays["amortisation_gap_mean"], abs=1e-4)


def test_the_seed_decides(checkpoints) -> None:
    first, again, other = (list(bounds_run(STUDY.replace(seed=seed), checkpoints["5"]))[-2].arrays for seed in (0, 0, 1))
    assert np.array_equal(first["importance"], again["importance"]) and not np.array_equal(first["index"], other["index"])


def test_stop_keeps_what_there_is(checkpoints) -> None:
    calls = itertools.count()
    events = list(bounds_run(STUDY, checkpoints["5"], Control(lambda: [{"kind": "stop"}] if next(calls) == 2 else [])))
    assert isinstance(events[-1], Finished) and events[-1].stopped and events[-1].step == 2
    assert len(events[-2].arrays["elbo"]) == 2 and events[-2].arrays["total"] == 6


def test_a_model_of_numbers_that_are_none_is_told(checkpoints) -> None:
    about = unpack(checkpoints["5"])
    weights = {name: value * math.nan for name, value in about.group("ema").items()}
    *_, end = bounds_run(STUDY, pack(about.config, 1, 0.0, about.data_shape, {"ema": weights}))
    assert isinstance(end, Failed) and "elbo of held-out image" in end.message and "not a finite number" in end.message


def test_a_single_image_has_no_spread() -> None:
    row = {
        "index": 3,
        "elbo": -2.0,
        "iwae_5": -1.5,
        "iwae_50": -1.2,
        "importance": -1.1,
        "importance_error": 0.1,
        "effective_samples": 50.0,
    }
    arrays = arrays_of([row], STUDY, 6, 64)
    assert arrays["elbo_mean"] == -2.0 and np.isnan(arrays["elbo_se"])


def test_an_autoencoder_has_no_bound(checkpoints) -> None:
    with pytest.raises(ConfigError, match="Only a VAE has a bound"):
        next(bounds_run(STUDY, checkpoints["ae"]))
