"""Diffusion's training: the denoising loss, and samples from fixed noise with the way there."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from playground.config import DiffusionConfig, RunConfig
from playground.data import Dataset
from playground.data.points import MIXTURE
from playground.denoiser import PARAMETRIZATIONS, ClippedDenoiser, Denoiser, GuidedDenoiser, build_denoiser
from playground.noise import SCHEDULES
from playground.objectives import Loss, denoising_error, stratified_times
from playground.oracle import Exact, mixture_denoiser
from playground.sampling import initial_noise, reverse, time_grid
from playground.tasks.base import HELD_OUT, STRIP_FRAMES, Interrupted, Task, as_pixels, data_bounds, thin, to_uint8

Batch = Tensor | tuple[Tensor, Tensor]
"""Scaled data (n, ...); for a class-conditional model with labels (n,), -1 where the class is hidden."""


class DiffusionTask(Task):
    """Diffusion: samples from fixed noise, with the way there."""

    config: DiffusionConfig

    def __init__(self, config: RunConfig, dataset: Dataset, device: torch.device) -> None:
        super().__init__(config, dataset, device)
        self.bounds = data_bounds(dataset)
        self.n_held_out = 512 if dataset.is_image else HELD_OUT
        self.conditional = config.conditional == "on"
        if self.conditional:
            self.train_labels, self.test_labels = (
                torch.from_numpy(np.array(split.labels)).to(device) for split in (dataset.train, dataset.test)
            )

    build = staticmethod(build_denoiser)

    def scale(self, x: Tensor) -> Tensor:
        """Pixels 0..255 to [-1, 1], points unchanged."""
        return x.float().div_(127.5).sub_(1.0) if x.dtype == torch.uint8 else x

    def examples(self, index: Tensor, generator: torch.Generator) -> Batch:
        """The training examples `index` (n,), scaled; with classes, each hidden with probability `label_dropout`."""
        x = super().examples(index, generator)
        return (x, self._hide(self.train_labels[index], generator)) if self.conditional else x

    def held_out_batches(self, generator: torch.Generator) -> Iterator[tuple[int, Batch]]:
        """As for every task; with classes, hidden as often as in training, so that both losses mean the same."""
        if not self.conditional:
            yield from super().held_out_batches(generator)
            return
        kept = slice(self.n_held_out)
        for x, label in zip(self.test_x[kept].split(1000), self.test_labels[kept].split(1000)):
            yield len(x), (self.scale(x), self._hide(label, generator))

    def loss(self, model: nn.Module, x: Batch, generator: torch.Generator) -> Loss:
        x, label = x if isinstance(x, tuple) else (x, None)
        u = torch.rand((), generator=generator, device=x.device)
        t = stratified_times(len(x), model.schedule.t_min, model.schedule.t_max, u)
        return denoising_error(model, x, t, torch.randn(x.shape, generator=generator, device=x.device), label)

    @torch.no_grad()
    def floor(self) -> dict[str, float]:
        """For the Gaussian mixture: the loss of the exact denoiser, on the same examples and noise as the held-out loss."""
        if self.config.dataset != "mixture":
            return {}
        exact = mixture_denoiser(MIXTURE, SCHEDULES[self.config.schedule])
        return self.held_out(Exact(exact, PARAMETRIZATIONS[self.config.parametrization]))

    def snapshot(self, model: nn.Module, interrupted: Interrupted) -> dict[str, np.ndarray] | None:
        """Points: `trajectory` (T + 1, 300, 2) and `times` (T + 1,), at most 65 frames. Images: `samples` uint8
        (25, C, H, W), `strip` uint8 (12, C, H, W) of the first of them, and `times` (12,). A class-conditional model draws as
        many of each class, in the order of the classes (at least 25 images), and says so in `sample_labels` (n,), unless a
        guidance scale of 0 makes it ignore them."""
        n, generator = 25 if self.dataset.is_image else 300, torch.Generator(self.device).manual_seed(self.config.seed)
        label = self.every_class(n) if self.conditional else None
        scale = self.config.guidance_scale if self.config.label_dropout > 0.0 else 1.0  # else there is nothing to guide away from
        times = time_grid(model.schedule, self.config.sampling_steps, grid=self.config.time_grid)
        x = initial_noise(model.schedule, (n if label is None else len(label), *self.dataset.shape), generator, times[0])
        states = reverse(
            guided(model, label, scale, self.bounds), model.schedule, x, times, self.config.sampler, self.config.eta, generator
        )
        frames, seen = [], []
        for state in states:
            if interrupted():
                return None
            frames.append(state.x[:1] if self.dataset.is_image and state.index < state.total else state.x)
            seen.append(state.t)
        keep = thin(len(frames), STRIP_FRAMES if self.dataset.is_image else 65)
        found = {"times": np.array(seen, "f4")[keep]}
        if self.dataset.is_image:
            found |= {
                "samples": to_uint8(as_pixels(frames[-1])),
                "strip": to_uint8(torch.cat([as_pixels(frames[i][:1]) for i in keep])),
            }
        else:
            found["trajectory"] = torch.stack([frames[i] for i in keep]).cpu().numpy()
        return found if label is None or scale == 0.0 else found | {"sample_labels": label.cpu().numpy()}

    def every_class(self, n: int) -> Tensor:
        """Labels of at least `n` samples, as many of each class, in order."""
        classes = torch.arange(len(self.dataset.label_names), device=self.device)
        return classes.repeat_interleave(math.ceil(n / len(classes)))

    def _hide(self, label: Tensor, generator: torch.Generator) -> Tensor:
        """`label` with -1 in place of a random `label_dropout` of them."""
        hidden = torch.rand(label.shape, generator=generator, device=label.device) < self.config.label_dropout
        return label.masked_fill(hidden, -1)


def guided(model: Denoiser, label: Tensor | None, scale: float, bounds: tuple[float, float]) -> ClippedDenoiser:
    """What samples are drawn with: `model`, told the classes `label` (n,) or (1,) where there are some, `x_0` within `bounds`."""
    return ClippedDenoiser(model if label is None else GuidedDenoiser(model, label, scale), *bounds)
