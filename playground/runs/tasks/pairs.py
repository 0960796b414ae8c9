"""Training a flow on given pairs of noise and sample, as reflow does (Liu, Gong & Liu 2023): there are no others, so nothing is
held out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from playground.config import DiffusionConfig
from playground.data import Dataset
from playground.diffusion.denoiser import Denoiser
from playground.diffusion.objectives import denoising_error, stratified_times
from playground.runs.tasks.base import Interrupted
from playground.runs.tasks.diffusion import DiffusionTask
from playground.vae.objectives import Loss

Pair = tuple[Tensor, Tensor]
"""Samples `x_0` (n, ...), and the noise that each was made of."""


class PairTask(DiffusionTask):
    """The loss of a flow with the noise that belongs to each `x_0` in place of a fresh one (ibid., eq. 1 for the coupling
    `(x_0, noise)`); all else as in `objectives.denoising_error`. The weights begin as `start`, where that is given."""

    draws_images = False

    def __init__(
        self,
        config: DiffusionConfig,
        dataset: Dataset,
        device: torch.device,
        pairs: Pair,
        start: Mapping[str, Tensor] | None = None,
    ) -> None:
        super().__init__(config, dataset, device)
        self.pairs, self.start = pairs, start

    def adopt(self, model: nn.Module, source: None) -> None:
        """Begins with the weights `start`."""
        if self.start is not None:
            model.load_state_dict(self.start)

    def batch(self, generator: torch.Generator) -> Pair:
        """Pairs drawn with replacement."""
        x_0, noise = self.pairs
        index = torch.randint(len(x_0), (self.config.batch_size,), generator=generator, device=x_0.device)
        return x_0[index], noise[index]

    def loss(self, model: Denoiser, pair: Pair, generator: torch.Generator) -> Loss:
        x_0, noise = pair
        u = torch.rand((), generator=generator, device=x_0.device)
        return denoising_error(model, x_0, stratified_times(len(x_0), model.schedule.t_min, model.schedule.t_max, u), noise)

    def held_out(self, model: nn.Module) -> dict[str, float]:
        """Nothing: what counts is how straight the paths have become, which the study measures."""
        return {}

    def snapshot(self, model: nn.Module, interrupted: Interrupted) -> dict[str, np.ndarray] | None:
        """None: the study has pictures of its own."""
        return None
