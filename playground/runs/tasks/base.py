"""What every training is made of: data on the device, a loss, a held-out reading, pictures; and helpers for them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from playground.config import ConfigError, RunConfig
from playground.data import Dataset, strips
from playground.runs.checkpoint import Loaded
from playground.vae.objectives import Loss

HELD_OUT = 2000
"""Held-out examples in a held-out loss, at most: always the same ones, with the same random numbers."""
STRIP_FRAMES = 12
Interrupted = Callable[[], bool]


class Task(ABC):
    """One kind of training on one data set; `config` may be replaced while it runs."""

    has_bounds = False
    """Whether `live_bounds` measures anything."""
    draws_images = True
    """Whether `fresh` draws anything, where the data are images."""

    def __init__(self, config: RunConfig, dataset: Dataset, device: torch.device) -> None:
        self.config, self.dataset, self.device = config, dataset, device
        self.n_held_out = HELD_OUT
        self.step = 0
        """Optimiser steps that the run has taken: the loop keeps it up to date."""
        self.train_x = torch.from_numpy(np.array(dataset.train.x)).to(device)
        self.test_x = torch.from_numpy(np.array(dataset.test.x)).to(device)

    @property
    def steps_are_alike(self) -> bool:
        """Whether the loss of a batch no longer depends on how many steps were taken."""
        return True

    @property
    def data_shape(self) -> tuple[int, ...]:
        """Of one example of the data set that the settings name."""
        return self.dataset.shape

    @staticmethod
    @abstractmethod
    def build(config: Any, shape: tuple[int, ...]) -> nn.Module:
        """A fresh model on the CPU for data of `shape`; the caller seeds the initial weights."""

    @staticmethod
    def complete(config: RunConfig, source: Loaded | None, resume: Loaded | None) -> RunConfig:
        """`config` with what it takes over from the checkpoint of another model, `source`, or from its own, `resume`."""
        if source is not None:
            raise ConfigError("Only a latent diffusion is trained with another model as its source.")
        return config

    def adopt(self, model: nn.Module, source: Loaded | None) -> None:
        """What a new model takes over from `source`, before its first step. Nothing, except for a latent diffusion."""

    def prepare(self, model: nn.Module) -> None:
        """Called once the model has its weights, new or old, for data that depend on its frozen parts."""

    @abstractmethod
    def loss(self, model: nn.Module, x: Any, generator: torch.Generator) -> Loss:
        """The loss of one batch of scaled data, as `batch` makes it."""

    def floor(self) -> dict[str, float]:
        """The lowest value that the held-out terms of the loss can have, where it is known exactly."""
        return {}

    def linear(self) -> dict[str, float]:
        """Held-out terms of the loss of the best linear model, where that is a closed form."""
        return {}

    def baseline(self) -> dict[str, float]:
        """Held-out terms of the loss of a model that answers every example with the same, where that means something."""
        return {}

    @abstractmethod
    def snapshot(self, model: nn.Module, interrupted: Interrupted) -> dict[str, np.ndarray] | None:
        """Arrays for the pictures, or None when it was told to give up."""

    def fresh(self, model: nn.Module, n: int, interrupted: Interrupted) -> Tensor | None:
        """`n` images of the model, (n, C, H, W) from 0 to 1, or rows and points as the data have them, from the same random numbers each time, for measuring how good they are; None
        when it was told to give up."""
        raise NotImplementedError(f"{type(self).__name__} draws no images.")

    def scale(self, x: Tensor) -> Tensor:
        """Stored data as the model sees it: pixels 0..255 to [0, 1], points and rows unchanged."""
        return x.float().div_(255.0) if x.dtype == torch.uint8 else x

    def batch(self, generator: torch.Generator) -> Any:
        """A batch drawn with replacement, scaled."""
        return self.random_examples(self.config.batch_size, generator)

    def random_examples(self, n: int, generator: torch.Generator) -> Any:
        """`n` training examples drawn with replacement, scaled."""
        return self.examples(torch.randint(len(self.train_x), (n,), generator=generator, device=self.device), generator)

    def examples(self, index: Tensor, generator: torch.Generator) -> Any:
        """The training examples `index` (n,), scaled; random where the data themselves are drawn."""
        return self.scale(self.train_x[index])

    def some_train(self, n: int, generator: torch.Generator) -> Tensor:
        """`n` different training examples, scaled; `generator` lives on the CPU."""
        return self.scale(self.train_x[torch.randperm(len(self.train_x), generator=generator)[:n].to(self.device)])

    def held_out_batches(self, generator: torch.Generator) -> Iterator[tuple[int, Any]]:
        """Held-out data in parts, each with its number of examples, as `loss` takes them."""
        for x in self.test_x[: self.n_held_out].split(1000):
            yield len(x), self.scale(x)

    @torch.no_grad()
    def held_out(self, model: Any) -> dict[str, float]:
        """The terms of the loss on held-out data."""
        generator = torch.Generator(self.device).manual_seed(1)
        weighted = [(n, self.loss(model, batch, generator).terms) for n, batch in self.held_out_batches(generator)]
        total = sum(n for n, _ in weighted)
        return {name: float(sum(n * terms[name] for n, terms in weighted) / total) for name in weighted[0][1]}

    def live_bounds(self, model: nn.Module) -> dict[str, float]:
        """What takes longer to measure than `held_out`, and is read less often: bounds on log p(x) of a VAE. Nothing elsewhere."""
        return {}


def pick_device(name: str) -> torch.device:
    """`auto` is CUDA, then MPS, then the CPU. Raises `ConfigError` for a device that is not there."""
    have = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return torch.device(next(kind for kind, there in have.items() if there))
    if not have[name]:
        raise ConfigError(f"device = {name!r} is refused: this machine has {', '.join(k for k, v in have.items() if v)}.")
    return torch.device(name)


def one_per_class(dataset: Dataset) -> np.ndarray:
    """Index of the first held-out example of every class, repeated over the classes until there are ten."""
    labels = dataset.test.labels
    by_class = [np.flatnonzero(labels == label) for label in range(len(dataset.label_names))]
    order = [members[k] for k in range(10) for members in by_class if k < len(members)]
    return np.array(order[:10])


def data_range(dataset: Dataset) -> tuple[float, float]:
    """The range that clean data, as the model sees it, cannot leave."""
    if dataset.is_image:
        return -1.0, 1.0
    extent = float(np.abs(dataset.train.x).max())
    return -extent, extent


def thin(n: int, at_most: int) -> np.ndarray:
    """Up to `at_most` of the indices 0..n-1, evenly, the first and the last among them."""
    return np.unique(np.linspace(0, n - 1, min(n, at_most)).round().astype(int))


def as_pictures(x: Tensor) -> np.ndarray:
    """What a page shows, uint8 (n, C, H, W): images in [0, 1] as bytes, standardised rows (n, D) of a table as bars."""
    return to_uint8(x) if x.ndim == 4 else strips.bars(x.detach().float().cpu().numpy())


def way_as_pictures(x: Tensor) -> np.ndarray:
    """Examples on their way (k, n, ...) as pictures, uint8 (k, n, C, H, W)."""
    flat = as_pictures(x.flatten(0, 1))
    return flat.reshape(*x.shape[:2], *flat.shape[1:])


def as_pixels(x: Tensor) -> Tensor:
    """[-1, 1] to [0, 1]."""
    return x.add(1.0).mul(0.5)


def to_uint8(x: Tensor) -> np.ndarray:
    """[0, 1] to 0..255, rounded; what lies outside (or is NaN) is clamped (or 0)."""
    return x.nan_to_num(0.0).clamp(0.0, 1.0).mul(255.0).round().to(torch.uint8).cpu().numpy()


Answering = Callable[[Task, nn.Module, int], Any]
"""Makes who answers questions to a model with the weights of one step: `.reply(id, name, args)` is an `Answer`."""
