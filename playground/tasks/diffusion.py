"""Diffusion's training: the denoising loss, and samples from fixed noise with the way there."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from playground.config import DiffusionConfig, RunConfig
from playground.data import Dataset
from playground.data.points import MIXTURE
from playground.denoiser import PARAMETRIZATIONS, ClippedDenoiser, build_denoiser
from playground.noise import SCHEDULES
from playground.objectives import Loss, denoising_error, stratified_times
from playground.oracle import Exact, mixture_denoiser
from playground.sampling import initial_noise, reverse, time_grid
from playground.tasks.base import HELD_OUT, STRIP_FRAMES, Interrupted, Task, as_pixels, data_bounds, thin, to_uint8


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
