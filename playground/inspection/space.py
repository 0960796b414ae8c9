"""A model's latent space and the examples in it: what every answer is made from. EMA weights; no gradients."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from playground.autoencoder import VAE, Autoencoder, DiagonalGaussian
from playground.config import ConfigError
from playground.tasks import AutoencoderTask, to_uint8

CHUNK = 1024
"""Examples that pass a network at once: bounds the memory of a question."""


class Space:
    """`model` with the data of `task`. Index i is the i-th point of the map, `task.map_x[i]`, a held-out image."""

    def __init__(self, task: AutoencoderTask, model: Autoencoder | VAE) -> None:
        if not isinstance(model, (Autoencoder, VAE)):
            raise ConfigError("Only an autoencoder or a VAE has a latent space to ask about.")
        self.task, self.model = task, model
        self.d, self.device, self.map_x = model.latent_dim, task.map_x.device, task.map_x
        self.variational = isinstance(model, VAE)

    @cached_property
    def codes(self) -> Tensor:
        """Of the points of the map, (n, d): `E(x)`, for a VAE the posterior means."""
        return self.posterior.mean if self.variational else self.encode(self.map_x)

    @cached_property
    def posterior(self) -> DiagonalGaussian:
        """`q(z|x)` of the points of the map. Raises `ConfigError` for an autoencoder, which has none."""
        if not self.variational:
            raise ConfigError("An autoencoder encodes an image as one point: only a VAE has a posterior, with a spread and a KL.")
        parts = [self.model.encode(x) for x in self.map_x.split(CHUNK)]
        return DiagonalGaussian(torch.cat([part.mean for part in parts]), torch.cat([part.log_std for part in parts]))

    def encode(self, x: Tensor) -> Tensor:
        """(n, C, H, W) -> (n, d)."""
        return torch.cat([self.model.latent(part) for part in x.split(CHUNK)])

    def decode(self, z: Tensor) -> Tensor:
        """(n, d) -> (n, C, H, W)."""
        return torch.cat([self.model.decode(part) for part in z.split(CHUNK)])

    def weight(self) -> Tensor:
        """What each dimension carries, (d,): its mean KL in nats for a VAE, the variance of the codes for an autoencoder."""
        return self.posterior.kl_per_dimension().mean(0) if self.variational else self.codes.var(0)


def tiles(x: Tensor) -> np.ndarray:
    """Images (n, C, H, W) in [0, 1] as bytes of their first channel, (n, H, W)."""
    return to_uint8(x)[:, 0]


def floats(x: Tensor) -> np.ndarray:
    """As float32 on the CPU."""
    return x.detach().float().cpu().numpy()


def integers(x: Tensor) -> np.ndarray:
    """As int64 on the CPU."""
    return x.long().cpu().numpy()
