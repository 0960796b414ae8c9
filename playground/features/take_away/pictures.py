"""Arrays of a snapshot as pictures: images side by side, points in the plane, a map; for the report and the film."""

from __future__ import annotations

import io
from typing import NamedTuple

import numpy as np
from PIL import Image

from playground.data.sheets import data_url
from playground.views.colours import CLASSES, ROLES

GAP = 2
"""Pixels between two images."""
GROUND = (255, 255, 255)


class Window(NamedTuple):
    """What part of the plane a picture shows."""

    low: np.ndarray
    high: np.ndarray


def tiles(images: np.ndarray, across: int, factor: int = 1) -> np.ndarray:
    """Images (n, C, H, W), uint8, enlarged by a whole factor, in rows of `across`: (height, width, 3)."""
    n, channels, height, width = images.shape
    down, tall, wide = -(-n // across), factor * height + GAP, factor * width + GAP
    picture = np.full((down * tall - GAP, across * wide - GAP, 3), GROUND, np.uint8)
    for k, image in enumerate(images):
        row, column = divmod(k, across)
        large = image.transpose(1, 2, 0).repeat(factor, 0).repeat(factor, 1)
        place = picture[row * tall : row * tall + factor * height, column * wide : column * wide + factor * width]
        place[:] = large[..., :3] if channels > 2 else large[..., :1]
    return picture


def window_of(points: np.ndarray) -> Window:
    """A square window on all but the outermost of points (n, 2)."""
    low, high = np.percentile(points, [0.5, 99.5], axis=0)
    middle, half = (low + high) / 2, max(float((high - low).max()) * 0.56, 1e-6)
    return Window(middle - half, middle + half)


def dots(points: np.ndarray, labels: np.ndarray | None, window: Window, side: int) -> np.ndarray:
    """Points (n, 2) in the colours of their classes, or of samples: (side, side, 3)."""
    picture = np.full((side, side, 3), GROUND, np.uint8)
    unit = (points - window.low) / (window.high - window.low)
    seen = np.isfinite(unit).all(1) & (unit > 0.0).all(1) & (unit < 1.0).all(1)
    places = (unit[seen] * (side - 3)).astype(int)
    palette = np.array([rgb(light) for light, _ in CLASSES], np.uint8)
    colours = np.array([rgb(ROLES["samples"][0])], np.uint8) if labels is None else palette[labels[seen] % len(palette)]
    for dx, dy in np.ndindex(3, 3):
        picture[side - 3 - places[:, 1] + dy, places[:, 0] + dx] = colours
    return picture


def rgb(colour: str) -> tuple[int, ...]:
    """ "#0a8164" as three numbers."""
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def heat(errors: np.ndarray) -> np.ndarray:
    """Absolute errors (n, C, H, W) in [0, 1] as grey levels, uint8: black is none."""
    return (np.nan_to_num(errors).clip(0.0, 1.0) * 255.0).round().astype(np.uint8)


def png(picture: np.ndarray) -> str:
    """A picture as an address that holds all of it."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "png", optimize=True)
    return data_url(buffer.getvalue())
