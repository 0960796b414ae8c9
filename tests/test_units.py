"""Nats and bits: against models whose code length is plain, and the same density by the way of a VAE and by that of diffusion."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from playground.config import VAEConfig, field_specs
from playground.data import load_dataset
from playground.diffusion.denoiser import Prediction
from playground.diffusion.noise import SCHEDULES
from playground.diffusion.oracle import MixtureDenoiser
from playground.features.likelihood.run import measure, summarise
from playground.features.likelihood.settings import LikelihoodConfig
from playground.measures.units import LEVEL_WIDTH, bits_per_dimension, least_bits, unit_density, unmodelled
from playground.vae.likelihoods import build_likelihood, dequantise

DIMENSIONS = 16


@pytest.mark.parametrize("likelihood", field_specs(VAEConfig)["likelihood"].choices)
def test_an_example_that_nobody_models_needs_all_its_bits(likelihood: str) -> None:
    """Even odds for black and white, and a density of one level's width everywhere."""
    nats = DIMENSIONS * (math.log(2.0) if likelihood == "bernoulli" else math.log(256.0 * LEVEL_WIDTH))
    assert bits_per_dimension(nats, DIMENSIONS, likelihood) == pytest.approx(unmodelled(likelihood), abs=1e-12)


def test_cells_of_a_narrow_gaussian_add_up_to_its_entropy() -> None:
    """The bits of a Gaussian rounded to levels are its differential entropy and the number of cells: 784 such pixels."""
    std = 0.1
    edges = np.arange(-3.0, 3.0, LEVEL_WIDTH)
    mass = np.exp(-0.5 * (edges / std) ** 2)
    mass /= mass.sum()
    entropy = -(mass * np.log2(np.maximum(mass, 1e-300))).sum()
    nats = 784 * (math.log(std) + 0.5 * math.log(2.0 * math.pi * math.e))
    assert bits_per_dimension(nats, 784) == pytest.approx(entropy, abs=1e-4)
    assert bits_per_dimension(np.array([nats, 0.0]), 784).shape == (2,)


def test_a_fixed_spread_pays_even_where_its_mean_is_right() -> None:
    x = torch.full((1, 1, 4, 4), 0.3)
    log_p = float(build_likelihood("gaussian", 0.4).log_prob(x, torch.logit(x)))
    assert least_bits(0.4) == pytest.approx(bits_per_dimension(-log_p, DIMENSIONS), abs=1e-5) == pytest.approx(7.998, abs=1e-3)


def test_a_change_of_variables_moves_a_density_by_its_jacobian() -> None:
    normal = torch.distributions.Normal
    here = float(normal(0.5, 0.1).log_prob(torch.tensor(0.6)))  # of x from 0 to 1
    assert unit_density(float(normal(0.0, 0.2).log_prob(torch.tensor(0.2))), 1, 2.0 / 255.0) == pytest.approx(
        here, abs=1e-5
    )  # -1 to 1
    assert unit_density(float(normal(127.5, 25.5).log_prob(torch.tensor(153.0))), 1, 1.0) == pytest.approx(
        here, abs=1e-5
    )  # 0 to 255


@pytest.mark.parametrize("likelihood", ["gaussian", "gaussian_learned"])
def test_the_same_density_reads_the_same_on_both_tabs(likelihood: str) -> None:
    """One Gaussian of pixels: as the decoder of a VAE, and as the exact denoiser of a diffusion, by its ODE and its bound."""
    generator, mean, std = torch.Generator().manual_seed(0), 0.5, 0.2  # 0.2: where a learned spread begins
    shape = (1, 4, 4)
    levels = (255.0 * (mean + std * torch.randn(64, *shape, generator=generator)).clamp(0.0, 1.0)).round()
    x = levels / 255.0 if likelihood == "gaussian" else dequantise(levels, torch.rand(levels.shape, generator=generator))
    as_vae = build_likelihood(likelihood, std).log_prob(x, torch.full((64, *shape), math.log(mean / (1.0 - mean)))).detach().numpy()

    exact = MixtureDenoiser(torch.full((1, DIMENSIONS), 2.0 * mean - 1.0), 2.0 * std, torch.ones(1), SCHEDULES["cosine"])
    model = Shaped(exact)
    task = SimpleNamespace(dataset=SimpleNamespace(is_image=True, shape=shape, name="grey", density=None))
    *_, found = measure(model, task, levels / 127.5 - 1.0, LikelihoodConfig(probes=2, bound_draws=200), generator)
    rows = {name: values for name, values in found.items()}
    assert rows["log_p"].mean() == pytest.approx(as_vae.mean(), abs=0.3), "the conventions differ by 16 log 127.5 = 78 nats"
    np.testing.assert_allclose(rows["log_p"], as_vae, atol=1.0)
    assert rows["bound"].mean() == pytest.approx(as_vae.mean(), abs=0.5)
    bits = {row["name"]: row["bits"] for row in json.loads(summarise(rows, DIMENSIONS, True).tobytes())}
    assert bits["ode"] == pytest.approx(bits_per_dimension(-as_vae.mean(), DIMENSIONS, likelihood), abs=0.03)


class Shaped:
    """The exact denoiser of vectors as one of images."""

    def __init__(self, exact: MixtureDenoiser) -> None:
        self.exact, self.schedule = exact, exact.schedule

    def __call__(self, x, t):
        found = self.exact(x.flatten(1), t)
        return Prediction(found.x_0.reshape(x.shape), found.eps.reshape(x.shape))


def test_pixels_of_every_likelihood_are_one_level_apart() -> None:
    levels = torch.from_numpy(load_dataset("digits").test.x[:5].copy()).float()
    middle = dequantise(levels, torch.full_like(levels, 0.5))
    assert torch.allclose(middle, levels * LEVEL_WIDTH, atol=1e-6), "spread out around the level that a fixed Gaussian sees"
