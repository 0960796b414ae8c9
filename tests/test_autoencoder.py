"""The autoencoder, the VAE, and the Gaussian between its halves, against torch.distributions."""

from __future__ import annotations

import pytest
import torch
from torch.distributions import Independent, Normal, kl_divergence

from playground.config import AutoencoderConfig, VAEConfig
from playground.vae.autoencoder import VAE, Autoencoder, DiagonalGaussian, build_autoencoder


def gaussian(n: int = 50, d: int = 3) -> DiagonalGaussian:
    generator = torch.Generator().manual_seed(0)
    mean, log_std = torch.randn(2, n, d, generator=generator, dtype=torch.float64)
    return DiagonalGaussian(2.0 * mean, log_std)


def test_kl_is_that_of_torch_distributions() -> None:
    q = gaussian()
    prior = Normal(torch.zeros_like(q.mean), 1.0)
    torch.testing.assert_close(q.kl_per_dimension(), kl_divergence(Normal(q.mean, q.std), prior))
    torch.testing.assert_close(q.kl(), kl_divergence(Independent(Normal(q.mean, q.std), 1), Independent(prior, 1)))


def test_kl_is_zero_only_at_the_prior() -> None:
    zero = torch.zeros(1, 4)
    assert float(DiagonalGaussian(zero, zero).kl()) == 0.0
    assert (gaussian().kl() > 0).all()


def test_reparametrised_draws_have_the_moments_and_the_gradient() -> None:
    mean = torch.tensor([[1.0, -2.0]], dtype=torch.float64, requires_grad=True)
    log_std = torch.tensor([[-1.0, 0.5]], dtype=torch.float64, requires_grad=True)
    q = DiagonalGaussian(mean, log_std)
    eps = torch.randn(40_000, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    z = q.sample(eps)
    assert ((z.mean(0) - mean[0]).abs() < 5 * q.std[0] / 200).all()
    assert ((z.std(0) / q.std[0] - 1.0).abs() < 0.02).all()
    z.square().mean(0).sum().backward()  # E z² = mean² + std², so d/dmean = 2 mean and d/dlog_std = 2 std²
    torch.testing.assert_close(mean.grad, 2 * mean.detach(), rtol=0.03, atol=0.0)
    torch.testing.assert_close(log_std.grad, 2 * q.std.detach() ** 2, rtol=0.03, atol=0.0)


@pytest.mark.parametrize("network", ["mlp", "conv"])
def test_an_autoencoder_has_points_and_a_vae_has_distributions(network: str) -> None:
    x = torch.rand(6, 1, 8, 8)
    ae = build_autoencoder(AutoencoderConfig(network=network, width=16, depth=1, latent_dim=3), (1, 8, 8))
    vae = build_autoencoder(VAEConfig(network=network, width=16, depth=1, latent_dim=3), (1, 8, 8))
    assert isinstance(ae, Autoencoder) and isinstance(vae, VAE)
    assert ae.encode(x).shape == ae.latent(x).shape == vae.latent(x).shape == (6, 3)
    posterior = vae.encode(x)
    assert posterior.mean.shape == posterior.std.shape == (6, 3) and torch.equal(vae.latent(x), posterior.mean)
    for model in (ae, vae):
        decoded = model.decode(model.latent(x))
        assert decoded.shape == x.shape and decoded.min() > 0.0 and decoded.max() < 1.0


def test_a_wild_encoder_does_not_overflow() -> None:
    vae = build_autoencoder(VAEConfig(width=16, depth=1), (1, 8, 8))
    with torch.no_grad():
        for parameter in vae.encoder.parameters():
            parameter.mul_(1e4)
    q = vae.encode(torch.rand(4, 1, 8, 8))
    assert q.kl().isfinite().all() and (q.std > 0).all()
