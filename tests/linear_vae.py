"""The one VAE whose evidence, posterior and bound are known in closed form: probabilistic PCA (Tipping & Bishop 1999).

z ~ N(0, I),  x = W z + b + σ ε     p(x) = N(b, W Wᵀ + σ² I)     p(z|x) = N(M⁻¹ Wᵀ (x - b), σ² M⁻¹),  M = Wᵀ W + σ² I
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.distributions import MultivariateNormal

from playground.vae.autoencoder import VAE, DiagonalGaussian
from playground.vae.likelihoods import Gaussian


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


class LinearVAE(VAE):
    """With decoder `W z + b`, and an encoder that is linear, too: mean `A x + a`, log std `c` whatever x is."""

    def __init__(self, weight: Tensor, bias: Tensor, std: float) -> None:
        n_x, d = weight.shape
        encoder, decoder = (nn.Linear(*sizes, dtype=torch.float64) for sizes in ((n_x, 2 * d), (d, n_x)))
        super().__init__(encoder, decoder, d, Gaussian(std, nn.Identity()))
        with torch.no_grad():
            self.decoder.weight.copy_(weight)
            self.decoder.bias.copy_(bias)
        self.weight, self.bias, self.std = weight, bias, std
        self.encode_as(*self.mean_field())
        self.requires_grad_(False)

    @property
    def precision(self) -> Tensor:
        """Of the posterior, (d, d)."""
        return torch.eye(self.latent_dim, dtype=torch.float64) + self.weight.T @ self.weight / self.std**2

    def posterior(self, x: Tensor) -> MultivariateNormal:
        covariance = torch.linalg.inv(self.precision)
        return MultivariateNormal((x - self.bias) @ self.weight @ covariance / self.std**2, covariance)

    def log_p(self, x: Tensor) -> Tensor:
        covariance = self.weight @ self.weight.T + self.std**2 * torch.eye(len(self.weight), dtype=torch.float64)
        return MultivariateNormal(self.bias, covariance).log_prob(x)

    def elbo(self, x: Tensor, q: DiagonalGaussian) -> Tensor:
        """`E_q log p(x|z) - KL(q || N(0, I))` in closed form, (n,)."""
        residual = (x - self.bias - q.mean @ self.weight.T).square().sum(1) + q.std.square() @ self.weight.square().sum(0)
        n_x = len(self.weight)
        kl = 0.5 * (q.mean.square() + q.std.square() - 1.0).sum(1) - q.log_std.sum(1)
        return -0.5 * residual / self.std**2 - n_x * (math.log(self.std) + 0.5 * math.log(2 * math.pi)) - kl

    def mean_field(self) -> tuple[Tensor, Tensor, Tensor]:
        """A, a, c of the best diagonal Gaussian: the posterior's mean, and the variances of one coordinate given the others,
        `1 / Λ_jj` (Bishop 2006, §10.1.2)."""
        A = torch.linalg.inv(self.precision) @ self.weight.T / self.std**2
        return A, -A @ self.bias, -0.5 * self.precision.diagonal().log()

    def encode_as(self, A: Tensor, a: Tensor, log_std: Tensor) -> None:
        """Takes this encoder."""
        with torch.no_grad():
            self.encoder.weight.copy_(torch.cat([A, torch.zeros_like(A)]))
            self.encoder.bias.copy_(torch.cat([a, log_std]))

    def approximation_gap(self) -> float:
        """`KL(mean field || posterior) = ½ (Σ log Λ_jj - log det Λ)`, the same for every x."""
        return float(0.5 * (self.precision.diagonal().log().sum() - torch.logdet(self.precision)))


def linear_vae(d: int = 2, n_x: int = 6, std: float = 0.7, seed: int = 0) -> LinearVAE:
    """With correlated coordinates, and the best diagonal Gaussian for its encoder."""
    return LinearVAE(randn(n_x, d, seed=seed), 0.3 * randn(n_x, seed=seed + 1), std)


def draw(model: LinearVAE, n: int, seed: int = 5) -> Tensor:
    """Examples from the model's own p(x), (n, n_x)."""
    noise = model.std * randn(n, len(model.weight), seed=seed + 1)
    return randn(n, model.latent_dim, seed=seed) @ model.weight.T + model.bias + noise
