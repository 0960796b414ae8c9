"""Rows of numbers as small pictures, so that whatever shows images shows a table: a bar for each column, up or down from the mean.

A bar is as long as the number is large in standard deviations of its column; what lies beyond three of them is cut off.
"""

from __future__ import annotations

import numpy as np

HEIGHT, LEAST_WIDTH = 40, 48
"""Pixels; with many columns a picture is wider, a pixel a column at least."""
REACH = 3.0
"""Standard deviations from the middle of a picture to its edges."""
GROUND, LINE = (42, 47, 60), (120, 128, 144)
ABOVE, BELOW = (86, 180, 233), (230, 159, 0)
"""Sky blue and orange of Okabe and Ito, which colour-blind readers tell apart."""


def bars(x: np.ndarray) -> np.ndarray:
    """uint8 (N, 3, HEIGHT, W) of standardised rows (N, D)."""
    x = np.nan_to_num(np.asarray(x, np.float64), nan=0.0, posinf=REACH, neginf=-REACH)
    middle = HEIGHT // 2
    length = np.rint(np.clip(x / REACH, -1.0, 1.0) * (middle - 1))[:, None, :]
    above = np.arange(HEIGHT)[None, ::-1, None] - middle  # pixels above the line of the mean
    up, down = (above >= 1) & (above <= length), (above <= -1) & (above >= length)
    picture = np.empty((len(x), HEIGHT, x.shape[1], 3), np.uint8)
    picture[:] = GROUND
    picture[:, HEIGHT - 1 - middle] = LINE
    picture[up], picture[down] = ABOVE, BELOW
    return np.ascontiguousarray(_widened(picture, GROUND).transpose(0, 3, 1, 2))


def error_bars(error: np.ndarray) -> np.ndarray:
    """float32 (N, 1, HEIGHT, W) of errors (N, D) in standard deviations: bars from the bottom, each as bright as it is long, up to `REACH`."""
    error = np.nan_to_num(np.asarray(error, np.float32), nan=REACH, posinf=REACH)[:, None, :].clip(0.0, REACH)
    height = np.arange(1, HEIGHT + 1, dtype=np.float32)[None, ::-1, None] * (REACH / HEIGHT)
    picture = np.where(height <= error, error, np.float32(0.0))[..., None]
    return np.ascontiguousarray(_widened(picture, (0.0,)).transpose(0, 3, 1, 2))


def _widened(picture: np.ndarray, ground: tuple[float, ...]) -> np.ndarray:
    """(N, H, D, C) with several pixels a column, the last of them left empty where there are more than two."""
    each = max(1, LEAST_WIDTH // picture.shape[2])
    wide = picture.repeat(each, axis=2)
    if each > 2:
        wide[:, :, each - 1 :: each] = ground
    return wide
