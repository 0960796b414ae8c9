"""The answer to a question about a model, as the page reads it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np

from playground.views import codec


def answer(arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """`{name: {"dtype": "u8" | "f32" | "i32", "shape": [...], "data": base64}}`; single numbers are plain, and null where they
    are not finite."""
    return {name: _plain(value) if value.ndim == 0 else _packed(value) for name, value in arrays.items()}


def _plain(value: np.ndarray) -> int | float | None:
    number = value.item()
    return number if np.isfinite(number) else None


def _packed(value: np.ndarray) -> dict[str, Any]:
    if value.dtype == np.uint8:
        dtype, data = "u8", codec.u8(value)
    elif np.issubdtype(value.dtype, np.floating):
        dtype, data = "f32", codec.f32(value)
    else:
        dtype, data = "i32", base64.b64encode(value.astype("<i4").tobytes()).decode("ascii")
    return {"dtype": dtype, "shape": list(value.shape), "data": data}
