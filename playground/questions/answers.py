"""One function a question about points and images: decode, point, values, posterior, neighbours, interpolate, grid, …

Each takes a `Space` and its checked arguments, and returns arrays: images as uint8 (n, H, W), numbers as float32, indices as
int64. The generative questions are in `generative.py`.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from playground.config import ConfigError
from playground.questions.arguments import Decode, EncodeTrain, Grid, Interpolate, Neighbours, Nothing, OfOne, Traversals, Values
from playground.questions.space import Space, floats, integers, tiles

Arrays = dict[str, np.ndarray]
MOST_ROWS = 10
"""Dimensions that a traversal shows, at most: those that carry most."""


def decode(space: Space, args: Decode) -> Arrays:
    """`D(z)` of up to 64 points: `images` (m, H, W)."""
    return {"images": tiles(space.decode(space.points(args, "z")))}


def point(space: Space, args: OfOne) -> Arrays:
    """One point of the map: `original` and `reconstruction` (H, W), `mse` (their squared error per pixel), `latent` (d,);
    for a VAE also `kl` (nats) and the posterior's `std` (d,). Of a row of a table also its `values` and those `made` of it (D,), in its
    units. The reconstruction is that of the posterior's mean."""
    x = space.image(args)
    z = space.encode(x)
    x_hat = space.decode(z)
    found = {
        "original": tiles(x)[0],
        "reconstruction": tiles(x_hat)[0],
        "mse": floats((x_hat - x).square().mean()),
        "latent": floats(z[0]),
    }
    if columns := space.task.dataset.columns:
        found |= {"values": columns.values(floats(x))[0].astype("f4"), "made": columns.values(floats(x_hat))[0].astype("f4")}
    if space.variational:
        posterior = space.vae.encode(x)
        found |= {"kl": floats(posterior.kl()[0]), "std": floats(posterior.std[0])}
    return found


def values(space: Space, args: Values) -> Arrays:
    """A number for every point of the map, `values` (n,): its reconstruction `error` (mean squared error per pixel) or, for a
    VAE, its `kl` (nats)."""
    if args.what == "kl":
        return {"values": floats(space.posterior.kl())}
    return {"values": table(space, Nothing())["error_per_pixel"]}


def table(space: Space, args: Nothing) -> Arrays:
    """All that is known of every point of the map: `latent` (n, d), `error_per_pixel` (mean squared) and for a VAE `kl` (nats), (n,)."""
    error = (space.decode(space.codes) - space.map_x).square().flatten(1).mean(1)
    found = {"latent": floats(space.codes), "error_per_pixel": floats(error)}
    return found | ({"kl": floats(space.posterior.kl())} if space.variational else {})


def posterior(space: Space, args: Nothing) -> Arrays:
    """VAE: the standard deviations of `q(z|x)` of every point of the map, `std` (n, d)."""
    return {"std": floats(space.posterior.std)}


def neighbours(space: Space, args: Neighbours) -> Arrays:
    """The k points of the map whose codes lie nearest to that of point `index`, by Euclidean distance in all d dimensions,
    nearest first, itself left out: `indices` and `distances` (k,)."""
    index = space.index(args)
    distance = (space.codes - space.codes[index]).square().sum(1).sqrt()
    distance[index] = torch.inf
    nearest = distance.topk(min(args.k, len(distance) - 1), largest=False)
    return {"indices": integers(nearest.indices), "distances": floats(nearest.values)}


def interpolate(space: Space, args: Interpolate) -> Arrays:
    """`n` points from `a` to `b` (each an index or a z) and their images: `path` (n, d), `images` (n, H, W)."""
    a, b = (_end(space, args, key) for key in ("a", "b"))
    share = torch.linspace(0.0, 1.0, args.n, device=space.device)[:, None]
    if args.mode == "linear":
        path = torch.lerp(a, b, share)
    elif space.variational:
        path = slerp(a, b, share)
    else:
        raise ConfigError("The codes of an autoencoder have no centre to go around: a spherical path is for a VAE.")
    return {"path": floats(path), "images": tiles(space.decode(path))}


def slerp(a: Tensor, b: Tensor, share: Tensor) -> Tensor:
    """From `a` to `b` (d,) around the origin, (n, d) at `share` (n, 1): `(sin((1 - s) Ω) a + sin(s Ω) b) / sin Ω`, Ω the angle
    between them (Shoemake 1985). Linear where the two lie in one direction, or opposite, or at the origin."""
    cosine = torch.nn.functional.cosine_similarity(a, b, dim=0).clamp(-1.0, 1.0)
    angle = torch.arccos(cosine)
    if not bool(torch.sin(angle) > 1e-3) or not bool(a.norm() * b.norm() > 0):
        return torch.lerp(a, b, share)
    return (torch.sin((1.0 - share) * angle) * a + torch.sin(share * angle) * b) / torch.sin(angle)


def grid(space: Space, args: Grid) -> Arrays:
    """Images on a grid of quantiles (k + ½)/n, of N(0, 1) for a VAE and of the codes for an autoencoder, over the first two
    dimensions (those that carry most where d > 2; the others are 0, or the mean code): `images` (n², H, W) and `z` (n², d).
    Row by row as on a map: the first row is the top, with the second coordinate at its largest. With d = 1 one row of n."""
    n = args.n
    levels = (torch.arange(n, device=space.device) + 0.5) / n
    if space.variational:
        quantiles = (2.0**0.5 * torch.erfinv(2.0 * levels - 1.0))[:, None].expand(n, space.d)
        base = torch.zeros(space.d, device=space.device)
    else:
        quantiles, base = torch.quantile(space.codes, levels, dim=0), space.codes.mean(0)
    if space.d == 1:
        z = quantiles.contiguous()
    else:
        first, second = sorted(space.weight().argsort(descending=True)[:2].tolist())
        z = base.repeat(n * n, 1)
        z[:, first] = quantiles[:, first].repeat(n)
        z[:, second] = quantiles[:, second].flip(0).repeat_interleave(n)
    return {"images": tiles(space.decode(z)), "z": floats(z)}


def traversals(space: Space, args: Traversals) -> Arrays:
    """One row of `n` images per dimension, for at most ten, those that carry most first: `images` (d'·n, H, W), their dimensions
    `order` (d',) and what they carry, `kl` (d',) (nats; the variance of the codes for an autoencoder).

    The other coordinates are those of point `index`, or 0 for a VAE and the mean code for an autoencoder. The one that moves
    goes from -3 to 3, or over ±3 standard deviations of the codes around their mean."""
    n = args.n
    center = torch.zeros(space.d, device=space.device) if space.variational else space.codes.mean(0)
    reach = torch.full_like(center, 3.0) if space.variational else 3.0 * space.codes.std(0)
    base = space.codes[space.index(args)] if args.index is not None else center
    weight = space.weight()
    order = weight.argsort(descending=True, stable=True)[:MOST_ROWS]
    z = base.repeat(len(order), n, 1)
    for row, dimension in enumerate(order.tolist()):
        z[row, :, dimension] = center[dimension] + reach[dimension] * torch.linspace(-1.0, 1.0, n, device=space.device)
    images = tiles(space.decode(z.flatten(0, 1)))
    return {"images": images, "order": integers(order), "kl": floats(weight[order])}


def encode_train(space: Space, args: EncodeTrain) -> Arrays:
    """A fixed random choice of training examples on the map: `latent` (n, d), `labels` and `indices` (n,)."""
    chosen = training_examples(space, args.n)
    labels = space.task.dataset.train.labels[chosen.cpu().numpy()]
    codes = space.encode(space.task.scale(space.task.train_x[chosen]))
    return {"latent": floats(codes), "labels": labels.astype(np.int64), "indices": integers(chosen)}


def training_examples(space: Space, n: int) -> Tensor:
    """The indices of at most `n` training examples: always the same random ones."""
    order = torch.randperm(len(space.task.train_x), generator=torch.Generator().manual_seed(0))
    return order[:n].to(space.device)


def _end(space: Space, args: Interpolate, key: str) -> Tensor:
    """One end of an interpolation, (d,)."""
    return space.place(args, key) if isinstance(getattr(args, key), list) else space.encode(space.image(args, key))[0]
