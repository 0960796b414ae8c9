"""Two-dimensional densities: small enough to see whole, and each hard in its own way.

Every set has mean about 0 and standard deviation about 1 along each axis, so that one noise schedule suits them all.
The mixture has them exactly, and its density is known in closed form; the others are shifted and scaled, axis by axis,
with the mean and the standard deviation of their training points.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from playground.data.base import DatasetInfo, Split
from playground.data.mixture import Mixture

N_TRAIN, N_TEST = 40_000, 2_000


def _ring(n: int, std: float) -> Mixture:
    """`n` equal Gaussians on a circle whose radius makes the variance along each axis, radius²/2 + std², equal to 1."""
    angle = 2 * np.pi * np.arange(n) / n
    means = np.sqrt(2 * (1 - std**2)) * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    weights = np.full(n, 1 / n)
    means.flags.writeable = weights.flags.writeable = False
    return Mixture(means, std, weights)


MIXTURE = _ring(8, std=0.15)

Generator = np.random.Generator
Drawn = tuple[np.ndarray, np.ndarray]  # points (n, 2) and their labels (n,)


def _moons(n: int, rng: Generator) -> Drawn:
    labels = rng.integers(2, size=n)
    angle = np.pi * rng.random(n)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    x = np.where(labels[:, None] == 0, upper, np.array([1.0, 0.5]) - upper)
    return x + 0.07 * rng.standard_normal((n, 2)), labels


def _circles(n: int, rng: Generator) -> Drawn:
    labels = rng.integers(2, size=n)
    radius = np.where(labels == 0, 0.45, 1.0) + 0.05 * rng.standard_normal(n)
    return _polar(radius, 2 * np.pi * rng.random(n)), labels


def _swiss_roll(n: int, rng: Generator) -> Drawn:
    """One curve, `radius = angle`, over two turns; drawn evenly along its length, of which labels are thirds."""
    u = rng.random(n)
    angle = np.pi * np.sqrt(1 + 24 * u)
    return _polar(angle, angle) + 0.4 * rng.standard_normal((n, 2)), (3 * u).astype(np.int64)


def _checkerboard(n: int, rng: Generator) -> Drawn:
    """Uniform on the eight dark squares of a 4 x 4 board."""
    labels = rng.integers(8, size=n)
    row = labels // 2
    column = 2 * (labels % 2) + row % 2
    return np.stack([column, row], axis=1) + rng.random((n, 2)), labels


def _spirals(n: int, rng: Generator) -> Drawn:
    """Two arms of `radius = angle`, half a turn apart, drawn evenly along their length."""
    labels = rng.integers(2, size=n)
    angle = 3 * np.pi * np.sqrt(rng.uniform(0.02, 1, size=n))
    return _polar(angle, angle + np.pi * labels) + 0.25 * rng.standard_normal((n, 2)), labels


def _pinwheel(n: int, rng: Generator) -> Drawn:
    """Five long Gaussians around the origin, each point turned by an angle that grows as exp(distance along it)."""
    labels = rng.integers(5, size=n)
    along, across = 1 + 0.3 * rng.standard_normal(n), 0.1 * rng.standard_normal(n)
    turn = 2 * np.pi * labels / 5 + 0.25 * np.exp(along)
    return np.stack([along * np.cos(turn) - across * np.sin(turn), along * np.sin(turn) + across * np.cos(turn)], axis=1), labels


def _polar(radius: np.ndarray, angle: np.ndarray) -> np.ndarray:
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _standardised(draw: Callable[[int, Generator], Drawn], seed: int) -> tuple[Split, Split]:
    """Train and test points of `draw`, shifted and scaled with the training points' mean and standard deviation."""
    x, labels = draw(N_TRAIN + N_TEST, np.random.default_rng(seed))
    x = ((x - x[:N_TRAIN].mean(axis=0)) / x[:N_TRAIN].std(axis=0)).astype(np.float32)
    return _cut(x, labels.astype(np.int64))


def _cut(x: np.ndarray, labels: np.ndarray) -> tuple[Split, Split]:
    return Split(x[:N_TRAIN], labels[:N_TRAIN]), Split(x[N_TRAIN:], labels[N_TRAIN:])


def _info(
    name: str, title: str, description: str, label_names: tuple[str, ...], draw: Callable[[int, Generator], Drawn]
) -> DatasetInfo:
    return DatasetInfo(
        name,
        title,
        description,
        "Made by this project from random numbers with a fixed seed.",
        "That of this project",
        (2,),
        label_names,
        lambda: _standardised(draw, seed=0),
    )


def _numbered(word: str, n: int) -> tuple[str, ...]:
    return tuple(f"{word} {k + 1}" for k in range(n))


POINTS: tuple[DatasetInfo, ...] = (
    DatasetInfo(
        "mixture",
        "Eight Gaussians",
        "Eight equal Gaussians on a ring, whose density and score are known exactly at every noise level.",
        "Made by this project from random numbers with a fixed seed.",
        "That of this project",
        (2,),
        _numbered("component", 8),
        lambda: _cut(*MIXTURE.sample(N_TRAIN + N_TEST, np.random.default_rng(0))),
        density=MIXTURE,
    ),
    _info(
        "moons",
        "Two moons",
        "Two interlocking half circles, which no straight line separates.",
        ("upper moon", "lower moon"),
        _moons,
    ),
    _info(
        "circles",
        "Two circles",
        "A circle inside a circle, with an empty ring between them.",
        ("inner circle", "outer circle"),
        _circles,
    ),
    _info(
        "swiss_roll",
        "Swiss roll",
        "One curve rolled up: points that are near in the plane can be far along it.",
        ("inner third", "middle third", "outer third"),
        _swiss_roll,
    ),
    _info(
        "checkerboard",
        "Checkerboard",
        "The dark squares of a board: even density inside, sharp edges and touching corners.",
        _numbered("square", 8),
        _checkerboard,
    ),
    _info("spirals", "Two spirals", "Two thin arms wound around each other.", _numbered("arm", 2), _spirals),
    _info("pinwheel", "Pinwheel", "Five curved arms, dense near the middle of each.", _numbered("arm", 5), _pinwheel),
)
