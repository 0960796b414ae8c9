"""Arrays as short strings: little-endian base64, a seventh of the size of a JSON list and read in a millisecond.

The other end is `ui/lib/codec.js` (`decode.u8`, `decode.q16`, `decode.f32`).
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np

MISSING = 65535
"""The `q16` code of a coordinate that is not a finite number; the page leaves such a point out."""

STEPS = MISSING - 1
"""Finite coordinates take the codes 0 (at `lo`) to `STEPS` (at `hi`)."""


class Packed(str):
    """A string that is an array, told apart from words."""


def _b64(array: np.ndarray) -> Packed:
    return Packed(base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii"))


def numbers(payload: Any) -> Any:
    """A payload without what is packed for drawing: the numbers and words in it."""
    if isinstance(payload, dict):
        return {name: numbers(value) for name, value in payload.items() if not isinstance(value, Packed)}
    return [numbers(value) for value in payload] if isinstance(payload, (list, tuple)) else payload


def u8(values: np.ndarray | Sequence[int]) -> Packed:
    """Whole numbers, cut to 0..255, one byte each."""
    return _b64(np.clip(np.asarray(values), 0, 255).astype("<u1"))


def f32(values: np.ndarray | Sequence[float]) -> Packed:
    """Numbers as 32-bit floats; NaN and infinities survive."""
    with np.errstate(over="ignore"):
        return _b64(np.asarray(values, dtype=np.float64).astype("<f4"))


def q16(points: np.ndarray, lo: Sequence[float], hi: Sequence[float]) -> Packed:
    """Positions `(..., k)` as 16-bit steps between `lo` and `hi` (per axis), interleaved x, y (, z).

    The error is at most half a step, `(hi - lo) / 65534 / 2`. What lies outside is moved to the border; what is not
    finite becomes `MISSING`.
    """
    points = np.asarray(points, dtype=np.float64)
    low, high = np.asarray(lo, dtype=np.float64), np.asarray(hi, dtype=np.float64)
    span = np.where(high > low, high - low, 1.0)
    finite = np.isfinite(points)
    unit = np.clip((np.where(finite, points, low) - low) / span, 0.0, 1.0)
    return _b64(np.where(finite, np.rint(unit * STEPS), MISSING).astype("<u2"))


def unit_to_bytes(values: np.ndarray, limit: float = 1.0) -> np.ndarray:
    """0..`limit` -> 0..255 as bytes; bytes pass unchanged, what is not finite becomes 0."""
    values = np.asarray(values)
    if values.dtype == np.uint8:
        return values
    scaled = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=limit, neginf=0.0) / limit * 255.0
    return np.rint(np.clip(scaled, 0.0, 255.0)).astype(np.uint8)
