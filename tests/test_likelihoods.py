"""What a decoder says about pixels: normalised, as torch.distributions has it, and the same by pairs."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch.distributions import Bernoulli as TorchBernoulli
from torch.distributions import Normal

from playground.config import VAEConfig, field_specs
from playground.vae.likelihoods import Gaussian, LearnedGaussian, PerPixelGaussian, binarise, build_likelihood, dequantise

GAUSSIANS = {
    "gaussian": Gaussian(0.4),
    "gaussian_learned": LearnedGaussian(0.25).double(),
    "gaussian_per_pixel": PerPixelGaussian(0.2),
}
GAUSSIAN = pytest.mark.parametrize("likelihood", GAUSSIANS.values(), ids=GAUSSIANS.keys())
ALL = {**GAUSSIANS, "bernoulli": build_likelihood("bernoulli", 0.4)}
EVERY = pytest.mark.parametrize("likelihood", ALL.values(), ids=ALL.keys())


def raws(likelihood, n: int, h: int, w: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(n, likelihood.outputs, h, w, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_every_likelihood_of_the_settings_can_be_built() -> None:
    assert [type(build_likelihood(name, 0.4)) for name in field_specs(VAEConfig)["likelihood"].choices] == [
        type(v) for v in ALL.values()
    ]
    with pytest.raises(ValueError, match="no likelihood called 'laplace'"):
        build_likelihood("laplace", 0.4)


@GAUSSIAN
def test_a_gaussian_integrates_to_one(likelihood) -> None:
    """Over two pixels, for several outputs of a network: sums over a grid of images, fine enough for the narrowest."""
    raw = raws(likelihood, 5, 1, 2)
    axis = torch.linspace(-6.0, 7.0, 1301, dtype=torch.float64)
    x = torch.cartesian_prod(axis, axis).reshape(-1, 1, 1, 2)
    mass = torch.cat([likelihood.log_prob_pairs(part, raw).exp().sum(0, keepdim=True) for part in x.split(100_000)]).sum(0)
    torch.testing.assert_close(mass * (axis[1] - axis[0]) ** 2, torch.ones(5, dtype=torch.float64), rtol=1e-5, atol=0.0)


def test_bernoulli_sums_to_one() -> None:
    likelihood = ALL["bernoulli"]
    x = torch.tensor(list(itertools.product((0.0, 1.0), repeat=8)), dtype=torch.float64).reshape(-1, 1, 2, 4)
    mass = likelihood.log_prob_pairs(x, 3.0 * raws(likelihood, 5, 2, 4)).exp().sum(0)
    torch.testing.assert_close(mass, torch.ones(5, dtype=torch.float64))


def test_each_is_that_of_torch_distributions() -> None:
    x = torch.rand(5, 1, 3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    for name, likelihood in GAUSSIANS.items():
        raw = raws(likelihood, 5, 3, 4)
        std = {"gaussian": torch.tensor(0.4), "gaussian_learned": torch.tensor(0.25), "gaussian_per_pixel": 0.2 * raw[:, 1:].exp()}[
            name
        ]
        expected = Normal(raw[:, :1].sigmoid(), std).log_prob(x).flatten(1).sum(1)
        torch.testing.assert_close(likelihood.log_prob(x, raw), expected, rtol=1e-6, atol=1e-6)
    raw, white = raws(ALL["bernoulli"], 5, 3, 4), (x > 0.5).double()
    torch.testing.assert_close(ALL["bernoulli"].log_prob(white, raw), TorchBernoulli(logits=raw).log_prob(white).flatten(1).sum(1))


@EVERY
def test_pairs_are_the_same_numbers(likelihood) -> None:
    x, raw = torch.rand(4, 1, 3, 3, dtype=torch.float64).round(decimals=0), raws(likelihood, 6, 3, 3)
    pairs = likelihood.log_prob_pairs(x, raw)
    assert pairs.shape == (4, 6) and pairs.dtype == torch.float64
    for j in range(6):
        torch.testing.assert_close(pairs[:, j], likelihood.log_prob(x, raw[j : j + 1].expand(4, -1, -1, -1)), rtol=1e-9, atol=1e-9)


@EVERY
def test_draws_have_the_mean_and_the_spread_that_the_density_has(likelihood) -> None:
    raw = raws(likelihood, 1, 2, 2).expand(20_000, -1, -1, -1)
    x, again = (likelihood.draw(raw, torch.Generator().manual_seed(seed)) for seed in (1, 1))
    mean = likelihood.mean(raw[:1])[0]
    variance = mean * (1.0 - mean) if likelihood is ALL["bernoulli"] else (2.0 * likelihood.parameters_of(raw[:1])[1]).exp()
    assert torch.equal(x, again) and x.shape == (20_000, 1, 2, 2)
    torch.testing.assert_close(x.mean(0), mean, rtol=0.0, atol=5.0 * (float(variance.detach().max()) / len(x)) ** 0.5)
    torch.testing.assert_close(x.var(0), variance.broadcast_to(1, 1, 2, 2)[0], rtol=0.06, atol=1e-3)
    assert likelihood is not ALL["bernoulli"] or set(x.unique().tolist()) == {0.0, 1.0}, "draws of Bernoulli are black and white"


def test_squared_error_is_a_gaussian_in_disguise() -> None:
    """Differences of -log p are those of the squared error over 2 σ², and a mean over pixels means σ² = pixels / 2."""
    x, a, b = torch.rand(3, 4, 1, 5, 5, dtype=torch.float64).unbind()
    raw = [torch.logit(m.clamp(0.01, 0.99)) for m in (a, b)]
    squares = [(x - r.sigmoid()).square().flatten(1).sum(1) for r in raw]
    for std, weight in ((0.4, 1.0 / 0.32), (math.sqrt(0.5), 1.0), (math.sqrt(25 / 2), 1.0 / 25)):
        log_p = [Gaussian(std).log_prob(x, r) for r in raw]
        torch.testing.assert_close(log_p[1] - log_p[0], weight * (squares[0] - squares[1]), rtol=1e-6, atol=1e-6)


def test_what_is_learned_gets_a_gradient_and_stays_within_bounds() -> None:
    scalar = LearnedGaussian(0.2)
    assert [name for name, _ in scalar.named_parameters()] == ["log_std"] and not list(Gaussian(0.2).parameters())
    x = torch.rand(8, 1, 4, 4)
    scalar.log_prob(x, torch.zeros(8, 1, 4, 4)).sum().backward()
    assert float(scalar.log_std.grad) != 0.0
    wild = PerPixelGaussian(0.2).log_prob(x, torch.full((8, 2, 4, 4), -100.0))
    assert wild.isfinite().all()


def test_the_spread_is_the_root_of_the_mean_variance() -> None:
    raw = torch.zeros(1, 2, 1, 2)
    raw[0, 1, 0] = torch.tensor([0.0, math.log(3.0)])
    assert float(PerPixelGaussian(0.1).spread(raw)) == pytest.approx(math.sqrt((0.01 + 0.09) / 2))
    assert float(LearnedGaussian(0.3).spread(raw).detach()) == pytest.approx(0.3)
    assert [likelihood.learns_spread for likelihood in ALL.values()] == [False, True, True, False]


def test_levels_are_spread_over_their_own_cells() -> None:
    levels = torch.arange(256, dtype=torch.uint8).repeat(100, 1)
    x = dequantise(levels, torch.rand(levels.shape, generator=torch.Generator().manual_seed(0)))
    assert (
        torch.equal((x * 255.0 + 0.5).floor(), levels.float()) and 255.0 * float(x.min()) >= -0.5 and 255.0 * float(x.max()) < 255.5
    )
    assert float((x * 255.0 - levels).mean()) == pytest.approx(0.0, abs=0.01)


def test_black_and_white_keep_the_grey_level_on_average() -> None:
    levels = torch.tensor([0, 51, 128, 255], dtype=torch.uint8).repeat(20_000, 1)
    white = binarise(levels, torch.rand(levels.shape, generator=torch.Generator().manual_seed(0)))
    assert set(white.unique().tolist()) == {0.0, 1.0}
    assert white[:, 0].sum() == 0.0 and white[:, 3].mean() == 1.0
    torch.testing.assert_close(white.mean(0)[1:3], torch.tensor([51 / 255, 128 / 255]), rtol=0.0, atol=5 * 0.5 / 20_000**0.5)
