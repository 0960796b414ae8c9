"""Class-conditional training: labels travel with their data, some are hidden, pictures come by class; without classes all is as it was."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from playground.config import ConfigError, DiffusionConfig, SampleConfig
from playground.data import load_dataset
from playground.runs.checkpoint import unpack
from playground.runs.control import Control
from playground.runs.events import Progress, Snapshot
from playground.runs.generation import sample, sample_labels, sampling_run
from playground.runs.tasks import DiffusionTask
from playground.runs.tasks.diffusion import Surrounded
from playground.runs.training import train

TINY = {"steps": 30, "batch_size": 64, "warmup_steps": 2, "width": 16, "depth": 1, "device": "cpu", "sampling_steps": 3}
CPU = torch.device("cpu")


def task(dataset: str = "mixture", **changes) -> DiffusionTask:
    config = DiffusionConfig(**(TINY | {"dataset": dataset, "conditional": "on"} | changes))
    return DiffusionTask(config, load_dataset(dataset), CPU)


@pytest.fixture(scope="module")
def checkpoint() -> bytes:
    """A model that knows the eight components well enough to go to each."""
    config = DiffusionConfig(
        **(TINY | {"steps": 500, "width": 32, "depth": 2, "batch_size": 256, "learning_rate": 0.01, "conditional": "on"})
    )
    control = Control()
    control.send({"kind": "watch", "rate": 0.0})
    *_, end = train(config, control)
    return end.checkpoint


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# --- batches ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dataset", ["mixture", "digits"])
def test_every_label_is_that_of_its_example(dataset: str) -> None:
    made = task(dataset, label_dropout=0.0, batch_size=300, targets="single")
    x, label = made.batch(generator())
    assert label.dtype == torch.int64 and label.shape == (300,)
    known = {row.numpy().tobytes(): k for row, k in zip(made.scale(made.train_x), made.train_labels.tolist())}
    assert [known[row.numpy().tobytes()] for row in x] == label.tolist()


def test_labels_are_hidden_as_often_as_asked() -> None:
    for dropout in (0.0, 0.1, 1.0):
        _, label = task(label_dropout=dropout, batch_size=4000, targets="single").batch(generator())
        assert float((label == -1).double().mean()) == pytest.approx(dropout, abs=4 * (dropout * (1 - dropout) / 4000) ** 0.5)


def test_without_classes_a_batch_is_only_data_and_draws_the_same_numbers() -> None:
    x, nothing = task(conditional="off", targets="single").batch(generator())
    with_labels, _ = task(conditional="on", targets="single").batch(generator())
    assert nothing is None and torch.equal(x, with_labels)


def test_targets_are_means_where_points_lie_close_together_and_the_loss_on_screen_stays_that_of_the_one_example() -> None:
    assert DiffusionConfig().targets == "stable" and DiffusionConfig(dataset="fashion_mnist").targets == "single"
    made = task(conditional="off")
    batch, model = made.batch(generator()), made.build(made.config, made.dataset.shape)
    assert isinstance(batch, Surrounded) and len(batch.own.x) == made.config.batch_size and len(batch.others.x) == 1024
    stable, single = (made.loss(model, part, generator(1)) for part in (batch, batch.own))
    assert torch.equal(stable.terms["denoising"], single.terms["denoising"]) and torch.equal(
        single.total, single.terms["denoising"]
    )
    assert float(stable.total.detach()) < 0.9 * float(single.total.detach()), "what no network can know is left out"


def test_a_default_run_has_no_classes() -> None:
    assert (DiffusionConfig().conditional, DiffusionConfig().guidance_scale, SampleConfig().label) == ("off", 1.0, -1)


# --- losses ----------------------------------------------------------------------------------------------------------


def test_who_is_told_the_component_has_less_to_guess() -> None:
    """The floor falls when the class is known, and lies between the two when it is hidden half the time."""
    known, half, never = (task(label_dropout=dropout).floor()["denoising"] for dropout in (0.0, 0.5, 1.0))
    assert known < half < never
    assert never == pytest.approx(task(conditional="off").floor()["denoising"], rel=0.05)


def test_the_held_out_loss_comes_down_to_its_floor(checkpoint: bytes) -> None:
    config = unpack(checkpoint).config
    made = DiffusionTask(config, load_dataset("mixture"), CPU)
    from playground.runs.generation import load_model

    loss, floor = made.held_out(load_model(checkpoint, "cpu"))["denoising"], made.floor()["denoising"]
    assert floor < loss < floor + 0.05


# --- pictures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("dataset", "n"), [("mixture", 304), ("digits", 30), ("sprites", 27), ("moons", 300)])
def test_pictures_hold_as_many_samples_of_each_class(dataset: str, n: int) -> None:
    made = task(dataset, guidance_scale=2.0)
    arrays = made.snapshot(made.build(made.config, made.dataset.shape), lambda: False)
    labels, classes = arrays["sample_labels"], len(made.dataset.label_names)
    assert labels.dtype == np.int64 and (labels == np.repeat(np.arange(classes), n // classes)).all()
    shown = arrays["samples"] if made.dataset.is_image else arrays["trajectory"][-1]
    assert len(shown) == len(labels) == n


def test_pictures_without_classes_name_none() -> None:
    made = task(conditional="off", guidance_scale=3.0)
    assert "sample_labels" not in made.snapshot(made.build(made.config, (2,)), lambda: False)


def test_a_run_goes_through_with_guidance_changed_on_the_way() -> None:
    control = Control()
    control.send({"kind": "set", "values": {"guidance_scale": 3.0}})
    events = list(train(DiffusionConfig(**(TINY | {"dataset": "digits", "conditional": "on"})), control))
    assert any("sample_labels" in event.arrays for event in events if isinstance(event, Snapshot))
    losses = {name for event in events if isinstance(event, Progress) for name in event.losses}
    assert {"train/denoising", "held_out/denoising"} <= losses


# --- samples of a class ----------------------------------------------------------------------------------------------


def components(x: np.ndarray) -> np.ndarray:
    from playground.data.points import MIXTURE

    return np.linalg.norm(x[:, None] - MIXTURE.means, axis=2).argmin(1)


def test_samples_are_of_the_class_asked_for(checkpoint: bytes) -> None:
    *_, one = sample(checkpoint, SampleConfig(n_samples=100, label=3, sampling_steps=20, device="cpu"))
    assert (components(one.x) == 3).mean() > 0.9
    *_, turns = sample(checkpoint, SampleConfig(n_samples=160, guidance_scale=2.0, sampling_steps=20, device="cpu"))
    assert (components(turns.x) == np.repeat(np.arange(8), 20)).mean() > 0.9
    *_, free = sample(checkpoint, SampleConfig(n_samples=400, label=3, guidance_scale=0.0, sampling_steps=20, device="cpu"))
    assert np.bincount(components(free.x), minlength=8).min() > 15, "a scale of 0 ignores the class"


def test_a_sampling_run_says_which_class_each_sample_is_of(checkpoint: bytes) -> None:
    config = SampleConfig(n_samples=20, sampling_steps=4, device="cpu")
    *_, pictures, _ = sampling_run(config, checkpoint)
    assert pictures.arrays["sample_labels"].tolist() == (np.arange(20) * 8 // 20).tolist()


def test_what_a_model_does_not_know_is_refused(checkpoint: bytes) -> None:
    knows = unpack(checkpoint).config
    with pytest.raises(ConfigError, match="label = 8 is refused: it must be a whole number from -1 to 7"):
        sample(checkpoint, SampleConfig(label=8))
    with pytest.raises(ConfigError, match="trained without classes"):
        sample_labels(knows.replace(conditional="off"), SampleConfig(label=2))
    with pytest.raises(ConfigError, match="so it must be 1"):
        sample_labels(knows.replace(conditional="off"), SampleConfig(guidance_scale=2.0))
    assert sample_labels(knows.replace(conditional="off"), SampleConfig()) is None
    with pytest.raises(ConfigError, match="always saw the class"):
        sample_labels(knows.replace(label_dropout=0.0), SampleConfig(guidance_scale=2.0))
