"""How far samples are from data: a distance between two sets of examples, with its floor and its spread.

The energy distance (Székely & Rizzo 2013, eq. 1; Rizzo & Székely 2016) of two distributions is

    2 E|X - Y| - E|X - X'| - E|Y - Y'|        X, X' ~ p,   Y, Y' ~ q,   all independent.

It is zero when p = q and above zero otherwise, for any two distributions with finite means; it needs no features, no kernel
width and no network. |·| is the root mean square over the dimensions, so that for images it is in units of pixel values
(0 is black, 1 is white) whatever their size. It sees what pixels see: a shift of brightness counts for
more than sharpness, and lost variety for little (`tests/test_blindness.py` measures how little; the page says it beside each).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from playground.measures.work import Work, whole

SET_SIZE = 300
"""Examples in each of the two sets of one measurement, at most."""
REPEATS = 5
"""Measurements, each with fresh draws, behind a mean and its spread."""


Draw = Callable[[int, torch.Generator], Tensor]
"""Makes n fresh examples, (n, ...); random numbers come from the generator alone."""
SlowDraw = Callable[[int, torch.Generator], Work[Tensor]]
"""The same in small pieces."""


@dataclass(frozen=True)
class Reading:
    """The mean of a few measurements, and the standard deviation of a single one of them."""

    mean: float
    std: float


def mean_distance(x: Tensor, y: Tensor) -> Tensor:
    """`E|X - Y|` over all pairs of a row of `x` (n, ...) and a row of `y` (m, ...); scalar, float64."""
    a, b = (value.flatten(1).double() for value in (x, y))
    return torch.cdist(a, b).mean() / math.sqrt(a.shape[1])


def mean_distance_within(x: Tensor) -> Tensor:
    """`E|X - X'|` over all pairs of two different rows of `x` (n, ...), n >= 2; scalar, float64."""
    flat = x.flatten(1).double()
    between = torch.cdist(flat, flat).fill_diagonal_(0.0)
    return between.sum() / (len(x) * (len(x) - 1)) / math.sqrt(flat.shape[1])


def energy_distance(x: Tensor, y: Tensor) -> Tensor:
    """The unbiased estimate (U-statistic) of the energy distance between the distributions that `x` (n, ...) and `y` (m, ...)
    were drawn from, n, m >= 2. Where the two are the same its mean is zero, and it lies below zero more often than above, for it is
    skewed: with points in the plane 60 % of the time at n = m = 10."""
    return 2.0 * mean_distance(x, y) - mean_distance_within(x) - mean_distance_within(y)


def wilson_interval(found: int, of: int, z: float = 1.959964) -> tuple[float, float]:
    """A 95 % interval for a share of which `found` of `of` >= 1 were seen (Wilson 1927): those p for which `|found/of - p|` is at most
    `z sqrt(p (1 - p) / of)`. Where nothing, or all, was found it still has a width, which `± z std error` has not."""
    share, weight = found / of, z * z / of
    middle = share + 0.5 * weight
    half = z * math.sqrt(share * (1.0 - share) / of + 0.25 * weight / of)
    return max(0.0, (middle - half) / (1.0 + weight)), min(1.0, (middle + half) / (1.0 + weight))


def distances_to_data(
    draws: Mapping[str, Draw], real: Tensor, seed: int = 0, set_size: int = SET_SIZE, repeats: int = REPEATS
) -> dict[str, Reading]:
    """The energy distance of what each of `draws` makes to the examples `real` (N, ...), N >= 4.

    Each measurement draws anew, and takes a fresh random part of `real`, at most half of it: so the parts differ, and the
    spread is hardly understated. All draws meet the same parts. Give a draw of other real examples to learn the floor.
    """
    generator = torch.Generator().manual_seed(seed)
    n = max(2, min(set_size, len(real) // 2))
    found: dict[str, list[Tensor]] = {name: [] for name in draws}
    for _ in range(repeats):
        part = real[torch.randperm(len(real), generator=generator)[:n].to(real.device)]
        within = mean_distance_within(part)
        for name, draw in draws.items():
            samples = draw(n, generator)
            found[name].append(2.0 * mean_distance(samples, part) - mean_distance_within(samples) - within)
    values = {name: torch.stack(readings) for name, readings in found.items()}
    return {name: Reading(float(value.mean()), float(value.std())) for name, value in values.items()}


class EnergyDistance:
    """Measures many sets of samples one after another, each against the very same parts of the data, so that what is measured
    early and late can be compared: `repeats` random parts of `real` (N, ...), N >= 4, of `size` examples each, at most half."""

    def __init__(self, real: Tensor, seed: int = 0, size: int = SET_SIZE, repeats: int = REPEATS) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.size, self.seed = max(2, min(size, len(real) // 2)), seed
        self.parts = [real[torch.randperm(len(real), generator=generator)[: self.size].to(real.device)] for _ in range(repeats)]
        self.within = [mean_distance_within(part) for part in self.parts]

    def measure(self, draw: Draw) -> Reading:
        """The energy distance of what `draw` makes to the data: as many fresh samples as a part has examples, for each part. The
        random numbers are the same for every draw that is measured."""
        return whole(self.measuring(draw))

    def measuring(self, draw: Draw | SlowDraw) -> Work[Reading]:
        """`measure` in small pieces: those of the draw, and one for each part."""
        generator, found = torch.Generator().manual_seed(self.seed + 1), []
        for part, within in zip(self.parts, self.within):
            samples = draw(self.size, generator)
            if not isinstance(samples, Tensor):
                samples = yield from samples
            yield
            found.append(2.0 * mean_distance(samples, part) - mean_distance_within(samples) - within)
        values = torch.stack(found)
        return Reading(float(values.mean()), float(values.std()))
