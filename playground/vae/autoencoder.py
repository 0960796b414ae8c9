"""The autoencoder and the variational autoencoder.

AE   z = E(x),         x_hat = D(z)
VAE  q(z|x) = N(mean(x), diag std(x)²),   p(z) = N(0, I),   p(x|z) as in `likelihoods.py`, with mean D(z)
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from playground.config import LatentConfig, VAEConfig
from playground.vae.likelihoods import Likelihood, build_likelihood
from playground.vae.networks import Centre, conv_decoder, conv_encoder, mlp_decoder, mlp_encoder

ENCODERS = {"mlp": mlp_encoder, "conv": conv_encoder}
DECODERS = {"mlp": mlp_decoder, "conv": conv_decoder}
LEAST_PIXEL = 1e-3
"""What a pixel that is always 0 begins at: the logit of 0 is infinite."""


@dataclass(frozen=True)
class DiagonalGaussian:
    """`N(mean, diag std²)` over the last axis; `mean`, `log_std`: (n, d)."""

    mean: Tensor
    log_std: Tensor

    @property
    def std(self) -> Tensor:
        return self.log_std.exp()

    def sample(self, eps: Tensor) -> Tensor:
        """The reparametrised draw `z = mean + std * eps`, with `eps ~ N(0, I)` given (Kingma & Welling 2014, §2.4)."""
        return torch.addcmul(self.mean, self.std, eps)

    def kl_per_dimension(self) -> Tensor:
        """`KL(N(mean, std²) || N(0, 1)) = ½ (mean² + std² - 1) - log std`, in nats, (n, d) (ibid., appendix B)."""
        return 0.5 * (self.mean.square() + (2.0 * self.log_std).exp() - 1.0) - self.log_std

    def kl(self) -> Tensor:
        """KL to the prior `N(0, I)`, in nats per example, (n,)."""
        return self.kl_per_dimension().sum(-1)


class Autoencoder(nn.Module):
    """`x_hat = D(E(x))`; `x`: images (n, C, H, W) in [0, 1], or standardised rows (n, D); `z`: (n, latent_dim)."""

    def __init__(self, encoder: nn.Module, decoder: nn.Module, latent_dim: int, image: bool = True) -> None:
        super().__init__()
        self.encoder, self.decoder, self.latent_dim, self.image = encoder, decoder, latent_dim, image

    def encode(self, x: Tensor) -> Tensor:
        """`z = E(x)`."""
        return self.encoder(x)

    def decode(self, z: Tensor) -> Tensor:
        """`x_hat = D(z)`, pixels in (0, 1), or standardised columns."""
        return self.decoder(z).sigmoid() if self.image else self.decoder(z)

    def latent(self, x: Tensor) -> Tensor:
        """The one point that stands for `x` on a map."""
        return self.encode(x)


class VAE(nn.Module):
    """An encoder of two numbers per dimension, mean and log standard deviation, and a decoder whose outputs are the parameters
    of `p(x|z)`: `likelihood` says which."""

    def __init__(self, encoder: nn.Module, decoder: nn.Module, latent_dim: int, likelihood: Likelihood) -> None:
        super().__init__()
        self.encoder, self.decoder, self.likelihood = encoder, decoder, likelihood
        self.latent_dim = latent_dim

    def encode(self, x: Tensor) -> DiagonalGaussian:
        """`q(z|x)`. The log standard deviation is kept within ±10 so that neither end overflows."""
        mean, log_std = self.encoder(x).chunk(2, dim=1)
        return DiagonalGaussian(mean, log_std.clamp(-10.0, 10.0))

    def decode(self, z: Tensor) -> Tensor:
        """The mean of `p(x|z)`, pixels in (0, 1)."""
        return self.likelihood.mean(self.decoder(z))

    def draw(self, z: Tensor, generator: torch.Generator) -> Tensor:
        """`x ~ p(x|z)`, as `Likelihood.draw` has it: with `z ~ N(0, I)` what the model itself calls an image."""
        return self.likelihood.draw(self.decoder(z), generator)

    def latent(self, x: Tensor) -> Tensor:
        """The posterior mean: the one point that stands for `x` on a map."""
        return self.encode(x).mean


def build_autoencoder(config: LatentConfig, shape: tuple[int, ...]) -> Autoencoder | VAE:
    """The model that `config` describes for images of `shape` (C, H, W), or for rows (D,)."""
    d, variational, image = config.latent_dim, isinstance(config, VAEConfig), len(shape) == 3
    likelihood = build_likelihood(config.likelihood, config.observation_std, image) if isinstance(config, VAEConfig) else None
    encoder = ENCODERS[config.network](shape, config.width, config.depth, 2 * d if variational else d)
    outputs = (shape[0] * likelihood.outputs, *shape[1:]) if likelihood else shape
    decoder = DECODERS[config.network](outputs, config.width, config.depth, d)
    return VAE(encoder, decoder, d, likelihood) if likelihood else Autoencoder(encoder, decoder, d, image)


@torch.no_grad()
def begin_at(model: Autoencoder | VAE, mean: Tensor) -> None:
    """Before any step: the encoder sees images (C, H, W) around their `mean`, and the decoder makes the mean image of everything: the
    bias of its last layer is `logit(mean)`, of a convolution that of each channel. A line of pixels that never change costs no steps. Of rows
    (D,) it is the mean itself."""
    next(layer for layer in model.encoder.modules() if isinstance(layer, Centre)).mean.copy_(mean)
    last = next(
        layer for layer in reversed([*model.decoder.modules()]) if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d)
    )
    assert last.bias is not None
    if mean.ndim == 1:
        last.bias[: len(mean)] = mean
        return
    pixels = mean if isinstance(last, nn.Linear) else mean.mean((1, 2))
    logit = pixels.clamp(LEAST_PIXEL, 1.0 - LEAST_PIXEL).logit().flatten()
    last.bias[: len(logit)] = logit
