"""Checkpoints: weights, optimiser, random state and config in one safetensors file, as bytes.

safetensors loads flipped bits without a word, so the header carries a SHA-256 of all tensors and of everything else that
the header says (a flipped bit in a setting is a valid setting), checked on loading.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from playground.config import RunConfig, parse_config

FORMAT = "playground-2"
MISFIT = "The weights in this checkpoint do not fit the network that its settings describe."


class CheckpointError(ValueError):
    """A checkpoint was refused. `str(error)` is one sentence a person can act on."""


@dataclass(frozen=True)
class Loaded:
    """A checkpoint taken apart. `tensors` maps "group/name" to tensors on the CPU."""

    config: RunConfig
    step: int
    seconds: float
    data_shape: tuple[int, ...]
    tensors: dict[str, Tensor]

    def group(self, name: str) -> dict[str, Tensor]:
        """The tensors of one group, such as `model`, `ema` or `optimizer`, without the prefix."""
        return {key.removeprefix(name + "/"): value for key, value in self.tensors.items() if key.startswith(name + "/")}

    @property
    def n_parameters(self) -> int:
        """Trained weights; of a checkpoint that keeps only their average, all that it has."""
        return sum(value.numel() for value in (self.group("model") or self.group("ema")).values())


def pack(
    config: RunConfig, step: int, seconds: float, data_shape: tuple[int, ...], groups: Mapping[str, Mapping[str, Tensor]]
) -> bytes:
    """Everything as safetensors bytes."""
    tensors = {
        f"{group}/{name}": value.detach().cpu().contiguous() for group, items in groups.items() for name, value in items.items()
    }
    about = {
        "format": FORMAT,
        "config": json.dumps(config.model_dump()),
        "step": str(step),
        "seconds": repr(seconds),
        "data_shape": json.dumps(data_shape),
    }
    return safetensors.torch.save(tensors, metadata=about | {"sha256": _digest(tensors, about)})


def unpack(data: bytes) -> Loaded:
    """The inverse of `pack`. Raises `CheckpointError` for anything that is not a whole, unchanged checkpoint."""
    try:
        return _unpack(data)
    except CheckpointError:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, safetensors.SafetensorError) as error:
        raise CheckpointError(f"This is not a checkpoint of this app, or it was cut short ({error}).") from error


def _unpack(data: bytes) -> Loaded:
    about = _metadata(data)
    if about.get("format") != FORMAT:
        raise CheckpointError(f"This checkpoint has format {about.get('format')!r}; this version reads {FORMAT!r}.")
    tensors, expected = safetensors.torch.load(data), about.pop("sha256")
    if _digest(tensors, about) != expected:
        raise CheckpointError("This checkpoint is damaged: its contents do not match their SHA-256. Use another copy.")
    return Loaded(
        parse_config(json.loads(about["config"])),
        int(about["step"]),
        float(about["seconds"]),
        tuple(json.loads(about["data_shape"])),
        tensors,
    )


def load_weights(model: nn.Module, loaded: Loaded, group: str = "ema", otherwise: str = MISFIT) -> None:
    """Fills `model` with one group of a checkpoint; what is not trained stands in `ema` alone. Raises `CheckpointError` with the sentence `otherwise` where they do not fit."""
    try:
        model.load_state_dict(loaded.group("ema") | loaded.group(group))
    except RuntimeError as error:
        raise CheckpointError(otherwise) from error


def optimizer_state(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """What an optimiser remembers of each weight: "name of the weight/name of the moment" -> tensor."""
    return {
        f"{name}/{key}": value
        for name, weight in model.named_parameters()
        for key, value in optimizer.state.get(weight, {}).items()
    }


def restore_optimizer(model: nn.Module, optimizer: torch.optim.Optimizer, moments: Mapping[str, Tensor]) -> None:
    """The inverse of `optimizer_state`."""
    for name, weight in model.named_parameters():
        state = {key.rpartition("/")[2]: value for key, value in moments.items() if key.rpartition("/")[0] == name}
        if state:
            optimizer.state[weight] = {key: value.to(weight.device) for key, value in state.items()}


def _metadata(data: bytes) -> dict[str, Any]:
    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 or size > len(data) - 8:
        raise ValueError("the header is longer than the file")
    return json.loads(data[8 : 8 + size])["__metadata__"]


def _digest(tensors: Mapping[str, Tensor], about: Mapping[str, str]) -> str:
    """SHA-256 over `about`, and over names, shapes, types and values in the order of the names."""
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for name in sorted(tensors):
        value = tensors[name]
        digest.update(f"{name} {tuple(value.shape)} {value.dtype}".encode())
        digest.update(value.reshape(-1).view(torch.uint8).numpy().data if value.numel() else b"")
    return digest.hexdigest()


def restore_random(generator: torch.Generator, loaded: Loaded) -> None:
    """Goes on with the random numbers where the checkpoint left off, unless it is of another kind of device."""
    state = loaded.group("random").get("generator", torch.empty(0))
    if state.numel() == generator.get_state().numel():
        generator.set_state(state)
