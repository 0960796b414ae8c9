"""Networks that know no theory: an MLP, and convolutions that shrink and grow an image."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def mlp(sizes: list[int]) -> nn.Sequential:
    """Linear layers of the given sizes with SiLU between them: (n, sizes[0]) -> (n, sizes[-1])."""
    layers: list[nn.Module] = []
    for n_in, n_out in zip(sizes, sizes[1:]):
        layers += [nn.Linear(n_in, n_out), nn.SiLU()]
    return nn.Sequential(*layers[:-1])


class Centre(nn.Module):
    """`x - mean`, with the mean of the training images, 0 before it is known: layers learn sooner from what is spread around 0."""

    mean: Tensor

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(shape))

    def forward(self, x: Tensor) -> Tensor:
        return x - self.mean


def mlp_encoder(shape: tuple[int, ...], width: int, depth: int, n_out: int) -> nn.Module:
    """(n, *shape) -> (n, n_out), through `depth` hidden layers, each half as wide as the one before."""
    hidden = [max(width >> i, 16) for i in range(depth)]
    return nn.Sequential(Centre(shape), nn.Flatten(), *mlp([math.prod(shape), *hidden, n_out]))


def mlp_decoder(shape: tuple[int, ...], width: int, depth: int, n_in: int) -> nn.Module:
    """(n, n_in) -> (n, *shape), the mirror image of `mlp_encoder`."""
    hidden = [max(width >> i, 16) for i in range(depth)]
    return nn.Sequential(*mlp([n_in, *reversed(hidden), math.prod(shape)]), nn.Unflatten(1, shape))


def _conv_plan(shape: tuple[int, ...], width: int, depth: int) -> list[tuple[int, int]]:
    """(channels, side) after each of `depth` layers: a layer halves the side while that is even and above 4."""
    plan, side, channels = [], shape[-1], max(width // 8, 8)
    for _ in range(depth):
        if side % 2 == 0 and side > 4:
            side //= 2
            channels *= 2 if plan else 1
        plan.append((channels, side))
    return plan


def conv_encoder(shape: tuple[int, ...], width: int, depth: int, n_out: int) -> nn.Module:
    """(n, C, H, H) -> (n, n_out) by strided 3x3 convolutions."""
    layers: list[nn.Module] = [Centre(shape)]
    channels, side = shape[0], shape[-1]
    for c, s in _conv_plan(shape, width, depth):
        layers += [nn.Conv2d(channels, c, 3, stride=side // s, padding=1), nn.SiLU()]
        channels, side = c, s
    hidden = max(width // 2, 16)
    return nn.Sequential(*layers, nn.Flatten(), *mlp([channels * side * side, hidden, n_out]))


def conv_decoder(shape: tuple[int, ...], width: int, depth: int, n_in: int) -> nn.Module:
    """(n, n_in) -> (n, C, H, H), the mirror image of `conv_encoder`."""
    plan = [(shape[0], shape[-1]), *_conv_plan(shape, width, depth)]
    channels, side = plan[-1]
    hidden = max(width // 2, 16)
    layers: list[nn.Module] = [*mlp([n_in, hidden, channels * side * side]), nn.SiLU(), nn.Unflatten(1, (channels, side, side))]
    for (c, s), (_, before) in zip(reversed(plan[:-1]), reversed(plan[1:])):
        up = nn.ConvTranspose2d(channels, c, 4, stride=2, padding=1) if s > before else nn.Conv2d(channels, c, 3, padding=1)
        layers += [up, nn.SiLU()]
        channels = c
    return nn.Sequential(*layers[:-1])
