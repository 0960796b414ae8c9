"""A trained denoiser and its data: what every answer about a diffusion model is made from. EMA weights; no gradients."""

from __future__ import annotations

from playground.denoiser import ClippedDenoiser, Denoiser
from playground.tasks import DiffusionTask


class Lab:
    """`model` with the data of `task`; `denoiser` keeps `x_0` within the range of the data, as in every sampling."""

    def __init__(self, task: DiffusionTask, model: Denoiser) -> None:
        self.task, self.model = task, model
        self.device, self.schedule, self.is_image = task.device, model.schedule, task.dataset.is_image
        self.denoiser = ClippedDenoiser(model, *task.bounds)
