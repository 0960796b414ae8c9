"""What stays of the weights of a run that has ended: little, whole, and enough to look back and to go on."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from playground.config import AutoencoderConfig
from playground.runs.checkpoint import unpack
from playground.runs.events import Checkpoint, Finished, Progress
from playground.runs.generation import load_model
from playground.runs.training import train
from playground.runtimes import thinning
from playground.runtimes.moments import MomentHistory
from playground.runtimes.thinning import began_anew, ended, light_steps, lightened

SMALL = AutoencoderConfig(dataset="digits", steps=250, width=32, device="cpu")


@pytest.fixture(scope="module")
def whole() -> bytes:
    *_, end = train(SMALL)
    assert isinstance(end, Finished)
    return end.checkpoint


def marks(data: bytes, *steps: int) -> MomentHistory:
    return MomentHistory((), tuple(Checkpoint(step, data) for step in steps))


def test_a_light_checkpoint_is_whole_for_whoever_reads_it_and_less_than_half_as_large(whole) -> None:
    light, full = unpack(lightened(whole)), unpack(whole)
    assert light.config == full.config and light.step == full.step and not light.group("optimizer") and not light.group("model")
    assert all(torch.equal(value, full.group("ema")[name]) for name, value in light.group("ema").items())
    assert len(lightened(whole)) < 0.45 * len(whole) and light.n_parameters > 0
    x = torch.rand(3, 1, 8, 8)
    torch.testing.assert_close(load_model(lightened(whole)).latent(x), load_model(whole).latent(x))
    assert unpack(lightened(lightened(whole))).tensors.keys() == light.tensors.keys()


def test_a_training_goes_on_from_it_with_a_new_optimiser(whole) -> None:
    config = SMALL.replace(steps=270)
    losses = [
        event.losses["held_out/mse"]
        for event in train(config, resume=lightened(whole))
        if isinstance(event, Progress) and "held_out/mse" in event.losses
    ]
    fresh = [
        event.losses["held_out/mse"]
        for event in train(SMALL.replace(steps=1))
        if isinstance(event, Progress) and "held_out/mse" in event.losses
    ]
    assert losses[0] < 0.9 * fresh[0], "it begins where the other one was"


def test_the_newest_stays_as_it_is_and_of_the_others_as_many_as_there_is_room_for(whole, monkeypatch) -> None:
    monkeypatch.setattr(thinning, "ENDED_BYTES", 2 * len(whole) + 100)
    before = marks(whole, *range(0, 130, 10))
    after = ended(before, best=77)
    assert after.checkpoints[-1] is before.checkpoints[-1] and after.checkpoints[0].step == 0
    assert 70 in [moment.step for moment in after.checkpoints], "the last one before the best reading"
    assert sum(moment.size for moment in after.checkpoints) <= thinning.ENDED_BYTES and len(after.checkpoints) >= 4
    assert (
        "optimiser began anew" in began_anew(after, 0)
        and began_anew(after, 120) == began_anew(before, 0) == began_anew(None, 0) == ""
    )
    assert light_steps(after) == [moment.step for moment in after.checkpoints[:-1]] and light_steps(before) == []
    assert list(np.diff([moment.step for moment in after.checkpoints]) > 0) == [True] * (len(after.checkpoints) - 1)


def test_little_is_left_alone_and_what_cannot_be_read_is_not_thrown_away(whole, monkeypatch) -> None:
    few = marks(whole, 0, 10)
    assert ended(few) is few
    monkeypatch.setattr(thinning, "ENDED_BYTES", 100)
    assert [moment.step for moment in ended(few).checkpoints] == [10]
    broken = MomentHistory((), (Checkpoint(0, b"no checkpoint"), Checkpoint(5, whole)))
    assert ended(broken) is broken
