"""The autoencoder's and the VAE's training: where the encoder puts held-out images, and what the decoder makes of them."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from playground.autoencoder import build_autoencoder
from playground.config import AutoencoderConfig, RunConfig, VAEConfig
from playground.data import Dataset
from playground.objectives import Loss, negative_elbo, reconstruction_error
from playground.tasks.base import Interrupted, Task, one_per_class, to_uint8


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
