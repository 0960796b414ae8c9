"""Networks that are told how noisy their input is, and which class it is of: a residual MLP, a mixer of patches, and a compact U-Net.

The input may have more channels than the output, `n_seen`: what is known beside `x_t`. All start as zero.
"""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from playground.vae.networks import mlp


def zero(layer: nn.Module) -> None:
    """Lets a layer begin by giving 0, whatever it is given."""
    for values in layer.parameters():
        nn.init.zeros_(values)


class ScalarEmbedding(nn.Module):
    """A number such as log-SNR as a vector: sines and cosines over wavelengths from about 1 to 60, then two layers."""

    frequencies: Tensor

    def __init__(self, width: int, n_frequencies: int = 16) -> None:
        super().__init__()
        self.register_buffer("frequencies", torch.logspace(math.log10(0.1), math.log10(6.0), n_frequencies), persistent=False)
        self.layers = mlp([2 * n_frequencies, width, width])

    def forward(self, value: Tensor) -> Tensor:
        """(n,) -> (n, width)."""
        angle = value[:, None] * self.frequencies
        return F.silu(self.layers(torch.cat([angle.sin(), angle.cos()], dim=1)))


class LabelEmbedding(nn.Module):
    """A class as a vector, small at first. Label -1 means "no class" and has a vector of its own, so that one network learns
    both distributions: with the class told, and with it hidden."""

    def __init__(self, n_labels: int, width: int) -> None:
        super().__init__()
        self.vectors = nn.Embedding(n_labels + 1, width)
        nn.init.normal_(self.vectors.weight, std=0.1)

    def forward(self, label: Tensor | None) -> Tensor:
        """(n,) int64, or (1,) for all, or None for "no class" -> (n, width) or (1, width)."""
        none = self.vectors.num_embeddings - 1
        if label is None:
            return self.vectors.weight[none:]
        return self.vectors(label.where(label >= 0, none))


class ResidualMLP(nn.Module):
    """(n, *shape), a scalar each, and a label each where `n_labels` > 0 -> (n, *shape): residual blocks, each scaled and
    shifted by the embedding of scalar and label.

    Points in few dimensions also enter as sines and cosines (Tancik et al. 2020): plain layers are slow to learn edges.
    """

    def __init__(self, shape: tuple[int, ...], width: int, depth: int, n_labels: int = 0, n_seen: int | None = None) -> None:
        super().__init__()
        self.shape, size = shape, math.prod(shape)
        self.embed = ScalarEmbedding(width)
        self.frequencies = (1.0, 2.0, 4.0) if size <= 3 else ()
        entered = size // shape[0] * (n_seen or shape[0])
        self.enter, self.leave = nn.Linear(entered * (1 + 2 * len(self.frequencies)), width), nn.Linear(width, size)
        self.blocks = nn.ModuleList(
            nn.ModuleDict(
                {
                    "modulate": nn.Linear(width, 2 * width),
                    "expand": nn.Linear(width, 2 * width),
                    "contract": nn.Linear(2 * width, width),
                    "norm": nn.LayerNorm(width, elementwise_affine=False),
                }
            )
            for _ in range(depth)
        )
        self.label = LabelEmbedding(n_labels, width) if n_labels else None
        zero(self.leave)

    def forward(self, x: Tensor, scalar: Tensor, label: Tensor | None = None) -> Tensor:
        flat = x.flatten(1)
        waves = [wave(f * flat) for f in self.frequencies for wave in (torch.sin, torch.cos)]
        h, condition = self.enter(torch.cat([flat, *waves], dim=1)), self.embed(scalar)
        if self.label is not None:
            condition = condition + self.label(label)
        for block in cast("list[nn.ModuleDict]", self.blocks):
            scale, shift = block["modulate"](condition).chunk(2, dim=1)
            g = torch.addcmul(shift, block["norm"](h), 1.0 + scale)
            h = h + block["contract"](F.silu(block["expand"](g)))
        return self.leave(h).reshape(len(x), *self.shape)


class MixerBlock(nn.Module):
    """(n, tokens, width) -> the same: one MLP along the tokens, one along the channels, each around a skip, scaled and shifted by a
    condition (Tolstikhin et al. 2021, with the modulation of Peebles & Xie 2023)."""

    def __init__(self, tokens: int, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.modulate = nn.Linear(width, 4 * width)
        self.along_tokens = nn.Sequential(nn.Linear(tokens, 2 * tokens), nn.GELU(), nn.Linear(2 * tokens, tokens))
        self.along_channels = nn.Sequential(nn.Linear(width, 3 * width), nn.GELU(), nn.Linear(3 * width, width))

    def forward(self, h: Tensor, condition: Tensor) -> Tensor:
        scale1, shift1, scale2, shift2 = self.modulate(condition)[:, None].chunk(4, dim=2)
        g = torch.addcmul(shift1, self.norm(h), 1.0 + scale1)
        h = h + self.along_tokens(g.transpose(1, 2)).transpose(1, 2)
        return h + self.along_channels(torch.addcmul(shift2, self.norm(h), 1.0 + scale2))


class Mixer(nn.Module):
    """(n, n_seen, H, W), a scalar each, and a label each where `n_labels` > 0 -> (n, C, H, W): the image in up to 8 x 8 patches, each
    a token of `width` numbers, and `depth` blocks that mix them. All matrix products, so it is quick on any machine."""

    def __init__(self, shape: tuple[int, ...], width: int, depth: int, n_labels: int = 0, n_seen: int | None = None) -> None:
        super().__init__()
        self.patch = patch_of(*shape[1:])
        self.grid = shape[1] // self.patch, shape[2] // self.patch
        tokens, area = math.prod(self.grid), self.patch**2
        self.embed = ScalarEmbedding(width)
        self.enter = nn.Linear((n_seen or shape[0]) * area, width)
        self.place = nn.Parameter(0.02 * torch.randn(1, tokens, width))
        self.blocks = nn.ModuleList(MixerBlock(tokens, width) for _ in range(depth))
        self.norm, self.leave = nn.LayerNorm(width), nn.Linear(width, shape[0] * area)
        self.label = LabelEmbedding(n_labels, width) if n_labels else None
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def forward(self, x: Tensor, scalar: Tensor, label: Tensor | None = None) -> Tensor:
        h = self.enter(F.pixel_unshuffle(x, self.patch).flatten(2).transpose(1, 2)) + self.place
        condition = self.embed(scalar)
        if self.label is not None:
            condition = condition + self.label(label)
        for block in self.blocks:
            h = block(h, condition)
        return F.pixel_shuffle(self.leave(self.norm(h)).transpose(1, 2).unflatten(2, self.grid), self.patch)


def patch_of(height: int, width: int) -> int:
    """The least side of a square patch that cuts an image into at most 8 x 8 of them."""
    return next(p for p in range(1, height + 1) if height % p == 0 and width % p == 0 and max(height, width) <= 8 * p)


def channels_of(width: int, side: int) -> list[int]:
    """Channels of a U-Net, from the highest resolution to the lowest."""
    channels = [max(width // 4, 8)]
    while side % 2 == 0 and side > 4 and len(channels) < 3:
        side //= 2
        channels.append(channels[-1] * 2)
    return channels


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with group norm, scaled and shifted by a condition, around a skip."""

    def __init__(self, n_in: int, n_out: int, condition: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = _group_norm(n_in), nn.Conv2d(n_in, n_out, 3, padding=1)
        self.norm2, self.conv2 = _group_norm(n_out), nn.Conv2d(n_out, n_out, 3, padding=1)
        self.modulate = nn.Linear(condition, 2 * n_out)
        self.skip = nn.Conv2d(n_in, n_out, 1) if n_in != n_out else nn.Identity()
        zero(self.conv2)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        h = self.conv1(F.silu(self.norm1(x)))
        scale, shift = self.modulate(condition)[:, :, None, None].chunk(2, dim=1)
        h = self.conv2(F.silu(torch.addcmul(shift, self.norm2(h), 1.0 + scale)))
        return self.skip(x) + h


class UNet(nn.Module):
    """(n, n_seen, H, H), a scalar each, and a label each where `n_labels` > 0 -> (n, C, H, H): `depth` residual blocks at the lowest
    of up to three resolutions, one on the way down and one on the way up at each of the others. `width // 4` channels at
    the top."""

    def __init__(self, shape: tuple[int, ...], width: int, depth: int, n_labels: int = 0, n_seen: int | None = None) -> None:
        super().__init__()
        channels = channels_of(width, shape[-1])
        top = channels[0]
        condition = 4 * top
        self.embed = ScalarEmbedding(condition)
        self.enter = nn.Conv2d(n_seen or shape[0], top, 3, padding=1)
        levels = list(zip(channels, channels[1:]))
        self.down = nn.ModuleList(ResidualBlock(high, high, condition) for high, _ in levels)
        self.shrink = nn.ModuleList(nn.Conv2d(high, low, 3, stride=2, padding=1) for high, low in levels)
        self.middle = nn.ModuleList(ResidualBlock(channels[-1], channels[-1], condition) for _ in range(depth))
        self.grow = nn.ModuleList(nn.Conv2d(low, high, 1) for high, low in reversed(levels))
        self.up = nn.ModuleList(ResidualBlock(2 * high, high, condition) for high, _ in reversed(levels))
        self.norm, self.leave = _group_norm(top), nn.Conv2d(top, shape[0], 3, padding=1)
        self.label = LabelEmbedding(n_labels, condition) if n_labels else None
        zero(self.leave)

    def forward(self, x: Tensor, scalar: Tensor, label: Tensor | None = None) -> Tensor:
        h, condition, skips = self.enter(x), self.embed(scalar), []
        if self.label is not None:
            condition = condition + self.label(label)
        for block, shrink in zip(self.down, self.shrink):
            h = block(h, condition)
            skips.append(h)
            h = shrink(h)
        for block in self.middle:
            h = block(h, condition)
        for grow, block in zip(self.grow, self.up):
            h = F.interpolate(grow(h), scale_factor=2.0, mode="nearest")
            h = block(torch.cat([h, skips.pop()], dim=1), condition)
        return self.leave(F.silu(self.norm(h)))


def _group_norm(channels: int) -> nn.GroupNorm:
    """Group norm with up to 8 groups that divide the channels."""
    return nn.GroupNorm(math.gcd(channels, 8), channels)
