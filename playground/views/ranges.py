"""Axis ranges that stay put: a live picture must not tremble because one dot moved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PADDING = 0.05
"""Free space on each side, as a share of the data's span."""


@dataclass(frozen=True)
class Range:
    """What two axes (or three) show: `lo` and `hi`, each (x, y) or (x, y, z)."""

    lo: tuple[float, ...]
    hi: tuple[float, ...]


def _bounds(points: np.ndarray, percentiles: tuple[float, float]) -> tuple[np.ndarray, np.ndarray] | None:
    """Lowest and highest corner `(k,)` of the points `(n, k)` that are finite in every coordinate; None without any."""
    points = np.asarray(points, dtype=np.float64)
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return None
    low, high = np.percentile(points, percentiles, axis=0)
    return low, high


def _padded(low: np.ndarray, high: np.ndarray, padding: float = PADDING) -> tuple[np.ndarray, np.ndarray]:
    """The same with room around it; a span of zero becomes one unit (or a tenth of the value, if that is more)."""
    flat = (high - low) <= 1e-9 * np.maximum(1.0, np.abs(low))
    half = np.where(flat, np.maximum(0.5, 0.1 * np.abs(low)), (high - low) * padding)
    return low - half, high + half


def _range(low: np.ndarray, high: np.ndarray) -> Range:
    return Range(tuple(float(v) for v in low), tuple(float(v) for v in high))


def _around_zero(points: np.ndarray) -> Range:
    """-1..1 on every axis."""
    k = np.shape(points)[-1]
    return Range((-1.0,) * k, (1.0,) * k)


def data_range(points: np.ndarray) -> Range:
    """Every finite point, with 5 % free space; -1..1 where there is none."""
    bounds = _bounds(points, (0.0, 100.0))
    return _around_zero(points) if bounds is None else _range(*_padded(*bounds))


def steady_range(previous: Range | None, points: np.ndarray) -> Range:
    """The range to show now: `previous` as long as it still fits, else a new one with some room to grow.

    "Fits" is judged per axis on the 0.5 - 99.5 % percentiles, so that one stray point moves nothing: they lie inside,
    and fill at least half of it. A new range is 5 % larger than the data on each side, 12 % when it replaces another.
    """
    bounds = _bounds(points, (0.5, 99.5))
    if bounds is None:
        return previous or _around_zero(points)
    low, high = bounds
    if previous is None:
        return _range(*_padded(low, high))
    old_low, old_high = np.asarray(previous.lo), np.asarray(previous.hi)
    wanted_low, wanted_high = _padded(low, high, 0.12)
    fits = (low >= old_low) & (high <= old_high) & ((wanted_high - wanted_low) >= 0.5 * (old_high - old_low))
    return _range(np.where(fits, old_low, wanted_low), np.where(fits, old_high, wanted_high))


def coding_range(view: Range, points: np.ndarray) -> Range:
    """The range positions are coded in: all points, but at most 10 views wide, so that an outlier costs no detail."""
    bounds = _bounds(points, (0.0, 100.0))
    if bounds is None:
        return view
    low, high = np.asarray(view.lo), np.asarray(view.hi)
    reach = 4.5 * (high - low)
    return _range(np.maximum(np.minimum(low, bounds[0]), low - reach), np.minimum(np.maximum(high, bounds[1]), high + reach))
