"""Questions that treat the latent space as if it were generative: where are its holes, and what do samples look like."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from playground.config import ConfigError
from playground.measures.energy import distances_to_data
from playground.measures.features import gallery_of
from playground.questions.answers import Arrays, training_examples
from playground.questions.arguments import FINITE, Generate, Holes
from playground.questions.space import Space, floats, tiles

FITTED_TO = 2000
"""Training examples whose codes a distribution is fitted to."""
LOOKED_AT = 500
"""Samples in a Fréchet distance, at most."""
COMPONENTS = 10
"""Of a fitted mixture."""
TYPICAL_DRAWS = 2000
"""Points behind the mean of what holes are measured by."""
FLOOR = 1e-6
"""Least variance of a component in any direction, where that of all codes is 1."""
DrawCodes = Callable[[int, torch.Generator], Tensor]


def holes(space: Space, args: Holes) -> Arrays:
    """How far a decoded point, encoded again, lands from where it started, in standard deviations of the codes, which makes one
    unit of all latent spaces: `field` (n, n), `|E(D(z)) - z| / code_std`. `code_std`: see `Space.code_std`. `typical` is the mean
    of the same over 2,000 draws of a Gaussian with the moments of the codes, with its standard error `typical_se`.

    At `z = p` for two dimensions, else at `z = origin + axes p`, on n x n points p from `lo` to `hi`, both ends among them.
    Row = second coordinate, ascending. For a VAE, E is the posterior's mean."""
    lo, hi = (torch.tensor(corner, device=space.device) for corner in (args.lo, args.hi))
    n = args.n
    if not bool((lo < hi).all()):
        raise ConfigError("The lower corner lo must lie below the upper corner hi in both coordinates.")
    x, y = (torch.linspace(float(lo[axis]), float(hi[axis]), n, device=space.device) for axis in (0, 1))
    z = torch.stack([x.repeat(n), y.repeat_interleave(n)], dim=1)
    if args.axes is not None:
        if len(args.axes) != space.d:
            raise args.refusal("axes", f"a list of {space.d} points of 2 {FINITE}")
        if args.origin is None:
            raise args.missing("origin")
        z = space.place(args, "origin") + z @ torch.tensor(args.axes, device=space.device).T
    elif space.d != 2:
        raise ConfigError(f"This latent space has {space.d} dimensions: a plane in it needs an origin and two axes.")
    if not bool(space.codes.isfinite().all()):
        raise ConfigError("Some codes are not finite numbers, so they have no size that holes could be measured by.")
    usual = mixture(space.codes.cpu(), 1, 0)(TYPICAL_DRAWS, torch.Generator().manual_seed(0)).to(space.device)
    field, typical = missed(space, z), missed(space, usual)
    return {
        "field": floats(field.reshape(n, n)),
        "typical": floats(typical.mean()),
        "typical_se": floats(typical.std() / len(usual) ** 0.5),
        "code_std": floats(space.code_std),
    }


def missed(space: Space, z: Tensor) -> Tensor:
    """`|E(D(z)) - z| / code_std` of points (n, d), (n,). For a VAE, E is the posterior's mean."""
    return (space.encode(space.decode(z)) - z).norm(dim=1) / space.code_std


def generate(space: Space, args: Generate) -> Arrays:
    """Samples by decoding codes drawn from a `box` around the codes of training images, from a `gaussian` or a `mixture`
    fitted to them, or (VAE) from the `prior`: `images` (n, H, W) with their `z` (n, d), beside `real` held-out images (n, H, W).

    `distance` is their energy distance to held-out images (`metrics.py`, in units of pixel values), `floor` that of training
    images, `reconstructed` that of reconstructed training images: what the decoder makes of codes that it knows. Each is a
    mean of five measurements on sets of up to 300 images, and `..._std` the standard deviation of a single one.

    `frechet` with its spread, `precision` and `recall` are those of `looked_at` decoded means in the features of a classifier, `floor_frechet`
    and so on those of as many held-out images; of rows of a table there are none.

    A decoder's image is the mean E[x|z]. A VAE's `images` are that or draws from p(x|z), as `pixels` says, mean or draw; `distance`
    and `reconstructed` are of draws, which is what the model says of images, and `distance_of_means` with its spread of means."""
    n, seed, task = args.n, args.seed, space.task
    draw = fit(space, args.how, seed)
    generator = torch.Generator().manual_seed(seed)
    z = draw(n, generator).to(space.device)
    shown = torch.randperm(len(task.test_x), generator=generator)[:n].to(space.device)

    drawn = args.pixels == "draw"
    if drawn and not space.variational:
        raise ConfigError("An autoencoder has no p(x|z) to draw pixels from: its decoder gives one image for a code.")
    draws = {
        "distance": lambda count, generator: space.picture(draw(count, generator).to(space.device), generator),
        "floor": task.some_train,
        "reconstructed": lambda count, generator: space.picture(
            space.sent(task.some_train(count, generator), generator), generator
        ),
    }
    if space.variational:
        draws["distance_of_means"] = lambda count, generator: space.decode(draw(count, generator).to(space.device))
    readings = distances_to_data(draws, task.scale(task.test_x), seed)
    numbers = {name: np.float32(reading.mean) for name, reading in readings.items()}
    numbers |= {f"{name}_std": np.float32(reading.std) for name, reading in readings.items()}
    numbers |= seen(space, draw, seed) if task.dataset.is_image else {}
    shown_images = space.picture(z, generator) if drawn else space.decode(z)
    images = {"images": tiles(shown_images), "real": tiles(task.scale(task.test_x[shown])), "z": floats(z)}
    return images | {name: np.asarray(value) for name, value in numbers.items()}


def seen(space: Space, draw: DrawCodes, seed: int) -> Arrays:
    """What a classifier sees in the decoded means of codes drawn by `draw`, and in as many held-out images."""
    gallery = gallery_of(space.task.dataset.name, str(space.device))
    n = gallery.size(LOOKED_AT)
    found = gallery.measure(space.decode(draw(n, torch.Generator().manual_seed(seed + 2)).to(space.device)))
    found |= {f"floor_{name}": value for name, value in gallery.floor(n).items()}
    return {name: np.asarray(value, np.float32) for name, value in found.items()} | {"looked_at": np.asarray(n, np.int32)}


def fit(space: Space, how: str, seed: int) -> DrawCodes:
    """A way to draw codes, (n, d) on the CPU. Raises `ConfigError` where the model has no such distribution."""
    if how == "prior":
        if not space.variational:
            raise ConfigError("An autoencoder has no prior to draw from: choose a box, a Gaussian or a mixture.")
        return lambda n, generator: torch.randn(n, space.d, generator=generator)
    codes = training_codes(space)
    if not bool(codes.isfinite().all()):
        raise ConfigError("Some codes are not finite numbers, so no distribution can be fitted to them.")
    if how == "box":
        return box(codes)
    return mixture(codes, 1 if how == "gaussian" else COMPONENTS, seed)


def box(codes: Tensor) -> DrawCodes:
    """Draws from anywhere in the smallest box around `codes` (N, d)."""
    low, high = codes.aminmax(dim=0)
    return lambda n, generator: low + (high - low) * torch.rand(n, codes.shape[1], generator=generator)


def training_codes(space: Space) -> Tensor:
    """Codes of training images, on the CPU: `E(x)`; for a VAE draws from `q(z|x)`, so that they follow the aggregate posterior."""
    x = space.task.scale(space.task.train_x[training_examples(space, FITTED_TO)])
    if not space.variational:
        return space.encode(x).cpu()
    generator = torch.Generator().manual_seed(0)
    parts = [space.vae.encode(part) for part in x.split(1024)]
    return torch.cat([p.sample(torch.randn(p.mean.shape, generator=generator).to(space.device)) for p in parts]).cpu()


def mixture(codes: Tensor, components: int, seed: int) -> DrawCodes:
    """Draws from a mixture of Gaussians with full covariances fitted to `codes` (N, d): one Gaussian by its moments, more by EM."""
    mean, std = codes.mean(0), codes.std(0).clamp_min(1e-12)
    weights, means, covariances = expectation_maximisation(((codes - mean) / std).double(), components, seed)
    values, vectors = torch.linalg.eigh(covariances)
    roots = vectors * values.clamp_min(0.0).sqrt()[:, None, :]

    def draw(n: int, generator: torch.Generator) -> Tensor:
        which = torch.multinomial(weights, n, replacement=True, generator=generator)
        eps = torch.randn(n, codes.shape[1], generator=generator, dtype=torch.float64)
        z = means[which] + torch.einsum("nij,nj->ni", roots[which], eps)
        return mean + std * z.float()

    return draw


def expectation_maximisation(z: Tensor, components: int, seed: int, rounds: int = 60) -> tuple[Tensor, Tensor, Tensor]:
    """Weights (k,), means (k, d) and covariances (k, d, d) of a mixture of k Gaussians fitted to `z` (N, d), standardised, float64
    (Dempster, Laird & Rubin 1977; `FLOOR` keeps a component from shrinking to a point). Begins with means far apart (k-means++).

    Our own, because scikit-learn took a worker longer to import (seconds) than this takes to run (0.1 s)."""
    generator, (n, d) = torch.Generator().manual_seed(seed), z.shape
    means = z[torch.randint(n, (1,), generator=generator)]
    while len(means) < components:
        gap = torch.cdist(z, means).min(1).values.square() + 1e-12
        means = torch.cat([means, z[torch.multinomial(gap, 1, generator=generator)]])
    share = torch.nn.functional.one_hot(torch.cdist(z, means).argmin(1), components).double()
    ridge = FLOOR * torch.eye(d, dtype=z.dtype)
    for _ in range(rounds if components > 1 else 1):
        size = share.sum(0) + 1e-9
        weights, means = size / size.sum(), share.T @ z / size[:, None]
        away = z - means[:, None]  # (k, n, d)
        covariances = (share.T[:, :, None] * away).mT @ away / size[:, None, None] + ridge
        roots = torch.linalg.cholesky(covariances)
        white = torch.linalg.solve_triangular(roots, away.mT, upper=False)
        log_density = -0.5 * white.square().sum(1) - roots.diagonal(dim1=1, dim2=2).log().sum(1)[:, None] + weights.log()[:, None]
        share = log_density.softmax(0).T
    return weights, means, covariances
