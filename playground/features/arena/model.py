"""What the arena samples from, and what the samples are held against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from playground.config import ConfigError, DiffusionConfig, SampleConfig
from playground.data import DATASETS, Dataset, load_dataset
from playground.diffusion.denoiser import ClippedDenoiser, Denoiser
from playground.diffusion.noise import Schedule
from playground.diffusion.sampling import initial_noise, reverse, time_grid
from playground.features.arena.settings import ArenaConfig
from playground.features.diffusers_folder.importing import FolderError, is_zip, open_folder
from playground.measures.energy import mean_distance, mean_distance_within
from playground.runs.checkpoint import unpack
from playground.runs.generation import load_model, sample_labels, workspace
from playground.runs.tasks import as_pixels, guided, pick_device

REFERENCE = 2000
"""Held-out examples that samples are held against, at most."""
FINE_STEPS = 100


@dataclass(frozen=True)
class Reference:
    """Real examples `x` (N, ...) that all samples are measured against, and the distance within them, measured once.

    Samples, and the real examples of the floor, all meet the same ones: what is peculiar to them shifts every distance alike.
    """

    x: Tensor
    within: Tensor
    sentence: str

    @classmethod
    def of(cls, x: Tensor, sentence: str) -> Reference:
        return cls(x, mean_distance_within(x), sentence)

    def distance(self, samples: Tensor) -> float:
        """The unbiased estimate of the energy distance of `samples` (n, ...) to the reference (see `metrics.py`)."""
        return float(2.0 * mean_distance(samples, self.x) - mean_distance_within(samples) - self.within)


@dataclass(frozen=True)
class ArenaModel:
    """A denoiser with all that is needed to draw from it and to judge what was drawn."""

    network: nn.Module
    denoiser: Callable[[int], Callable]
    """`denoiser(n)` is what n samples are drawn with: guided, clipped, and told the classes where the model knows some."""
    schedule: Schedule
    shape: tuple[int, ...]
    to_data: Callable[[Tensor], Tensor]
    dataset: str
    image: bool
    plane: bool
    """Whether samples are points in the plane."""
    n_parameters: int
    device: torch.device
    fresh: Callable[[int, int], Tensor] | None
    """`fresh(n, seed)`: other real examples for the floor; None where there are none, then the model's own fine samples serve."""

    def noise(self, n: int, seed: int) -> Tensor:
        """Standard normal noise, the same for every scheduler."""
        generator = torch.Generator(self.device).manual_seed(seed)
        return torch.randn((n, *self.shape), generator=generator, device=self.device)

    def fine(self, n: int, seed: int) -> Tensor:
        """Samples by our own DPM-Solver++(2M) in many steps, as data."""
        generator = torch.Generator(self.device).manual_seed(seed)
        x = initial_noise(self.schedule, (n, *self.shape), generator)
        times = time_grid(self.schedule, FINE_STEPS)
        for state in reverse(self.denoiser(n), self.schedule, x, times, "dpmpp_2m", generator=generator):
            pass
        return self.to_data(state.x)


def open_model(data: bytes, config: ArenaConfig) -> ArenaModel:
    """The model in a checkpoint of this app or in a zipped diffusers folder. Raises `ConfigError` with a sentence."""
    if not is_zip(data):
        return _ours(data, config)
    try:
        return _theirs(data, config)
    except FolderError as error:
        raise ConfigError(str(error)) from None


def _ours(checkpoint: bytes, config: ArenaConfig) -> ArenaModel:
    about = unpack(checkpoint)
    settings = about.config
    if not isinstance(settings, DiffusionConfig):
        raise ConfigError("The arena needs a diffusion model: train one on the diffusion tab.")
    model, data = load_model(checkpoint, config.device, Denoiser), load_dataset(about.config.dataset)
    shape, span, to_data = workspace(model, data)
    device = pick_device(config.device)

    def denoiser(n: int) -> Callable:
        wanted = SampleConfig(n_samples=n, guidance_scale=settings.guidance_scale if settings.conditional == "on" else 1.0)
        labels = sample_labels(settings, wanted)
        return guided(model, None if labels is None else torch.from_numpy(labels).to(device), wanted.guidance_scale, span)

    return ArenaModel(
        model.network,
        denoiser,
        model.schedule,
        tuple(shape),
        to_data,
        data.name,
        data.is_image,
        data.kind == "points",
        about.n_parameters,
        device,
        real_draw(data),
    )


def _theirs(data: bytes, config: ArenaConfig) -> ArenaModel:
    folder, device = open_folder(data), pick_device(config.device)
    model = folder.denoiser.to(device)
    known = DATASETS.get(folder.dataset or "")
    dataset = load_dataset(known.name) if known is not None and known.available() and known.shape == folder.shape else None
    return ArenaModel(
        model.network,
        lambda n: ClippedDenoiser(model, -1.0, 1.0),
        model.schedule,
        folder.shape,
        lambda x: as_pixels(x).clamp(0.0, 1.0),
        dataset.name if dataset else "",
        True,
        False,
        folder.n_parameters,
        device,
        real_draw(dataset) if dataset else None,
    )


def as_data(x: np.ndarray) -> Tensor:
    """Stored examples in the units of samples: pixels in [0, 1], points as they are."""
    values = torch.from_numpy(np.array(x))
    return values.float() / 255.0 if values.dtype == torch.uint8 else values


def real_draw(data: Dataset) -> Callable[[int, int], Tensor]:
    """`draw(n, seed)`: n different training examples."""

    def draw(n: int, seed: int) -> Tensor:
        order = torch.randperm(len(data.train.x), generator=torch.Generator().manual_seed(seed))[:n]
        return as_data(data.train.x[order.numpy()])

    return draw


def reference_of(model: ArenaModel, n: int, seed: int) -> Reference:
    """The held-out data of what the model was trained on; where that is unknown, fine samples of the model itself."""
    if model.dataset:
        x = as_data(load_dataset(model.dataset).test.x[:REFERENCE])
        return Reference.of(x, f"{len(x):,} held-out examples")
    return Reference.of(
        model.fine(n, seed + 10_000).cpu(),
        f"{n:,} samples of the model itself in {FINE_STEPS} steps, because the folder does not say "
        "which data of this app it was trained on",
    )


def floor_distances(model: ArenaModel, reference: Reference, n: int, seeds: list[int]) -> list[float]:
    """Distances of other real examples to the reference, one for each seed: what a perfect sampler of a perfect model has."""
    draw = model.fresh or (lambda n, seed: model.fine(n, seed + 20_000).cpu())
    return [reference.distance(draw(n, seed)) for seed in seeds]
