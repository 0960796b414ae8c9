"""Diffusion in the latent space of a trained autoencoder: a denoiser of its latents, with what leads to them and back.

    x --E--> h --(h - mean) / std--> z_0 ~ diffusion ~> z --mean + std z--> h --D--> x_hat

The noise of a diffusion has variance 1 in every direction, so the latents `h` are standardised to `z` first, each dimension
by its own mean and standard deviation (Rombach et al. 2022, appendix G, do so with one number for all dimensions).

A VAE has no single `h` for an `x`: it is drawn from `q(h|x)`, afresh for every batch. That is what its decoder was trained
on, and what its prior was held against; the means alone would have no spread at all in a dimension that the VAE does not use.
"""

from __future__ import annotations

import torch
from torch import Tensor

from playground.config import LatentDiffusionConfig
from playground.diffusion.denoiser import Denoiser, build_denoiser
from playground.vae.autoencoder import VAE, Autoencoder, build_autoencoder

LEAST = 1e-6
"""Least standard deviation of a dimension, as a share of the largest: one that never changes stays at 0 instead of dividing
by 0."""
CHUNK = 1024


class LatentDenoiser(Denoiser):
    """`(z_t, t) -> Prediction(z_0, eps)` for standardised latents `z`: (n, d). `autoencoder` is frozen; `mean`, `std`: (d,);
    `bound`: scalar, the largest |z| met in the training data. All are part of the weights, so a checkpoint needs nothing
    else."""

    autoencoder: Autoencoder | VAE
    mean: Tensor
    std: Tensor
    bound: Tensor

    def __init__(self, denoiser: Denoiser, autoencoder: Autoencoder | VAE) -> None:
        super().__init__(denoiser.network, denoiser.schedule, denoiser.parametrization, denoiser.n_labels, denoiser.linear)
        self.autoencoder, self.latent_dim = autoencoder.requires_grad_(False), autoencoder.latent_dim
        self.register_buffer("mean", torch.zeros(self.latent_dim))
        self.register_buffer("std", torch.ones(self.latent_dim))
        self.register_buffer("bound", torch.tensor(1.0))

    def standardise_to(self, mean: Tensor, std: Tensor) -> None:
        """Takes the mean and the standard deviation of all latents, (n, d), from those of `q(h|x)` of each example:
        `E h = E mean(x)`, `Var h = Var mean(x) + E std(x)²`."""
        self.mean.copy_(mean.mean(0))
        spread = (mean.var(0, correction=0) + std.square().mean(0)).sqrt()
        self.std.copy_(spread.clamp_min(LEAST * float(spread.max()) + 1e-12))

    def standardise(self, h: Tensor) -> Tensor:
        """`z = (h - mean) / std`, (n, d)."""
        return (h - self.mean) / self.std

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of `z` given images `x` (n, C, H, W) in [0, 1]; (n, d) each. 0 is the latter for an
        AE."""
        means, stds = zip(*(_posterior(self.autoencoder, part) for part in x.split(CHUNK)))
        return self.standardise(torch.cat(means)), torch.cat(stds) / self.std

    def latents(self, z: Tensor) -> Tensor:
        """`h = mean + std z`, (n, d): what `standardise` came from."""
        return self.mean + self.std * z

    def decode(self, z: Tensor) -> Tensor:
        """`D(mean + std z)`: images in [0, 1] from standardised latents (n, d)."""
        return torch.cat([self.autoencoder.decode(self.latents(part)) for part in z.split(CHUNK)])


def _posterior(autoencoder: Autoencoder | VAE, x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of `h` given `x`, (n, d)."""
    if isinstance(autoencoder, VAE):
        q = autoencoder.encode(x)
        return q.mean, q.std
    h = autoencoder.encode(x)
    return h, torch.zeros_like(h)


def build_latent_denoiser(config: LatentDiffusionConfig, shape: tuple[int, ...]) -> LatentDenoiser:
    """The model that `config` describes, for images of `shape` (C, H, W), not yet standardised to any latents."""
    return LatentDenoiser(build_denoiser(config, (config.autoencoder.latent_dim,)), build_autoencoder(config.autoencoder, shape))
