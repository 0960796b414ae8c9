"""Diffusion's training: the denoising loss, and samples from fixed noise with the way there."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from playground.config import DiffusionConfig
from playground.config.samplers import SamplerSettings
from playground.data import Dataset
from playground.diffusion.denoiser import PARAMETRIZATIONS, ClippedDenoiser, Denoiser, GuidedDenoiser, build_denoiser
from playground.diffusion.linear import EXAMPLES, LinearDenoiser
from playground.diffusion.noise import SCHEDULES
from playground.diffusion.objectives import Examples, denoising_error, stratified_times
from playground.diffusion.oracle import Exact, LinearAnswer, mixture_denoiser
from playground.diffusion.sampling import initial_noise, reverse, time_grid
from playground.runs.checkpoint import Loaded
from playground.runs.tasks.base import HELD_OUT, STRIP_FRAMES, Interrupted, Task, as_pixels, data_range, thin, way_as_pictures
from playground.vae.objectives import Loss

QUICK, FRESH_BATCH = SamplerSettings(sampler="dpmpp_2m", sampling_steps=10, time_grid="uniform_t"), 50
"""How samples are drawn that are measured while a model trains, and images that are drawn at once."""
SHOWN = {"images": 25, "table": 48, "points": 300}
"""Samples in a snapshot, by the kind of data."""
N_OTHERS = 1024
"""Training examples over which stable targets are means, beside the batch itself."""


@dataclass(frozen=True)
class Surrounded:
    """A batch, and `others` that its noisy examples may as well have come from."""

    own: Examples
    others: Examples


@dataclass(frozen=True)
class Way:
    """Samples on their way from noise to data at `times` (k,): `x` (k, n, ...), and `x_0`, what the model expects the clean data to
    be when it sees them; `label` (n,), the classes that they were drawn of, if any."""

    times: np.ndarray
    x: Tensor
    x_0: Tensor
    label: np.ndarray | None


class DiffusionTask(Task):
    """Diffusion: samples from fixed noise, with the way there."""

    config: DiffusionConfig

    def __init__(self, config: DiffusionConfig, dataset: Dataset, device: torch.device) -> None:
        super().__init__(config, dataset, device)
        self.fitted: LinearDenoiser | None = None
        self.data_range = data_range(dataset)
        self.n_held_out = 512 if dataset.is_image else HELD_OUT
        self.n_shown = SHOWN[dataset.kind]
        self.conditional = config.conditional == "on"
        if self.conditional:
            self.train_labels, self.test_labels = (
                torch.from_numpy(np.array(split.labels)).to(device) for split in (dataset.train, dataset.test)
            )

    build = staticmethod(build_denoiser)
    drawing: SamplerSettings = QUICK

    def scale(self, x: Tensor) -> Tensor:
        """Pixels 0..255 to [-1, 1], points unchanged."""
        return x.float().div_(127.5).sub_(1.0) if x.dtype == torch.uint8 else x

    def batch(self, generator: torch.Generator) -> Examples | Surrounded:
        """A batch drawn with replacement; for stable targets with others."""
        own = self.random_examples(self.config.batch_size, generator)
        return Surrounded(own, self.random_examples(N_OTHERS, generator)) if self.config.targets == "stable" else own

    def examples(self, index: Tensor, generator: torch.Generator) -> Examples:
        """The training examples `index` (n,), scaled; with classes, each hidden with probability `label_dropout`."""
        x = super().examples(index, generator)
        return Examples(x, self._hide(self.train_labels[index], generator) if self.conditional else None)

    def held_out_batches(self, generator: torch.Generator) -> Iterator[tuple[int, Examples]]:
        """As for every task; with classes, hidden as often as in training, so that both losses mean the same."""
        kept = slice(self.n_held_out)
        labels = self.test_labels[kept].split(1000) if self.conditional else itertools.repeat(None)
        for x, label in zip(self.test_x[kept].split(1000), labels):
            yield len(x), Examples(self.scale(x), None if label is None else self._hide(label, generator))

    def loss(self, model: Denoiser, batch: Examples | Surrounded, generator: torch.Generator) -> Loss:
        (x, label), others = (batch.own, batch.others) if isinstance(batch, Surrounded) else (batch, None)
        u = torch.rand((), generator=generator, device=x.device)
        t = stratified_times(len(x), model.schedule.t_min, model.schedule.t_max, u)
        return denoising_error(model, x, t, torch.randn(x.shape, generator=generator, device=x.device), label, others)

    def adopt(self, model: Denoiser, source: Loaded | None) -> None:
        """The best linear denoiser of the training data, or that of their Gaussians, where the network's answer is added to it."""
        if model.linear is not None:
            model.linear.load_state_dict(self.best_linear().state_dict(), strict=False)
            model.linear.divide(self.scale(self.train_x[:EXAMPLES]))

    def best_linear(self) -> LinearDenoiser:
        """That of the training data, fitted when it is first asked for."""
        if self.fitted is None:
            self.fitted = LinearDenoiser(self.dataset.shape).to(self.device).fit(self.scale(self.train_x[:EXAMPLES]))
        return self.fitted

    @torch.no_grad()
    def linear(self) -> dict[str, float]:
        """The held-out loss of the best linear denoiser: what a Gaussian with the mean and covariance of the training data knows."""
        answer = LinearAnswer(self.best_linear(), SCHEDULES[self.config.schedule])
        return self.held_out(Exact(answer, PARAMETRIZATIONS[self.config.parametrization]))

    @torch.no_grad()
    def floor(self) -> dict[str, float]:
        """Where the density is known: the loss of the exact denoiser, on the same examples and noise as the held-out loss."""
        if self.dataset.density is None:
            return {}
        exact = mixture_denoiser(self.dataset.density, SCHEDULES[self.config.schedule])
        return self.held_out(Exact(exact, PARAMETRIZATIONS[self.config.parametrization]))

    def snapshot(self, model: Denoiser, interrupted: Interrupted) -> dict[str, np.ndarray] | None:
        """Points: `trajectory` (T + 1, 300, 2) and `times` (T + 1,), at most 65 frames. Images: those of `film` for 25 samples at 12
        `times`; rows of a table alike, 48 of them as bars, and where they end, `rows` (48, D). A class-conditional model draws as many of each class, in the order of the classes (at least as many in all), and
        says so in `sample_labels` (n,), unless a guidance scale of 0 makes it ignore them."""
        way = self.walk(model, interrupted)
        if way is None:
            return None
        if self.dataset.kind == "points":
            found = {"trajectory": way.x.cpu().numpy(), "times": way.times}
        else:
            found = film(way.times, self.pictured(way.x), self.pictured(way.x_0))
        if self.dataset.kind == "table":
            found["rows"] = way.x[-1].cpu().numpy()
        return found if way.label is None else found | {"sample_labels": way.label}

    def pictured(self, x: Tensor) -> np.ndarray:
        """Examples on their way (k, n, ...) as pictures, uint8 (k, n, C, H, W)."""
        return way_as_pictures(as_pixels(x) if self.dataset.is_image else x)

    def walk(self, model: Denoiser, interrupted: Interrupted) -> Way | None:
        """The samples of a snapshot on their way, at most 12 frames of images or 65 of points; None when it was told to give up."""
        n, generator = self.n_shown, torch.Generator(self.device).manual_seed(self.config.seed)
        label = self.every_class(n) if self.conditional else None
        scale = self.config.guidance_scale if self.config.label_dropout > 0.0 else 1.0  # else there is nothing to guide away from
        times = time_grid(model.schedule, self.config.sampling_steps, grid=self.config.time_grid)
        x = initial_noise(model.schedule, (n if label is None else len(label), *self.dataset.shape), generator, float(times[0]))
        states = reverse(
            guided(model, label, scale, self.data_range), model.schedule, x, times, self.config.sampler, self.config.eta, generator
        )
        keep = thin(len(times), 65 if self.dataset.kind == "points" else STRIP_FRAMES)
        frames, expected = [], []
        for state in states:
            if interrupted():
                return None
            if state.index - 1 in keep:
                expected.append(state.x_0)  # what was made of the state before, on the way to this one
            if state.index in keep:
                frames.append(state.x)
        labels = None if label is None or scale == 0.0 else label.cpu().numpy()
        return Way(times[keep].numpy().astype("f4"), torch.stack(frames), torch.stack([*expected, frames[-1]]), labels)

    def fresh(self, model: Denoiser, n: int, interrupted: Interrupted) -> Tensor | None:
        """By DPM-Solver++(2M) in ten steps, whatever the pictures are drawn with, or as `drawing` says; with classes as many of each."""
        x = self.drawn(model, n, interrupted)
        return x if x is None or not self.dataset.is_image else as_pixels(x).clamp(0.0, 1.0)

    def drawn(self, model: Denoiser, n: int, interrupted: Interrupted) -> Tensor | None:
        """The same as the model sees data, (n, ...), images in batches that stay in the processor's cache."""
        generator = torch.Generator(self.device).manual_seed(self.config.seed + 1)
        way = self.drawing
        times = time_grid(model.schedule, way.sampling_steps, grid=way.time_grid)
        noise = initial_noise(model.schedule, (n, *self.dataset.shape), generator, float(times[0]))
        scale = self.config.guidance_scale if self.config.label_dropout > 0.0 else 1.0
        label, found = (torch.arange(n, device=self.device) * len(self.dataset.label_names) // n), []
        for some in torch.arange(n, device=self.device).split(FRESH_BATCH if self.dataset.is_image else n):
            denoiser = guided(model, label[some] if self.conditional else None, scale, self.data_range)
            for state in reverse(denoiser, model.schedule, noise[some], times, way.sampler, way.eta, generator):
                if interrupted():
                    return None
            found.append(state.x)
        return torch.cat(found)

    def every_class(self, n: int) -> Tensor:
        """Labels of at least `n` samples, as many of each class, in order."""
        classes = torch.arange(len(self.dataset.label_names), device=self.device)
        return classes.repeat_interleave(math.ceil(n / len(classes)))

    def _hide(self, label: Tensor, generator: torch.Generator) -> Tensor:
        """`label` with -1 in place of a random `label_dropout` of them."""
        hidden = torch.rand(label.shape, generator=generator, device=label.device) < self.config.label_dropout
        return label.masked_fill(hidden, -1)


def guided(model: Denoiser, label: Tensor | None, scale: float, data_range: tuple[float, float]) -> ClippedDenoiser:
    """What samples are drawn with: `model`, told the classes `label` (n,) or (1,) where there are some, `x_0` within `data_range`."""
    return ClippedDenoiser(model if label is None else GuidedDenoiser(model, label, scale), *data_range)


def film(times: np.ndarray, way: np.ndarray, expected: np.ndarray, decoded: bool = False) -> dict[str, np.ndarray]:
    """Images on their way, uint8, from `way` and what the model expects them to become, `expected`, both (k, n, C, H, W): `samples`
    (n, C, H, W), where they end; `way` at `times` (k,); and of one of them, `followed`, what is `expected` (k, C, H, W). That is the first;
    of `decoded` latents, of which many hardly move, the one that looks least at its end as it did at its beginning."""
    followed = int(np.square(way[-1].astype("f4") - way[0]).sum((1, 2, 3)).argmax()) if decoded else 0
    return {
        "samples": way[-1],
        "way": way,
        "expected": expected[:, followed],
        "times": times,
        "followed": np.asarray(followed),
        "decoded": np.asarray(decoded),
    }
