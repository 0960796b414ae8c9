"""A recorded step is the step that was recorded: with a graph that does its work again in Python, as far as a processor can say; on CUDA itself
where there is one."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import pytest
import torch

from playground.config import AutoencoderConfig, DiffusionConfig, RunConfig, VAEConfig, change_live
from playground.runs.control import Control
from playground.runs.steps import WARM, WORTH, RecordedSteps
from playground.runs.training import Trainer

SMALL = {"dataset": "digits", "width": 16, "depth": 1, "batch_size": 16, "device": "cpu", "gradient_clip": 1.0, "steps": 1000}
MANY = WARM + 10
KINDS = [
    AutoencoderConfig(**SMALL, input_noise=0.1, contraction=0.01),
    VAEConfig(**SMALL),
    VAEConfig(**SMALL, likelihood="gaussian_learned"),
    DiffusionConfig(**SMALL),
    DiffusionConfig(**SMALL, conditional="on", targets="stable"),
]


class Again:
    """Does its work again, as it finds settings and random numbers then."""

    recorded = 0

    def __init__(self, work: Callable[[], None], generator: torch.Generator) -> None:
        self.work, self.generator = work, generator
        Again.recorded += 1

    def replay(self) -> None:
        self.work()


def trainer(config: RunConfig, record: Callable | None = None) -> Trainer:
    """With steps that `record` records, or that could be recorded and are not."""
    run = Trainer(config, Control(), None)
    old = run.steps
    run.steps = RecordedSteps(old.model, old.task, old.optimizer, old.averages, old.generator, record=record)
    run.steps.refused = record is None
    Again.recorded = 0
    return run


def advance(run: Trainer, n: int) -> list[float]:
    """Total losses of `n` steps."""
    for _ in range(n):
        run._advance()
    losses = torch.stack(run.pending)[:, 0].tolist()
    run.pending.clear()
    return losses


def same(one: Trainer, other: Trainer) -> bool:
    """To the last bit."""
    pairs = [*zip(one.weights, other.weights), *zip(one.averages, other.averages)]
    return all(map(torch.equal, *zip(*pairs))) and torch.equal(one.generator.get_state(), other.generator.get_state())


def test_steps_that_can_be_recorded_are_those_of_a_processor() -> None:
    """But for the learning rate, which is no double on the device."""
    usual, other = Trainer(KINDS[0], Control(), None), trainer(KINDS[0])
    assert advance(other, 30) == pytest.approx(advance(usual, 30), rel=1e-4)
    pairs = [*zip(usual.weights, other.weights), *zip(usual.averages, other.averages)]
    assert all(torch.allclose(a, b, rtol=1e-2, atol=1e-4) for a, b in pairs)


@pytest.mark.parametrize("config", KINDS, ids=lambda config: f"{config.model}-{config.model_dump().get('likelihood', '')}")
def test_recorded_steps_are_the_steps(config: RunConfig) -> None:
    plain, recorded = trainer(config), trainer(config, Again)
    assert advance(recorded, MANY) == advance(plain, MANY)
    assert Again.recorded == 1 and recorded.steps.graph is not None and same(plain, recorded)
    assert {float(kept["step"]) for kept in recorded.optimizer.state.values()} == {MANY}


def test_another_setting_takes_another_graph() -> None:
    config = VAEConfig(**SMALL)
    plain, recorded = trainer(config), trainer(config, Again)
    for run in (plain, recorded):
        advance(run, MANY)
        run.config = run.task.config = change_live(run.config, {"beta": 8.0})
    assert advance(recorded, 5) == advance(plain, 5)
    assert recorded.steps.graph is None, "the old graph has the old weight of the KL"
    assert advance(recorded, MANY) == advance(plain, MANY)
    assert Again.recorded == 2 and same(plain, recorded)


def test_nothing_is_recorded_while_steps_still_differ_or_few_are_left() -> None:
    warming = trainer(VAEConfig(**SMALL, kl_warmup=60), Again)
    advance(warming, 60 + WARM - 1)
    assert Again.recorded == 0
    advance(warming, 2)
    assert Again.recorded == 1
    short = trainer(AutoencoderConfig(**SMALL | {"steps": WORTH}), Again)
    advance(short, MANY)
    assert Again.recorded == 0


class StaleRate(Again):
    """A learning rate that was recorded with the rest."""

    def replay(self) -> None:
        run = self.work.__self__
        rate = run.rate.clone()
        run.rate.fill_(1e-3)
        self.work()
        run.rate.copy_(rate)


class StaleNoise(Again):
    """Random numbers that were recorded with the rest."""

    def __init__(self, work: Callable[[], None], generator: torch.Generator) -> None:
        super().__init__(work, generator)
        self.state = generator.get_state()

    def replay(self) -> None:
        self.generator.set_state(self.state)
        self.work()


class StaleAverage(Again):
    """A share in the averages that was recorded with the rest."""

    def replay(self) -> None:
        self.work.__self__.fresh.fill_(0.5)
        self.work()


def impossible(work: Callable[[], None], generator: torch.Generator) -> Again:
    work()  # until the host would wait for a number
    raise RuntimeError("operation not permitted when stream is capturing")


@pytest.mark.parametrize("record", [StaleRate, StaleNoise, StaleAverage, impossible])
def test_what_is_no_such_step_is_refused_and_nothing_is_lost(record: Callable) -> None:
    config = DiffusionConfig(**SMALL)
    plain, recorded = trainer(config), trainer(config, record)
    losses = advance(plain, 2 * MANY)
    with pytest.warns(UserWarning, match="operation by operation") as told:
        found = advance(recorded, 2 * MANY)
    assert len(told) == 1 and recorded.steps.graph is None
    assert found == losses and same(plain, recorded)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="There is no CUDA device.")
@pytest.mark.parametrize("config", KINDS, ids=lambda config: f"{config.model}-{config.model_dump().get('likelihood', '')}")
def test_on_cuda_a_graph_is_recorded_and_learns_the_same(config: RunConfig) -> None:
    config = type(config)(**config.model_dump() | {"device": "cuda"})
    recorded, plain = Trainer(config, Control(), None), trainer(config)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        losses = advance(recorded, 3 * MANY)
    assert recorded.steps.graph is not None
    assert losses == pytest.approx(advance(plain, 3 * MANY), rel=0.05)
