"""How much memory a training will take, from its settings alone: arithmetic, without torch, so that a form can be answered at once.

    bytes = BASE + 4 (COPIES P + batch A)

`P`: parameters, counted layer by layer as `vae/networks.py`, `diffusion/networks.py` and `diffusion/unet2d.py` build them (exact: a test compares every network).
`A`: numbers that a step keeps of one example until its backward pass, and their gradients: estimated, from the sizes of all layers'
outputs. What large trainings were measured to take lies within a third of it (`tests/test_footprint.py`).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from playground.config import (
    LIKELIHOODS,
    AutoencoderConfig,
    ConfigError,
    DiffusionConfig,
    LatentConfig,
    LatentDiffusionConfig,
    RunConfig,
    VAEConfig,
)
from playground.data import DATASETS

BASE = 350e6
"""Bytes of a worker that trains next to nothing: torch, the data, its pictures."""
COPIES = 22
"""Of the parameters: weights, gradient, their average and Adam's two moments, and what it takes to pack four of these into a
checkpoint beside the one before. Measured: 22 for 5.8 million of them."""
PER_OUTPUT = 2.6
"""Numbers that are alive for each number that a layer gives: itself, what its activation keeps, and a gradient on the way back."""
HELD_OUT = 1000
"""Examples in a batch of held-out data, of which only two layers are alive at once."""
FREQUENCIES = 16
"""Of `ScalarEmbedding`; and 1, 2, 4 for points (`ResidualMLP`)."""


@dataclass(frozen=True)
class Size:
    """Of a part of a network: its parameters, and the numbers that its layers give for one example, in all and at most."""

    parameters: int = 0
    outputs: int = 0
    widest: int = 0

    def __add__(self, other: Size) -> Size:
        return Size(self.parameters + other.parameters, self.outputs + other.outputs, max(self.widest, other.widest))

    def times(self, n: int) -> Size:
        return Size(n * self.parameters, n * self.outputs, self.widest)


def linear(n_in: int, n_out: int) -> Size:
    """A linear layer with bias."""
    return Size((n_in + 1) * n_out, n_out, n_out)


def conv(c_in: int, c_out: int, pixels: int, kernel: int = 3) -> Size:
    """A convolution with bias that gives `pixels` numbers a channel."""
    return Size((kernel * kernel * c_in + 1) * c_out, c_out * pixels, c_out * pixels)


def mlp(sizes: list[int]) -> Size:
    """As `nn.mlp`."""
    return sum((linear(*pair) for pair in pairwise(sizes)), Size())


def estimate(config: RunConfig) -> int:
    """Bytes that a worker will hold while it trains, roughly."""
    size = model_size(config)
    batch = config.batch_size * (config.importance_samples if isinstance(config, VAEConfig) and config.objective == "iwae" else 1)
    twice = 2.0 if isinstance(config, AutoencoderConfig) and config.contraction else 1.0  # a backward pass of the backward pass
    alive = max(batch * size.outputs * PER_OUTPUT * twice, 2.0 * HELD_OUT * size.widest)
    return int(BASE + 4 * (COPIES * size.parameters + alive))


def refuse_too_large(config: RunConfig, limit: int | None) -> None:
    """Raises `ConfigError` for a training that would take more than `limit` bytes, with what would fit. Of what a GPU holds nothing is
    known here, so a training that takes one is let through."""
    needed = estimate(config)
    if limit is None or needed <= limit or on_gpu(config.device):
        return
    fitting = next((try_ for try_ in smaller(config) if estimate(try_) <= limit), None)
    what = f"about {needed / 1e9:.1f} GB of memory, and a run may take {limit / 1e9:.1f} GB here"
    if fitting is None:
        raise ConfigError(f"These settings would take {what}: try a much smaller width and batch size.")
    names = ("batch_size", "width")
    right = {name: getattr(fitting, name) for name in names if getattr(fitting, name) != getattr(config, name)}
    raise ConfigError(
        f"These settings would take {what}: {' and '.join(f'{name} = {value}' for name, value in right.items())} would fit.", right
    )


def smaller(config: RunConfig) -> Iterator[RunConfig]:
    """The same training with ever smaller batches, or else widths, or both."""
    batches = [config.batch_size >> i for i in range(1, 6) if config.batch_size >> i >= 16]
    widths = [max(16, (_width(config) >> i) // 16 * 16) for i in range(1, 5) if _width(config) >> i >= 16]
    yield from (config.model_copy(update={"batch_size": batch}) for batch in batches)
    yield from (config.model_copy(update={"width": width}) for width in widths)
    yield from (config.model_copy(update={"width": width, "batch_size": batch}) for width in widths for batch in batches[-1:])


def _width(config: RunConfig) -> int:
    """Which every kind of model declares for itself, with a default of its own."""
    return getattr(config, "width", 0)


def on_gpu(device: str) -> bool:
    """Whether a training on `device` would take a GPU; told by its driver, since the web process has no torch to ask."""
    there = sys.platform == "darwin" or Path("/dev/nvidiactl").exists() or Path("/dev/kfd").exists()
    return device in ("cuda", "mps") or (device == "auto" and there)


def model_size(config: RunConfig) -> Size:
    """The whole model of a training."""
    shape = DATASETS[config.dataset].shape
    if isinstance(config, LatentDiffusionConfig):
        frozen = autoencoder(config.autoencoder, shape)
        return denoiser(config, (config.autoencoder.latent_dim,)) + Size(frozen.parameters, 0, frozen.widest)
    if isinstance(config, LatentConfig):
        return autoencoder(config, shape)
    assert isinstance(config, DiffusionConfig)
    return denoiser(config, shape)


def autoencoder(config: LatentConfig, shape: tuple[int, ...]) -> Size:
    """Encoder and decoder, as `autoencoder.build_autoencoder` makes them."""
    likelihood = LIKELIHOODS[config.likelihood] if isinstance(config, VAEConfig) else None
    d, channels = config.latent_dim, shape[0] * (2 if likelihood and likelihood.per_pixel else 1)
    n_out, extra = d * (2 if isinstance(config, VAEConfig) else 1), Size(1 if likelihood and likelihood.learned == "one σ" else 0)
    if config.network == "mlp":
        hidden = [max(config.width >> i, 16) for i in range(config.depth)]
        encoder, decoder = [math.prod(shape), *hidden, n_out], [d, *reversed(hidden), channels * math.prod(shape[1:])]
        return mlp(encoder) + mlp(decoder) + extra
    return conv_encoder(shape, config, n_out) + conv_decoder((channels, *shape[1:]), config) + extra


def _plan(shape: tuple[int, ...], config: LatentConfig) -> list[tuple[int, int]]:
    """As `nn._conv_plan`: (channels, side) after each layer."""
    plan, side, channels = [], shape[-1], max(config.width // 8, 8)
    for _ in range(config.depth):
        if side % 2 == 0 and side > 4:
            side //= 2
            channels *= 2 if plan else 1
        plan.append((channels, side))
    return plan


def conv_encoder(shape: tuple[int, ...], config: LatentConfig, n_out: int) -> Size:
    """As `nn.conv_encoder`."""
    layers, before = Size(), shape[0]
    for channels, side in _plan(shape, config):
        layers, before = layers + conv(before, channels, side * side), channels
    return layers + mlp([before * side * side, max(config.width // 2, 16), n_out])


def conv_decoder(shape: tuple[int, ...], config: LatentConfig) -> Size:
    """As `nn.conv_decoder`: a layer that doubles the side has kernels of 4, others of 3."""
    plan = [(shape[0], shape[-1]), *_plan(shape, config)]
    channels, side = plan[-1]
    layers = mlp([config.latent_dim, max(config.width // 2, 16), channels * side * side])
    for (c, s), (_, before) in zip(reversed(plan[:-1]), reversed(plan[1:])):
        layers, channels = layers + conv(channels, c, s * s, 4 if s > before else 3), c
    return layers


def denoiser(config: DiffusionConfig, shape: tuple[int, ...]) -> Size:
    """The network of a diffusion model, as `denoiser.build_denoiser` makes it."""
    kind = config.network_for(shape)
    n_labels = len(DATASETS[config.dataset].label_names) if config.conditional == "on" else 0
    if kind == "unet2d":
        return unet2d(shape, config.width, config.depth, n_labels)
    n_seen = shape[0] * (2 if config.skip != "none" and len(shape) == 3 else 1)
    return {"mlp": residual_mlp, "mixer": mixer, "unet": unet}[kind](shape, config.width, config.depth, n_labels, n_seen)


def _embedding(width: int, n_labels: int) -> Size:
    """Of the noise level, and of the class."""
    return mlp([2 * FREQUENCIES, width, width]) + Size((n_labels + 1) * width if n_labels else 0)


def residual_mlp(shape: tuple[int, ...], width: int, depth: int, n_labels: int, n_seen: int) -> Size:
    """As `networks.ResidualMLP`."""
    size = math.prod(shape)
    block = linear(width, 2 * width) + mlp([width, 2 * width, width]) + Size(0, 2 * width)
    ends = linear(size // shape[0] * n_seen * (7 if size <= 3 else 1), width) + linear(width, size)
    return _embedding(width, n_labels) + ends + block.times(depth)


def mixer(shape: tuple[int, ...], width: int, depth: int, n_labels: int, n_seen: int) -> Size:
    """As `networks.Mixer`."""
    side = max(shape[1:])
    patch = next(p for p in range(1, side + 1) if shape[1] % p == 0 and shape[2] % p == 0 and side <= 8 * p)
    tokens, area = shape[1] * shape[2] // patch**2, patch**2

    def each(layers: Size, n: int) -> Size:
        """A layer that is applied to n parts of an example."""
        return Size(layers.parameters, n * layers.outputs, n * layers.widest)

    along = each(mlp([tokens, 2 * tokens, tokens]), width) + each(mlp([width, 3 * width, width]), tokens)
    block = linear(width, 4 * width) + along + Size(0, 2 * tokens * width)
    ends = each(linear(n_seen * area, width) + linear(width, shape[0] * area), tokens)
    return _embedding(width, n_labels) + ends + block.times(depth) + Size((tokens + 2) * width, 2 * tokens * width)


def _levels(shape: tuple[int, ...], width: int) -> Iterator[tuple[int, int]]:
    """Channels and pixels at each of up to three resolutions."""
    channels, side = max(width // 4, 8), shape[-1]
    yield channels, side * side
    for _ in range(2):
        if side % 2 or side <= 4:
            return
        side, channels = side // 2, channels * 2
        yield channels, side * side


def _block(n_in: int, n_out: int, condition: int, pixels: int, modulates: int) -> Size:
    """A residual block: two norms, two convolutions, `modulates` numbers a channel from the condition, and a skip."""
    skip = conv(n_in, n_out, pixels, 1) if n_in != n_out else Size()
    norms = Size(2 * n_in + 2 * n_out, (n_in + n_out) * pixels)
    return norms + conv(n_in, n_out, pixels) + conv(n_out, n_out, pixels) + linear(condition, modulates * n_out) + skip


def unet(shape: tuple[int, ...], width: int, depth: int, n_labels: int, n_seen: int) -> Size:
    """As `networks.UNet`."""
    levels = list(_levels(shape, width))
    top, pixels = levels[0]
    condition, (low, low_pixels) = 4 * top, levels[-1]
    total = _embedding(condition, n_labels) + conv(n_seen, top, pixels) + conv(top, shape[0], pixels) + Size(2 * top, top * pixels)
    for (c, area), (below, area_below) in pairwise(levels):
        total += _block(c, c, condition, area, 2) + conv(c, below, area_below) + conv(below, c, area_below, 1)
        total += _block(2 * c, c, condition, area, 2)
    return total + _block(low, low, condition, low_pixels, 2).times(depth)


def unet2d(shape: tuple[int, ...], width: int, depth: int, n_labels: int) -> Size:
    """As `diffusion.unet2d.unet2d`: diffusers' `UNet2DModel` without attention."""
    levels, layers = list(_levels(shape, width)), max(1, depth // 2)
    top, pixels = levels[0]
    condition, (low, low_pixels) = 4 * top, levels[-1]
    total = mlp([top, condition, condition]) + Size((n_labels + 1) * condition if n_labels else 0)
    total += conv(shape[0], top, pixels) + conv(top, shape[0], pixels) + Size(2 * top, top * pixels)
    skips, before = [top], top
    for i, (c, area) in enumerate(levels):
        for _ in range(layers):
            total, before = total + _block(before, c, condition, area, 1), c
            skips.append(c)
        if i < len(levels) - 1:
            total += conv(c, c, levels[i + 1][1])
            skips.append(c)
    total += _block(low, low, condition, low_pixels, 1).times(2)
    for i, (c, area) in enumerate(reversed(levels)):
        for _ in range(layers + 1):
            total, before = total + _block(before + skips.pop(), c, condition, area, 1), c
        if i < len(levels) - 1:
            total += conv(c, c, levels[-2 - i][1])
    return total
