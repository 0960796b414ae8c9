"""A run that led nowhere is told, however green its status."""

from dataclasses import replace

import numpy as np
import pytest

from playground.config import AutoencoderConfig, DiffusionConfig, VAEConfig
from playground.page.frames import status
from playground.runs.control import Control
from playground.runs.events import Finished
from playground.runs.training import Trainer, train
from playground.runtimes import RunRecord
from playground.runtimes.records import History, advance
from playground.views.outcome import diverged


def record(config, first_step=0, **curves) -> RunRecord:
    """A record whose curves are held out (start, end) and training (end), by term."""
    history = {}
    for term, (start, held_out, training) in curves.items():
        history |= {
            f"held_out/{term}": (np.array([first_step, 100]), np.array([start, held_out])),
            f"train/{term}": (np.array([100]), np.array([training])),
        }
    return RunRecord("run", config.model_dump(), status="finished", step=1000, history=history)


def test_a_loss_above_that_of_the_untrained_model_is_told() -> None:
    sentence = diverged(
        record(AutoencoderConfig(learning_rate=10.0), mse=(0.1699, 0.1853, 0.1778), objective=(0.1699, 0.1853, 0.1778))
    )
    assert "0.185 squared error per pixel, above the 0.17 of the untrained model" in sentence and "learning rate (10)" in sentence
    assert diverged(record(DiffusionConfig(), denoising=(1.0, 8.0, 9.0)))
    assert not diverged(record(DiffusionConfig(), denoising=(0.2688, 0.2691, 0.2702))), "no worse than the digits on screen tell"


@pytest.mark.parametrize(
    "curves",
    [
        {"neg_elbo": (419.0, 103.0, 106.0), "objective": (419.0, 103.0, 106.0)},
        {
            "neg_elbo": (419.0, 900.0, 950.0),
            "objective": (419.0, 103.0, 106.0),
        },  # β = 0: only the bound, which is not minimised, rose
        {"neg_elbo": (419.0, 200.0, 210.0), "objective": (419.0, 900.0, 950.0)},  # β was raised while it trained
        {"neg_elbo": (419.0, 600.0, 50.0), "objective": (419.0, 600.0, 50.0)},  # it overfits: the training loss is fine
        {"neg_elbo": (1114.0, -153.0, -151.0), "objective": (1114.0, -153.0, -151.0)},
        {"neg_elbo": (419.0, float("nan"), 900.0), "objective": (419.0, float("nan"), 900.0)},
        {},
    ],
)
def test_other_runs_are_left_alone(curves) -> None:
    assert diverged(record(VAEConfig(), **curves)) == ""


def test_an_end_worse_than_one_image_for_all_is_told_once_it_is_the_end() -> None:
    def of(held_out, training, **changes):
        run = record(AutoencoderConfig(learning_rate=10.0), mse=(0.176, held_out, training), objective=(0.176, held_out, training))
        history = run.history | {"baseline/mse": (np.array([0]), np.array([0.073]))}
        return diverged(replace(run, history=history, **changes))

    assert "0.16 per pixel, above the 0.073 of answering every image with the mean image" in of(0.16, 0.161)
    assert of(0.16, 0.161, status="running") == of(0.16, 0.161, step=100) == "", "it may be on its way down"
    assert of(0.075, 0.075) == "", "a collapsed VAE draws the mean image"


@pytest.mark.parametrize("likelihood", ["gaussian", "gaussian_learned", "bernoulli"])
def test_the_baseline_is_the_error_of_the_mean_image(likelihood) -> None:
    config = VAEConfig(dataset="digits", likelihood=likelihood)
    trainer = Trainer(config, Control(), None)
    x = trainer.task.scale(trainer.task.test_x)
    best = (x - x.mean(0)).square().mean()
    assert float(best) < trainer.task.baseline()["mse"] < 1.1 * float(best)


def test_without_a_reading_of_the_untrained_model_nothing_is_said() -> None:
    assert diverged(record(AutoencoderConfig(), first_step=50, mse=(0.1, 0.9, 0.9))) == ""
    assert diverged(RunRecord("run", {"study": "bounds"})) == "" == diverged(RunRecord("run"))


@pytest.mark.parametrize("learning_rate", [1e-3, 10.0])
def test_a_real_run_at_the_highest_learning_rate_finishes_and_is_told(learning_rate) -> None:
    history, run = History(), RunRecord("run")
    config = AutoencoderConfig(dataset="digits", steps=200, warmup_steps=0, learning_rate=learning_rate, width=32, depth=1)
    for event in train(config, Control()):
        run = advance(run, event, history)
    assert isinstance(event, Finished) and run.status == "finished"
    assert bool(status(run)["diverged"]) == (learning_rate == 10.0)
