"""In what numbers a network is computed while it trains: float32, or bfloat16 where the processor has instructions for it and they win.

Weights, their moments and averages, losses, pictures, readings and checkpoints are float32 in any case: only the products inside the networks of
the model that is trained are not.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from playground.config import RunConfig
from playground.runs.tasks import Task

ENOUGH = 3e8
"""Arithmetic of a loss from which bfloat16 wins clearly: below, converting costs about as much as it saves. On one core of an EPYC with
AVX512_BF16 a step of the default diffusion of Fashion-MNIST takes 0.8 of the time, of one 256 wide 0.58, and samples after as many seconds are
better (a Fréchet distance of 18.9 in place of 19.8 after 30 s); of the default autoencoder 0.86, and what it learns in as many seconds is no
better."""
NETWORKS = ("network", "encoder", "decoder")
"""What a model calls its networks."""
Precision = Literal["f32", "bf16"]


def compute(model: nn.Module, config: RunConfig, task: Task) -> tuple[Precision, str]:
    """Lets `model` compute in the precision that `config` asks for; returns it, and in words where and how is computed."""
    precision = precision_of(config, task, model)
    if precision == "f32":
        return precision, str(task.device)
    compute_in_bf16(model, task.device)
    return precision, f"{task.device}, bfloat16"


def precision_of(config: RunConfig, task: Task, model: nn.Module) -> Precision:
    """That of the settings; `auto` is bfloat16 on a processor with instructions for it where a step is work enough: a count, and no timing,
    so that on one machine the same settings are the same run."""
    if config.precision != "auto":
        return config.precision
    return "bf16" if task.device.type == "cpu" and has_bf16() and arithmetic(task, model) >= ENOUGH else "f32"


def has_bf16() -> bool:
    """Whether this processor multiplies in bfloat16."""
    known = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(known.get("avx512_bf16") or known.get("amx_bf16"))


@torch.no_grad()
def arithmetic(task: Task, model: nn.Module) -> int:
    """Operations of the loss of one batch."""
    generator = torch.Generator(task.device).manual_seed(0)
    return operations(lambda: task.loss(model, task.batch(generator), generator))


def operations(work: Callable[[], object]) -> int:
    """Additions and multiplications in the products and convolutions of some work."""
    with Counter() as counter:
        work()
    return counter.total


class Counter(TorchDispatchMode):
    """Adds up what torch says that its operators cost. `FlopCounterMode`, which also tells modules apart, refuses work that takes
    gradients by itself, as the penalty on an encoder's slopes does."""

    total = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        answer = func(*args, **kwargs)
        cost = flop_registry.get(func._overloadpacket)
        self.total += cost(*args, **kwargs, out_val=answer) if cost else 0
        return answer


def compute_in_bf16(model: nn.Module, device: torch.device) -> None:
    """From now on the networks of `model` compute in bfloat16, and answer in float32."""
    for network in (getattr(model, name, None) for name in NETWORKS):
        if isinstance(network, nn.Module):
            network.forward = _in_bf16(network.forward, device.type)


def _in_bf16(forward: Callable[..., Tensor], kind: str) -> Callable[..., Tensor]:
    @functools.wraps(forward)
    def answer(*given: Tensor) -> Tensor:
        with torch.autocast(kind, torch.bfloat16):
            return forward(*given).float()

    return answer
