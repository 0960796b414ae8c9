"""One panel for every kind of model: what it says is what the tabs say of the same weights, and what is not defined says why."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from playground.config import AutoencoderConfig, DiffusionConfig, LatentDiffusionConfig, RunConfig, VAEConfig
from playground.data import load_dataset
from playground.features.bounds.run import bounds_run
from playground.features.bounds.settings import BoundsConfig
from playground.features.bounds.view import bounds_study
from playground.features.evaluation.run import evaluation_run
from playground.features.evaluation.settings import EvaluationConfig
from playground.features.likelihood.run import likelihood_run
from playground.features.likelihood.settings import LikelihoodConfig
from playground.measures.features import gallery_of
from playground.questions.answerer import answer
from playground.runs.checkpoint import pack
from playground.runs.events import Finished, Snapshot, Started, read_json
from playground.runs.generation import load_model
from playground.runs.tasks import TASKS
from playground.runtimes.records import RunRecord

SMALL = {"dataset": "digits", "width": 16, "depth": 1, "device": "cpu"}
AE, VAE, PIXELS = AutoencoderConfig(**SMALL), VAEConfig(**SMALL, latent_dim=3), DiffusionConfig(**SMALL)
LATENTS = LatentDiffusionConfig(dataset="digits", width=16, depth=1, device="cpu", autoencoder=VAE)
POINTS = DiffusionConfig(dataset="mixture", width=16, depth=1, device="cpu")
QUICK = EvaluationConfig(n_samples=40, draws=2, n_examples=3, importance_samples=50, device="cpu")


def untrained(config: RunConfig) -> bytes:
    shape = load_dataset(config.dataset).shape
    torch.manual_seed(0)
    model = TASKS[config.model].build(config, shape)
    group = {name: value.clone() for name, value in model.state_dict().items() if not name.startswith("autoencoder.")}
    return pack(config, 7, 1.5, shape, {"ema": model.state_dict(), "model": group})


@pytest.fixture(scope="module")
def panel():
    """`panel(config)` -> what an evaluation found of an untrained model, by name, and the samples."""
    known = {}

    def of(config: RunConfig):
        if config.model + config.dataset not in known:
            events = list(evaluation_run(QUICK, untrained(config)))
            assert isinstance(events[0], Started) and isinstance(events[-1], Finished) and not events[-1].stopped
            last = next(event for event in reversed(events) if isinstance(event, Snapshot))
            table = read_json(last.arrays["table"])
            assert table["now"] == "" and table["of_step"] == 7
            known[config.model + config.dataset] = {row["name"]: row for row in table["rows"]}, last.arrays["samples"]
        return known[config.model + config.dataset]

    return of


@pytest.mark.parametrize("config", [AE, VAE, PIXELS, LATENTS, POINTS], ids=lambda config: f"{config.model} {config.dataset}")
def test_every_kind_has_every_measure_or_a_reason(panel, config):
    rows, samples = panel(config)
    assert list(rows) == [
        "reconstruction", "bound", "log_p", "frechet", "precision", "recall", "energy", "memorised", "parameters", "train_seconds",
        "sample_seconds",
    ]  # fmt: skip
    assert all((row["value"] is None) == bool(row["why"]) for row in rows.values())
    assert rows["train_seconds"]["value"] == 1.5 and rows["sample_seconds"]["value"] > 0
    undefined = {name for name, row in rows.items() if row["value"] is None}
    expected = {
        "ae": {"bound", "log_p"},
        "vae": set(),
        "diffusion": {"reconstruction"} if config is PIXELS else {"reconstruction", "frechet", "precision", "recall", "memorised"},
        "latent_diffusion": {"bound", "log_p"},
    }
    assert undefined == expected[config.model] and len(samples) == 24


def test_each_random_measure_has_its_spread_and_its_floor(panel):
    for config in (AE, VAE, PIXELS, LATENTS):
        rows, _ = panel(config)
        for name in ("frechet", "precision", "recall", "energy", "memorised"):
            assert rows[name]["sd"] >= 0 and rows[name]["spread"] and rows[name]["beside"]["label"].endswith("images")
    real = [panel(config)[0]["energy"]["beside"] for config in (AE, VAE, PIXELS)]
    assert real[0] == real[1] == real[2], "the same parts of the data for all"


def test_a_diffusion_is_measured_by_samples_that_are_drawn_as_it_is_set(panel):
    assert f"in {PIXELS.sampling_steps} steps, their times Karras" in panel(PIXELS)[0]["sample_seconds"]["note"]
    task = TASKS["diffusion"](PIXELS, load_dataset("digits"), torch.device("cpu"))
    model, asked = load_model(untrained(PIXELS), "cpu"), []
    for drawing in (task.drawing, PIXELS.replace(sampler="ddpm", sampling_steps=4)):
        task.drawing, before = drawing, len(asked)
        hook = model.register_forward_hook(lambda *_: asked.append(1))
        task.fresh(model, 20, lambda: False)
        hook.remove()
        assert len(asked) - before == drawing.sampling_steps


def test_the_error_is_that_of_the_dots_on_the_map(panel):
    task, model = TASKS["ae"](AE, load_dataset("digits"), torch.device("cpu")), load_model(untrained(AE), "cpu")
    found = answer(task, model, "table", {})
    assert len(found["error_per_pixel"]) == len(load_dataset("digits").test)
    np.testing.assert_allclose(panel(AE)[0]["reconstruction"]["value"], found["error_per_pixel"].mean(), rtol=1e-5)
    assert panel(AE)[0]["reconstruction"]["beside"]["value"] == pytest.approx(task.baseline()["mse"])
    assert panel(LATENTS)[0]["reconstruction"]["note"] == "That of its autoencoder."


def last(events):
    return next(event for event in reversed(list(events)) if isinstance(event, Snapshot))


def test_the_bound_of_a_vae_is_that_of_its_bench(panel):
    config = BoundsConfig(n_examples=3, importance_samples=50, device="cpu")
    rows = bounds_study(None, RunRecord("run", {"dataset": "digits"}, snapshot=last(bounds_run(config, untrained(VAE)))))["bounds"][
        "rows"
    ]
    bits = {row["name"]: row["bits"] for row in rows}
    assert (
        f"{panel(VAE)[0]['bound']['value']:.3f}" == bits["elbo"] and f"{panel(VAE)[0]['log_p']['value']:.3f}" == bits["importance"]
    )


def test_the_likelihood_of_a_diffusion_is_that_of_its_bench(panel):
    for config, key, sign in ((PIXELS, "bits", 1.0), (POINTS, "nats", -1.0)):
        arrays = last(likelihood_run(LikelihoodConfig(n_examples=3, device="cpu"), untrained(config))).arrays
        rows = {row["name"]: row for row in read_json(arrays["summary"])}
        found = panel(config)[0]
        assert found["log_p"]["value"] == pytest.approx(sign * rows["ode"][key])
        assert found["bound"]["value"] == pytest.approx(sign * rows["bound"][key])
    assert panel(POINTS)[0]["log_p"]["unit"] == "nats per example"
    assert panel(POINTS)[0]["log_p"]["beside"]["label"] == "the true density"


def test_samples_are_as_far_as_those_that_a_tab_measures(panel):
    for config in (AE, VAE, PIXELS):
        task, model = TASKS[config.model](config, load_dataset("digits"), torch.device("cpu")), load_model(untrained(config), "cpu")
        with torch.no_grad():
            if config is PIXELS:
                task.drawing = config
            there = gallery_of("digits").measure(task.fresh(model, 40, lambda: False))
        here = panel(config)[0]["frechet"]
        assert abs(here["value"] - there["frechet"]) < 5 * (there["frechet_std"] + here["sd"]), config.model
        assert here["beside"]["value"] == gallery_of("digits").floor(40)["frechet"]
