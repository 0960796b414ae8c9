"""A trained denoiser and its data: what every answer about a diffusion model is made from. EMA weights; no gradients."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from playground.config import ConfigError
from playground.diffusion.denoiser import ClippedDenoiser, Denoiser, GuidedDenoiser, Prediction
from playground.diffusion.latent_denoiser import LatentDenoiser
from playground.diffusion.oracle import IdealDenoiser, MixtureDenoiser, mixture_denoiser
from playground.diffusion.sampling import DenoiserFn, initial_noise, reverse, time_grid
from playground.questions.arguments import Condition, OfClass, OfOne
from playground.runs.tasks import DiffusionTask


class Diffusion:
    """`model` with the data of `task`; `denoiser` keeps `x_0` within the range of the data, as in every sampling."""

    def __init__(self, task: DiffusionTask, model: Denoiser) -> None:
        self.task, self.model = task, model
        self.device, self.schedule, self.is_image = task.device, model.schedule, task.dataset.is_image
        self.shape, self.n_labels = tuple(task.dataset.shape), model.n_labels
        self.denoiser = ClippedDenoiser(model, *task.data_range)
        self.own_std: dict[tuple[int, str, int, float], np.ndarray] = {}
        """What an inversion found of the model's own samples, by how it was made (`editing.py`)."""

    # --- the exact answer --------------------------------------------------------------------------------------------

    @cached_property
    def ideal(self) -> IdealDenoiser:
        """The best denoiser of the training set."""
        labels = self.task.train_labels if self.task.conditional else None
        return IdealDenoiser(self.task.train_x, self.schedule, self.task.scale, labels)

    @property
    def known(self) -> bool:
        """Whether the density of the data is known in closed form."""
        return self.task.dataset.density is not None

    @cached_property
    def exact(self) -> MixtureDenoiser | IdealDenoiser:
        """The best denoiser: of the data's density where that is known, else of the training set."""
        density = self.task.dataset.density
        return self.ideal if density is None else mixture_denoiser(density, self.schedule)

    # --- classes -----------------------------------------------------------------------------------------------------

    def label(self, args: OfClass) -> Tensor | None:
        """The class asked for, (1,), or None for none. Raises `ConfigError` where the model does not know it."""
        if self.n_labels == 0:
            if args.label >= 0:
                raise ConfigError("This model was trained without classes: train one that is class-conditional to ask for one.")
            return None
        label = args.at_most("label", self.n_labels - 1, low=-1)
        if label == -1 and self.task.config.label_dropout == 0.0:
            raise ConfigError("This model always saw the class (label dropout 0), so it has no answer without one: choose a class.")
        return torch.tensor([label], device=self.device) if label >= 0 else None

    def conditioned(self, denoiser, args: Condition) -> DenoiserFn:
        """`denoiser`, learned or exact, told the class that `args` ask for, with their guidance."""
        label, scale = self.label(args), args.guidance_scale
        if label is None:
            return denoiser
        if scale != 1.0 and self.task.config.label_dropout == 0.0:
            raise ConfigError("This model always saw the class (label dropout 0), so it cannot be guided: the scale must be 1.")
        return GuidedDenoiser(denoiser, label, scale)

    # --- samples -----------------------------------------------------------------------------------------------------

    def generator(self, seed: int) -> torch.Generator:
        """Random numbers that the question's seed decides."""
        return torch.Generator(self.device).manual_seed(seed)

    def noise(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, ...) at `t_max`."""
        return initial_noise(self.schedule, (n, *self.shape), generator)

    def clipped(self, denoiser) -> ClippedDenoiser:
        """With `x_0` kept within the range of the data."""
        return ClippedDenoiser(denoiser, *self.task.data_range)

    def draw(self, denoiser: DenoiserFn, x: Tensor, steps: int, start: float | None = None, sampler: str = "ddim") -> Tensor:
        """Data from `x` at time `start` (else `t_max`), in `steps` steps that draw no noise."""
        for state in reverse(denoiser, self.schedule, x, time_grid(self.schedule, steps, start), sampler):
            x = state.x
        return x

    # --- data --------------------------------------------------------------------------------------------------------

    def held_out(self, args: OfOne) -> Tensor:
        """One held-out example, (1, ...), as the model sees it."""
        index = args.at_most("index", len(self.task.test_x) - 1)
        return self.task.scale(self.task.test_x[index : index + 1])

    def images(self, what: str = "This") -> None:
        """Raises `ConfigError` unless the data are images."""
        if not self.is_image:
            makes = "points" if self.task.dataset.columns is None else "rows of a table"
            does = "works in the latent space of an autoencoder" if isinstance(self.model, LatentDenoiser) else f"makes {makes}"
            raise ConfigError(f"{what} is about images: this model {does}.")

    def plane(self, what: str = "This") -> None:
        """Raises `ConfigError` unless the data are points in the plane."""
        if self.shape != (2,):
            raise ConfigError(f"{what} is drawn for points in the plane: this model's data have another shape.")

    def time(self, t: float) -> Tensor:
        """`t` as (1,), moved into the range that models are trained on."""
        return torch.full((1,), min(max(t, self.schedule.t_min), self.schedule.t_max), device=self.device)

    def spread(self, t: float) -> float:
        """`alpha + sigma`: what noisy pixels are divided by to be shown between black and white."""
        c = self.schedule.at(torch.tensor(t, dtype=torch.float64))
        return float(c.alpha + c.sigma)

    def score(self, prediction: Prediction, t: Tensor, x: Tensor) -> Tensor:
        """`-eps / σ`, (n, ...)."""
        return -prediction.eps / self.schedule.sigma(t).to(x).clamp_min(1e-6)
