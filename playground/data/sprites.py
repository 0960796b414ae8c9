"""Sprites: white shapes on black, drawn from five factors of variation that are known exactly.

After the idea of dSprites (Matthey et al., 2017), drawn anew. An image is a function of

| factor | meaning                                                       | range                        |
|--------|---------------------------------------------------------------|------------------------------|
| shape  | 0 square, 1 ellipse (axes 2 : 1), 2 equilateral triangle      | equally many of each         |
| size   | square root of the shape's area, in pixels                    | 6 to 10                      |
| angle  | degrees counter-clockwise                                     | 0 to 90, 180, 120, by shape  |
| x, y   | centre of mass, pixels right of and above the middle          | -5 to 5                      |

A square looks the same after a quarter turn, an ellipse after half a turn, a triangle after a third. `angle` covers
one such period (`PERIODS`), so that a picture determines its factors; both ends of the range look the same, which makes
the angle a circle and not a line. All shapes of one size have the same area, so brightness tells nothing about shape.
"""

from __future__ import annotations

import numpy as np

from playground.data.base import DatasetInfo, Split

SHAPES = ("square", "ellipse", "triangle")
PERIODS = np.array([90.0, 180.0, 120.0])
"""Degrees after which each shape looks the same again."""
SIZES = (6.0, 10.0)
POSITIONS = (-5.0, 5.0)
FACTOR_UNITS = {"size": "pixels", "angle": "degrees", "x": "pixels", "y": "pixels"}
"""The factors that are numbers; the shape is the label."""
SIDE = 28
"""Pixels; that of Fashion-MNIST, so that the same networks fit. The largest shape just stays inside."""
N_TRAIN, N_TEST = 8_000, 2_000


def render(shape: np.ndarray, size: np.ndarray, angle: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Pictures, uint8 (N, 1, 28, 28), of the given factors, each of shape (N,) or a number.

    With d the signed distance in pixels from a pixel's centre to the outline, negative inside, a pixel's value is
    255 * clip(1/2 - d, 0, 1): the share of the pixel that is covered, to first order, which smooths the edges.
    """
    shape, size, angle, x, y = np.broadcast_arrays(*map(np.atleast_1d, (shape, size, angle, x, y)))
    pictures = np.empty((len(shape), 1, SIDE, SIDE), dtype=np.uint8)
    for kind, distance in enumerate((_square, _ellipse, _triangle)):
        chosen = np.flatnonzero(shape == kind)
        for start in range(0, len(chosen), 500):  # pieces that stay in the processor's cache
            rows = chosen[start : start + 500]
            p, q = _own_axes(angle[rows], x[rows], y[rows])
            covered = np.clip(0.5 - distance(p, q, size[rows].astype(np.float32)[:, None, None]), 0, 1)
            pictures[rows, 0] = np.rint(255 * covered)
    return pictures


def _own_axes(angle: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the pixels' centres lie in the axes of the moved and turned shape: two arrays (N, 28, 28), in pixels."""
    along = np.arange(SIDE, dtype=np.float32) - (SIDE - 1) / 2
    right = along[None, None, :] - x.astype(np.float32)[:, None, None]
    up = -along[None, :, None] - y.astype(np.float32)[:, None, None]
    turn = np.deg2rad(angle).astype(np.float32)[:, None, None]
    return np.cos(turn) * right + np.sin(turn) * up, np.cos(turn) * up - np.sin(turn) * right


def _square(p: np.ndarray, q: np.ndarray, size: np.ndarray) -> np.ndarray:
    return np.maximum(np.abs(p), np.abs(q)) - size / 2


def _triangle(p: np.ndarray, q: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Three half-planes at the inradius r; area 3 sqrt(3) r² = size². At angle 0 it points up."""
    return np.maximum(-q, (np.sqrt(np.float32(3)) * np.abs(p) + q) / 2) - size / np.float32(27**0.25)


def _ellipse(p: np.ndarray, q: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Half axes 2 b and b; area 2 pi b² = size². Distance to first order: (k - 1) / |grad k|, k = |(p / 2b, q / b)|."""
    b = size / np.float32((2 * np.pi) ** 0.5)
    p, q = p / (2 * b), q / b
    k = np.maximum(np.sqrt(p**2 + q**2), np.float32(1e-3))
    return k * (k - 1) * b / (np.sqrt(p**2 / 4 + q**2) + np.float32(1e-6))


def draw_factors(n: int, seed: int | list[int]) -> dict[str, np.ndarray]:
    """Random factors of `n` sprites: independent and uniform, but for the angle's range, which depends on the shape."""
    rng = np.random.default_rng(seed)
    shape = rng.permutation(np.arange(n) % len(SHAPES))
    return {
        "shape": shape,
        "size": rng.uniform(*SIZES, n).astype(np.float32),
        "angle": (rng.random(n) * PERIODS[shape]).astype(np.float32),
        "x": rng.uniform(*POSITIONS, n).astype(np.float32),
        "y": rng.uniform(*POSITIONS, n).astype(np.float32),
    }


def _split(n: int, seed: int | list[int]) -> Split:
    factors = draw_factors(n, seed)
    return Split(render(**factors), factors["shape"].astype(np.int64), factors)


SPRITES = DatasetInfo(
    "sprites",
    "Sprites",
    "Squares, ellipses and triangles drawn from known factors: shape, size, angle and position.",
    "Drawn by this project with a fixed seed, after dSprites (Matthey et al., 2017).",
    "That of this project",
    (1, SIDE, SIDE),
    SHAPES,
    lambda: (_split(N_TRAIN, [0, 0]), _split(N_TEST, [0, 1])),
)
