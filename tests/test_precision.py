"""Networks in bfloat16: when they are chosen, that everything around them stays float32, and that they learn as much."""

from __future__ import annotations

import pytest
import torch

from playground.config import AutoencoderConfig, DiffusionConfig, RunConfig, VAEConfig
from playground.runs import precision
from playground.runs.checkpoint import unpack
from playground.runs.control import Control
from playground.runs.events import Finished, Started
from playground.runs.training import Trainer, train

SMALL = {"dataset": "digits", "width": 32, "depth": 1, "batch_size": 32, "device": "cpu"}
KINDS = [AutoencoderConfig, VAEConfig, DiffusionConfig]


def trainer(kind: type[RunConfig], **changes) -> Trainer:
    return Trainer(kind(**SMALL | changes), Control(), None)


@pytest.mark.parametrize("able", [False, True])
def test_auto_takes_bfloat16_where_the_processor_has_it_and_a_step_is_work_enough(monkeypatch, able: bool) -> None:
    monkeypatch.setattr(precision, "has_bf16", lambda: able)
    assert trainer(DiffusionConfig).precision == "f32"
    assert trainer(DiffusionConfig, network="mixer", width=64, depth=3, batch_size=64).precision == ("bf16" if able else "f32")
    assert trainer(AutoencoderConfig, width=2048, batch_size=1024).precision == ("bf16" if able else "f32")
    assert trainer(AutoencoderConfig, width=2048, batch_size=1024, precision="f32").precision == "f32"


def test_counting_leaves_no_trace() -> None:
    """The random numbers of a run are those of a run that was not asked to choose."""
    chosen, told = trainer(VAEConfig), trainer(VAEConfig, precision="f32")
    for run in (chosen, told):
        run._advance()
    assert all(map(torch.equal, chosen.weights, told.weights))


def test_arithmetic_is_counted() -> None:
    """Two operations for each product and sum; the backward pass of a layer costs twice its forward pass, of a first layer as much."""
    layer, convolution = torch.nn.Linear(5, 7), torch.nn.Conv2d(3, 4, 3, padding=1)
    assert precision.operations(lambda: layer(torch.ones(11, 5))) == 2 * 11 * 5 * 7
    assert precision.operations(lambda: layer(torch.ones(11, 5)).sum().backward()) == 2 * (2 * 11 * 5 * 7)
    assert precision.operations(lambda: convolution(torch.ones(2, 3, 8, 8))) == 2 * (2 * 64) * (3 * 9) * 4


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_networks_that_train_are_in_bfloat16(kind: type[RunConfig]) -> None:
    run, plain = trainer(kind, precision="bf16"), trainer(kind, precision="f32")
    for one in (run, plain):
        for _ in range(3):
            one._advance()
    network = next(network for name in precision.NETWORKS if (network := getattr(run.model, name, None)) is not None)
    layer, seen = next(layer for layer in network.modules() if isinstance(layer, torch.nn.Linear)), []
    layer.register_forward_hook(lambda _, given, answer: seen.append(answer.dtype))
    loss = run.task.loss(run.model, run.task.batch(run.generator), run.generator)
    assert seen == [torch.bfloat16] and loss.total.dtype == torch.float32
    assert all(weight.dtype == weight.grad.dtype == torch.float32 for weight in run.weights)
    kept = unpack(run._checkpoint().data).tensors
    assert not any(value.dtype == torch.bfloat16 for value in kept.values())
    off = torch.stack([(a - b).detach().abs().max() for a, b in zip(run.weights, plain.weights)]).max()
    assert 0.0 < float(off) < 0.02
    run.ema.load_state_dict(plain.ema.state_dict())
    assert run.task.held_out(run.ema) == plain.task.held_out(plain.ema)


@pytest.mark.parametrize("kind", KINDS)
def test_it_learns_as_much_and_the_same_again(kind: type[RunConfig]) -> None:
    def end(precision: str) -> tuple[dict[str, float], bytes]:
        run = trainer(kind, precision=precision, steps=150)
        for _ in range(150):
            run._advance()
        return run.task.held_out(run.ema), run._checkpoint().data

    (exact, _), (rough, first), (_, again) = end("f32"), end("bf16"), end("bf16")
    name = next(iter(exact))
    assert rough[name] == pytest.approx(exact[name], rel=0.05)
    assert all(torch.equal(value, unpack(again).tensors[key]) for key, value in unpack(first).tensors.items())


def test_the_first_event_says_so() -> None:
    control = Control()
    control.send({"kind": "watch", "rate": 0.0})
    first, *_, last = train(AutoencoderConfig(**SMALL, steps=2, precision="bf16"), control)
    assert isinstance(first, Started) and first.device == "cpu, bfloat16" and isinstance(last, Finished)
