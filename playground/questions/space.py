"""A model's latent space and the examples in it: what every answer is made from. EMA weights; no gradients."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from playground.config import ConfigError
from playground.data.sheets import pixels_of
from playground.questions.arguments import FINITE, Arguments
from playground.runs.tasks import AutoencoderTask, as_pictures
from playground.runs.tasks.latent import latent_moments
from playground.vae.autoencoder import VAE, Autoencoder, DiagonalGaussian

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

    @property
    def vae(self) -> VAE:
        """The model, for what an autoencoder has not: raises `ConfigError` for one."""
        if not isinstance(self.model, VAE):
            raise ConfigError("An autoencoder encodes an image as one point: only a VAE has a posterior, with a spread and a KL.")
        return self.model

    @cached_property
    def codes(self) -> Tensor:
        """Of the points of the map, (n, d): `E(x)`, for a VAE the posterior means."""
        return self.posterior.mean if self.variational else self.encode(self.map_x)

    @cached_property
    def posterior(self) -> DiagonalGaussian:
        """`q(z|x)` of the points of the map. Raises `ConfigError` for an autoencoder, which has none."""
        parts = [self.vae.encode(x) for x in self.map_x.split(CHUNK)]
        return DiagonalGaussian(torch.cat([part.mean for part in parts]), torch.cat([part.log_std for part in parts]))

    @cached_property
    def code_std(self) -> Tensor:
        """How large the cloud of codes is, a scalar in units of z: the root of their variance, averaged over the dimensions. Codes are
        those of the map's images, for a VAE draws from `q(z|x)`: the variance of the means plus the mean variance."""
        if self.variational:
            variance = latent_moments(self.posterior)["aggregate_variance"]
        else:
            variance = self.codes.var(0, correction=0)
        return variance.mean().sqrt().clamp_min(1e-12)

    # --- what was asked about ----------------------------------------------------------------------------------------

    def index(self, args: Arguments, key: str = "index") -> int:
        """The argument `key` as the number of a point of the map. Raises `ConfigError` where there is none."""
        return args.at_most(key, len(self.map_x) - 1)

    def image(self, args: Arguments, key: str = "index") -> Tensor:
        """The point of the map that `key` tells, (1, C, H, W)."""
        return self.map_x[self.index(args, key)][None]

    def place(self, args: Arguments, key: str) -> Tensor:
        """The argument `key` as a point of this latent space, (d,). Raises `ConfigError` for one of another."""
        z = getattr(args, key)
        if len(z) != self.d:
            raise args.refusal(key, f"a list of {self.d} {FINITE}")
        return torch.tensor(z, dtype=torch.float32, device=self.device)

    def points(self, args: Arguments, key: str) -> Tensor:
        """The same for a list of points, (n, d)."""
        z = getattr(args, key)
        if any(len(point) != self.d for point in z):
            raise args.refusal(key, f"a list of points, each of {self.d} {FINITE}")
        return torch.tensor(z, dtype=torch.float32, device=self.device)

    # --- the model ---------------------------------------------------------------------------------------------------

    def encode(self, x: Tensor) -> Tensor:
        """(n, C, H, W) -> (n, d)."""
        return torch.cat([self.model.latent(part) for part in x.split(CHUNK)])

    def decode(self, z: Tensor) -> Tensor:
        """(n, d) -> (n, C, H, W)."""
        return torch.cat([self.model.decode(part) for part in z.split(CHUNK)])

    def picture(self, z: Tensor, generator: torch.Generator) -> Tensor:
        """What the model itself takes for images: `D(z)`, for a VAE a draw from `p(x|z)`; (n, d) -> (n, C, H, W)."""
        if not self.variational:
            return self.decode(z)
        return torch.cat([self.vae.draw(part, generator) for part in z.split(CHUNK)])

    def sent(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Codes as the decoder meets them while training: `E(x)`, for a VAE a draw from `q(z|x)`; (n, C, H, W) -> (n, d)."""
        if not self.variational:
            return self.encode(x)
        parts = [self.vae.encode(part) for part in x.split(CHUNK)]
        return torch.cat([q.sample(torch.randn(q.mean.shape, generator=generator).to(self.device)) for q in parts])

    def weight(self) -> Tensor:
        """What each dimension carries, (d,): its mean KL in nats for a VAE, the variance of the codes for an autoencoder."""
        return self.posterior.kl_per_dimension().mean(0) if self.variational else self.codes.var(0)


def tiles(x: Tensor) -> np.ndarray:
    """Images (n, C, H, W) in [0, 1] as bytes: (n, H, W), or (n, H, W, 3) in colour; rows (n, D) of a table as bars."""
    return pixels_of(as_pictures(x))


def floats(x: Tensor) -> np.ndarray:
    """As float32 on the CPU."""
    return x.detach().float().cpu().numpy()


def integers(x: Tensor) -> np.ndarray:
    """As int64 on the CPU."""
    return x.long().cpu().numpy()
