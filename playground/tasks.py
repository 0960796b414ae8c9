"""What differs between the three trainings: the model, its loss, its held-out reading and its pictures.

A task owns the data on the device. The loop in `training.py` knows none of this.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from playground.autoencoder import build_autoencoder
from playground.config import AutoencoderConfig, ConfigError, DiffusionConfig, RunConfig, VAEConfig
from playground.data import Dataset
from playground.data.points import MIXTURE
from playground.denoiser import PARAMETRIZATIONS, ClippedDenoiser, build_denoiser
from playground.noise import SCHEDULES
from playground.objectives import Loss, denoising_error, negative_elbo, reconstruction_error, stratified_times
from playground.oracle import Exact, mixture_denoiser
from playground.sampling import initial_noise, reverse, time_grid

HELD_OUT = 2000
"""Held-out examples in a held-out loss, at most: always the same ones, with the same random numbers."""
STRIP_FRAMES = 12
Interrupted = Callable[[], bool]


class Task(ABC):
    """One kind of training on one data set; `config` may be replaced while it runs."""

    def __init__(self, config: RunConfig, dataset: Dataset, device: torch.device) -> None:
        self.config, self.dataset, self.device = config, dataset, device
        self.n_held_out = HELD_OUT
        self.train_x = torch.from_numpy(np.array(dataset.train.x)).to(device)
        self.test_x = torch.from_numpy(np.array(dataset.test.x)).to(device)

    @staticmethod
    @abstractmethod
    def build(config: RunConfig, shape: tuple[int, ...]) -> nn.Module:
        """A fresh model on the CPU for data of `shape`; the caller seeds the initial weights."""

    @abstractmethod
    def loss(self, model: nn.Module, x: Tensor, generator: torch.Generator) -> Loss:
        """The loss of one batch of scaled data."""

    def floor(self) -> dict[str, float]:
        """The lowest value that the held-out terms of the loss can have, where it is known exactly."""
        return {}

    @abstractmethod
    def snapshot(self, model: nn.Module, interrupted: Interrupted) -> dict[str, np.ndarray] | None:
        """Arrays for the pictures, or None when it was told to give up."""

    def scale(self, x: Tensor) -> Tensor:
        """Stored data as the model sees it: pixels 0..255 to [0, 1], points unchanged."""
        return x.float().div_(255.0) if x.dtype == torch.uint8 else x

    def batch(self, generator: torch.Generator) -> Tensor:
        """A batch drawn with replacement, scaled."""
        index = torch.randint(len(self.train_x), (self.config.batch_size,), generator=generator, device=self.device)
        return self.scale(self.train_x[index])

    @torch.no_grad()
    def held_out(self, model: nn.Module) -> dict[str, float]:
        """The terms of the loss on held-out data."""
        generator = torch.Generator(self.device).manual_seed(1)
        chunks = self.test_x[: self.n_held_out].split(1000)
        weighted = [(len(x), self.loss(model, self.scale(x), generator).terms) for x in chunks]
        total = sum(n for n, _ in weighted)
        return {name: float(sum(n * terms[name] for n, terms in weighted) / total) for name in weighted[0][1]}


class AutoencoderTask(Task):
    """AE: where the encoder puts held-out images, and what the decoder makes of ten of them."""

    config: AutoencoderConfig

    def __init__(self, config: RunConfig, dataset: Dataset, device: torch.device) -> None:
        super().__init__(config, dataset, device)
        self.map_x = self.scale(self.test_x[: config.map_points])
        self.shown = self.scale(self.test_x[torch.from_numpy(one_per_class(dataset)).to(device)])

    build = staticmethod(build_autoencoder)

    def loss(self, model: nn.Module, x: Tensor, generator: torch.Generator) -> Loss:
        return reconstruction_error(model, x)

    def snapshot(self, model: nn.Module, interrupted: Interrupted) -> dict[str, np.ndarray]:
        """`latent` (n, d) float32; `originals`, `reconstructions` uint8 and `errors` float32, (k, C, H, W)."""
        shown = model.decode(model.latent(self.shown))
        return {
            "latent": model.latent(self.map_x).cpu().numpy(),
            "originals": to_uint8(self.shown),
            "reconstructions": to_uint8(shown),
            "errors": (shown - self.shown).abs().cpu().numpy(),
        }


class VAETask(AutoencoderTask):
    """VAE: the same, and samples from the prior, always from the same `z` so that the eye can follow them."""

    config: VAEConfig

    def __init__(self, config: RunConfig, dataset: Dataset, device: torch.device) -> None:
        super().__init__(config, dataset, device)
        generator = torch.Generator().manual_seed(config.seed)
        self.prior_z = torch.randn(32, config.latent_dim, generator=generator).to(device)

    def loss(self, model: nn.Module, x: Tensor, generator: torch.Generator) -> Loss:
        eps = torch.randn(len(x), model.latent_dim, generator=generator, device=x.device)
        return negative_elbo(model, x, eps, self.config.beta)

    def snapshot(self, model: nn.Module, interrupted: Interrupted) -> dict[str, np.ndarray]:
        """As the autoencoder's, and `samples` uint8 (32, C, H, W)."""
        return super().snapshot(model, interrupted) | {"samples": to_uint8(model.decode(self.prior_z))}


class DiffusionTask(Task):
    """Diffusion: samples from fixed noise, with the way there."""

    config: DiffusionConfig

    def __init__(self, config: RunConfig, dataset: Dataset, device: torch.device) -> None:
        super().__init__(config, dataset, device)
        self.bounds = data_bounds(dataset)
        self.n_held_out = 512 if dataset.is_image else HELD_OUT

    build = staticmethod(build_denoiser)

    def scale(self, x: Tensor) -> Tensor:
        """Pixels 0..255 to [-1, 1], points unchanged."""
        return x.float().div_(127.5).sub_(1.0) if x.dtype == torch.uint8 else x

    def loss(self, model: nn.Module, x: Tensor, generator: torch.Generator) -> Loss:
        u = torch.rand((), generator=generator, device=x.device)
        t = stratified_times(len(x), model.schedule.t_min, model.schedule.t_max, u)
        return denoising_error(model, x, t, torch.randn(x.shape, generator=generator, device=x.device))

    @torch.no_grad()
    def floor(self) -> dict[str, float]:
        """For the Gaussian mixture: the loss of the exact denoiser, on the same examples and noise as the held-out loss."""
        if self.config.dataset != "mixture":
            return {}
        exact = mixture_denoiser(MIXTURE, SCHEDULES[self.config.schedule])
        return self.held_out(Exact(exact, PARAMETRIZATIONS[self.config.parametrization]))

    def snapshot(self, model: nn.Module, interrupted: Interrupted) -> dict[str, np.ndarray] | None:
        """Points: `trajectory` (T + 1, 300, 2) and `times` (T + 1,), at most 65 frames. Images: `samples` uint8
        (25, C, H, W), `strip` uint8 (12, C, H, W) of the first of them, and `times` (12,)."""
        n, generator = 25 if self.dataset.is_image else 300, torch.Generator(self.device).manual_seed(self.config.seed)
        x = initial_noise(model.schedule, (n, *self.dataset.shape), generator)
        states = reverse(
            ClippedDenoiser(model, *self.bounds), model.schedule, x,
            time_grid(model.schedule, self.config.sampling_steps), self.config.sampler, self.config.eta, generator,
        )  # fmt: skip
        frames, times = [], []
        for state in states:
            if interrupted():
                return None
            frames.append(state.x[:1] if self.dataset.is_image and state.index < state.total else state.x)
            times.append(state.t)
        keep = thin(len(frames), STRIP_FRAMES if self.dataset.is_image else 65)
        kept_times = np.array(times, "f4")[keep]
        if self.dataset.is_image:
            strip = to_uint8(torch.cat([as_pixels(frames[i][:1]) for i in keep]))
            return {"samples": to_uint8(as_pixels(frames[-1])), "strip": strip, "times": kept_times}
        return {"trajectory": torch.stack([frames[i] for i in keep]).cpu().numpy(), "times": kept_times}


TASKS: dict[str, type[Task]] = {"ae": AutoencoderTask, "vae": VAETask, "diffusion": DiffusionTask}


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


def data_bounds(dataset: Dataset) -> tuple[float, float]:
    """The range that clean data, as the model sees it, cannot leave."""
    if dataset.is_image:
        return -1.0, 1.0
    extent = float(np.abs(dataset.train.x).max())
    return -extent, extent


def thin(n: int, at_most: int) -> np.ndarray:
    """Up to `at_most` of the indices 0..n-1, evenly, the first and the last among them."""
    return np.unique(np.linspace(0, n - 1, min(n, at_most)).round().astype(int))


def as_pixels(x: Tensor) -> Tensor:
    """[-1, 1] to [0, 1]."""
    return x.add(1.0).mul(0.5)


def to_uint8(x: Tensor) -> np.ndarray:
    """[0, 1] to 0..255, rounded; what lies outside (or is NaN) is clamped (or 0)."""
    return x.nan_to_num(0.0).clamp(0.0, 1.0).mul(255.0).round().to(torch.uint8).cpu().numpy()
