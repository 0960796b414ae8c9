"""Reflow: straightness against closed forms, pairs that make a flow straight, and the study from start to stop."""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pytest
import torch

from playground.config import ConfigError, DiffusionConfig, SampleConfig
from playground.data import load_dataset
from playground.diffusion.denoiser import Denoiser, Prediction
from playground.diffusion.noise import SCHEDULES
from playground.diffusion.oracle import MixtureDenoiser
from playground.features.reflow.run import reflow_run
from playground.features.reflow.settings import ReflowConfig
from playground.features.reflow.straightness import EULER_STEPS, follow
from playground.runs.cadence import Cadence
from playground.runs.checkpoint import pack, unpack
from playground.runs.control import Control
from playground.runs.events import Failed, Finished, Paused, Progress, Snapshot, Started
from playground.runs.generation import load_model, sample
from playground.runs.tasks import PairTask
from playground.runs.training import Trainer, train

FLOW = SCHEDULES["rectified_flow"]
TINY = {
    "steps": 60,
    "batch_size": 64,
    "warmup_steps": 2,
    "width": 32,
    "depth": 1,
    "device": "cpu",
    "learning_rate": 0.005,
    "sampling_steps": 2,
}
STUDY = {"steps": 30, "pairs": 300, "ode_steps": 8, "device": "cpu"}


def noise(n: int = 2000, d: int = 2, seed: int = 0) -> torch.Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def gaussian(std: float) -> MixtureDenoiser:
    """The exact denoiser of N(0, std² I) under independent coupling: its velocity is `x d/dt log sqrt((1-t)² std² + t²)`."""
    return MixtureDenoiser(torch.zeros(1, 2, dtype=torch.float64), std, torch.ones(1, dtype=torch.float64), FLOW)


def linear(matrix: torch.Tensor):
    """The denoiser of the coupling `x_0 = A x_1`: `x_t = ((1-t) A + t I) x_1` tells everything, and every path is straight."""
    eye = torch.eye(len(matrix), dtype=matrix.dtype)

    def denoise(x_t: torch.Tensor, t: torch.Tensor) -> Prediction:
        x_1 = torch.linalg.solve((1.0 - t) * matrix + t * eye, x_t.T).T
        return Prediction(x_1 @ matrix.T, x_1)

    return denoise


def test_a_straight_coupling_has_straightness_zero() -> None:
    matrix = torch.tensor([[0.5, 0.3], [-0.2, 1.5]], dtype=torch.float64)
    x_1 = noise()
    start = ((1 - FLOW.t_max) * matrix + FLOW.t_max * torch.eye(2, dtype=torch.float64)) @ x_1.T  # where those lines are at t_max
    for steps in (1, 2, 7, 100):
        paths = follow(linear(matrix), FLOW, start.T, steps)
        assert paths.straightness.max() < 1e-20
        torch.testing.assert_close(paths.x_0, x_1 @ matrix.T, atol=1e-10, rtol=0)
        torch.testing.assert_close(paths.length, (x_1 - x_1 @ matrix.T).square().sum(1), atol=1e-10, rtol=1e-9)


@pytest.mark.parametrize("std", [1.0, 0.5, 2.0])
def test_the_straightness_of_a_gaussian_flow_is_known(std: float) -> None:
    """x_t = σ_t x_1 with σ_t² = (1-t)² s² + t², so S = |x_1|² (∫ σ'² dt - (1 - s)²); for s = 1 that is |x_1|² (2 - π/2)."""
    t = (np.arange(200_000) + 0.5) / 200_000
    slope = (t - (1 - t) * std**2) / np.sqrt((1 - t) ** 2 * std**2 + t**2)
    factor = float((slope**2).mean() - (1 - std) ** 2)
    if std == 1.0:
        assert factor == pytest.approx(2 - math.pi / 2, abs=1e-8)
    x_1 = noise(300)
    paths = follow(gaussian(std), FLOW, x_1, 2000)
    torch.testing.assert_close(paths.straightness, factor * x_1.square().sum(1), rtol=0.01, atol=1e-4)
    torch.testing.assert_close(paths.x_0, std * x_1, rtol=0.01, atol=1e-3)


def test_straightness_is_the_variance_of_the_speed_along_the_path() -> None:
    paths = follow(gaussian(0.7), FLOW, noise(50), 40, frames=41)
    assert paths.frames.shape == (41, 50, 2)
    speed = paths.frames.diff(dim=0) / (FLOW.t_max / 40)
    expected = (speed - speed.mean(0)).square().sum(2).mean(0)
    torch.testing.assert_close(paths.straightness, expected, rtol=1e-9, atol=1e-12)


def test_one_step_through_a_bent_flow_ends_at_the_mean_of_the_data() -> None:
    paths = follow(gaussian(1.0), FLOW, noise(100).float(), 1)
    assert paths.x_0.abs().max() < 0.01 and paths.straightness.max() == 0.0


def test_images_count_all_their_pixels() -> None:
    flat = noise(20, 8).float()
    denoise = lambda x, t: Prediction(torch.zeros_like(x), x / FLOW.sigma(t))  # noqa: E731 - a flow to one point, straight
    paths = follow(denoise, FLOW, FLOW.t_max * flat.reshape(20, 2, 2, 2), 10)
    assert paths.straightness.max() < 1e-9
    torch.testing.assert_close(paths.length, flat.square().sum(1), rtol=1e-4, atol=1e-5)


def trained_on(x_0: torch.Tensor, x_1: torch.Tensor, **settings) -> tuple[Denoiser, list[float]]:
    """A fresh flow trained on pairs: the average of its weights, and the loss of every step."""
    config = DiffusionConfig(
        schedule="rectified_flow",
        parametrization="velocity",
        warmup_steps=0,
        ema_length=0.02,
        skip="none",
        device="cpu",
        **settings,
    )
    task = PairTask(config, load_dataset("mixture"), torch.device("cpu"), (x_0, x_1))
    trainer = Trainer(config, Control(), None, task=task)
    losses = []
    for _ in range(config.steps):
        trainer._advance()
        losses.append(float(trainer.pending.pop()[0]))
    return trainer.ema, losses


def test_training_on_the_pairs_of_a_known_linear_flow_makes_it_straight() -> None:
    """From a model of the independent coupling to that of x_0 = A x_1: S falls to nearly nothing and one Euler step hits."""
    matrix = torch.tensor([[0.6, 0.2], [-0.3, 0.9]])
    x_1 = noise(4000).float()
    bent = follow(gaussian(0.7), FLOW, noise(500, seed=1).float(), 50)
    average, losses = trained_on(x_1 @ matrix.T, x_1, steps=800, batch_size=256, learning_rate=3e-3, width=64, depth=2)
    assert len(losses) == 800 and np.mean(losses[-50:]) < 0.02 * np.mean(losses[:5])
    test = noise(500, seed=1).float()
    paths = follow(average, FLOW, test, 50)
    assert paths.straightness.mean() < 0.02 * bent.straightness.mean()
    one = follow(average, FLOW, test, 1).x_0
    assert (one - test @ matrix.T).square().sum(1).mean() < 0.02


def test_training_is_the_same_again_by_seed() -> None:
    ends = []
    for _ in range(2):
        model, _ = trained_on(noise(100).float(), noise(100, seed=1).float(), steps=5, batch_size=10, width=16, depth=1, seed=4)
        ends.append(torch.cat([p.detach().flatten() for p in model.parameters()]))
    assert torch.equal(*ends)


@pytest.fixture(scope="module")
def flows() -> dict[str, bytes]:
    def trained(**settings) -> bytes:
        control = Control()
        control.send({"kind": "watch", "rate": 0.0})
        *_, end = train(DiffusionConfig(**TINY | {"schedule": "rectified_flow", "parametrization": "velocity"} | settings), control)
        return end.checkpoint

    return {
        "points": trained(dataset="mixture", steps=300),
        "images": trained(dataset="digits", steps=5),
        "cosine": trained(dataset="mixture", schedule="cosine", steps=3),
    }


def numbers(event: Snapshot) -> dict:
    return json.loads(event.arrays["numbers"].tobytes())


def test_the_study_measures_before_and_after(flows) -> None:
    events = list(reflow_run(ReflowConfig(**STUDY), flows["points"]))
    started, end, pictures = events[0], events[-1], [event for event in events if isinstance(event, Snapshot)]
    assert isinstance(started, Started) and started.config["dataset"] == "mixture" and isinstance(end, Finished) and not end.stopped
    steps = [event.step for event in events if isinstance(event, Progress)]
    assert steps == sorted(steps) and end.step == started.config["steps"] == steps[-1]
    found = numbers(pictures[-1])
    for when in ("before", "after"):
        assert list(found[when]["distance"]) == [str(k) for k in EULER_STEPS]
        assert found[when]["straightness"][0] > 0 and found[when]["straightness"][1] > 0
        assert pictures[-1].arrays[f"paths_{when}"].shape[1:] == (120, 2)
    before, after = (pictures[-1].arrays[f"paths_{when}"] for when in ("before", "after"))
    assert np.array_equal(before[0], after[0]), "from the same noise"
    assert numbers(pictures[0])["after"] is None, "what is known comes as soon as it is known"
    *_, last = sample(end.checkpoint, SampleConfig(n_samples=9, sampling_steps=2, device="cpu"))
    assert last.x.shape == (9, 2)
    fresh, old = (load_model(data, "cpu").state_dict() for data in (end.checkpoint, flows["points"]))
    assert any(not torch.equal(fresh[name], old[name]) for name in fresh)


def test_reflow_straightens_a_flow_that_was_trained(flows) -> None:
    config = ReflowConfig(**STUDY | {"steps": 300, "pairs": 3000, "ode_steps": 40})
    *_, last, _ = reflow_run(config, flows["points"])
    found = numbers(last)
    (before, error), (after, _) = found["before"]["straightness"], found["after"]["straightness"]
    assert after < 0.25 * before - 3 * error
    assert found["after"]["distance"]["1"][0] < 0.5 * found["before"]["distance"]["1"][0]


def test_images_come_with_tiles_of_few_steps(flows) -> None:
    config = ReflowConfig(**STUDY | {"steps": 1, "pairs": 20, "ode_steps": 2})
    *_, last, _ = reflow_run(config, flows["images"])
    assert last.arrays["tiles_before"].shape == last.arrays["tiles_after"].shape == (5, 10, 1, 8, 8)
    assert "paths_before" not in last.arrays
    found = numbers(last)
    for when in ("before", "after"):
        assert list(found[when]["frechet"]) == [str(k) for k in EULER_STEPS]
        assert all(value > found["floor_frechet"][0] > 0 and spread > 0 for value, spread in found[when]["frechet"].values())


def test_a_stop_keeps_what_was_measured(flows, monkeypatch) -> None:
    monkeypatch.setattr(Cadence, "due", lambda self, rate: True)  # a picture after each piece of work, however fast it is
    control, events = Control(), []
    for event in reflow_run(ReflowConfig(**STUDY | {"pairs": 3000}), flows["points"], control):
        events.append(event)
        if isinstance(event, Snapshot) and numbers(event)["phase"] == "pairs":
            control.send({"kind": "stop"})
    assert isinstance(events[-1], Finished) and events[-1].stopped
    found = numbers(events[-2])
    assert found["phase"] == "stopped" and len(found["before"]["distance"]) == len(EULER_STEPS) and found["after"] is None
    kept, old = (load_model(data, "cpu").state_dict() for data in (events[-1].checkpoint, flows["points"]))
    assert all(torch.equal(kept[name], old[name]) for name in kept), "the weights as they were: nothing was trained"


def test_a_flow_that_diverges_is_told_and_not_measured(flows, monkeypatch) -> None:
    """A learning rate that no flow stands: the one trainer finds out, and no number of it reaches a picture."""
    monkeypatch.setattr("playground.features.reflow.run.SHARE", 2000.0)
    *events, end = reflow_run(ReflowConfig(**STUDY | {"steps": 2000}), flows["points"])
    assert isinstance(end, Failed) and "The flow on its own pairs could not be trained: The loss (denoising)" in end.message
    assert "smaller" in end.suggestion
    for event in events:
        if isinstance(event, Snapshot):
            assert (numbers(event)["after"] or {"distance": {}})["distance"] == {}


def test_a_flow_of_numbers_that_are_none_is_told(flows) -> None:
    broken = unpack(flows["points"])
    weights = {name: value * math.nan if value.is_floating_point() else value for name, value in broken.group("ema").items()}
    *_, end = reflow_run(ReflowConfig(**STUDY), pack(broken.config, 1, 0.0, broken.data_shape, {"ema": weights}))
    assert isinstance(end, Failed) and "the straightness of the paths is not a finite number" in end.message


def test_its_training_pauses_and_takes_over_live_settings(flows, monkeypatch) -> None:
    """Between two reports of the inner training, by the same words as any run."""
    monkeypatch.setattr("playground.runs.training.REPORTS_PER_SECOND", 1e9)
    seen, made = [], Trainer.__init__
    monkeypatch.setattr(Trainer, "__init__", lambda self, *args, **more: [made(self, *args, **more), seen.append(self)][0])
    calls, events = itertools.count(), []
    control = Control(lambda: messages[0] if not seen else messages.get(next(calls) + 1, []))
    messages = {0: [], 4: [{"kind": "pause"}], 6: [{"kind": "set", "values": {"learning_rate": 1e-5}}, {"kind": "resume"}]}
    for event in reflow_run(ReflowConfig(**STUDY), flows["points"], control):
        events.append((event, seen[0].step if seen else -1))
    (first, at), (second, then) = [pair for pair in events if isinstance(pair[0], Paused)]
    assert (first.paused, second.paused) == (True, False) and at == then and 0 < at < STUDY["steps"]
    assert seen[0].config.learning_rate == 1e-5 and isinstance(events[-1][0], Finished)


def test_refusals_are_sentences(flows) -> None:
    with pytest.raises(ConfigError, match="needs a rectified flow"):
        next(reflow_run(ReflowConfig(), flows["cosine"]))
