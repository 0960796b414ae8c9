"""Image tables, grids and strips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from playground.views.codec import u8, unit_to_bytes

Payload = dict[str, Any]


@dataclass(frozen=True)
class ImageRow:
    """A strip of tiles: `images` (n, 1, h, w) or (n, h, w), bytes or 0..1 (`error`: 0..`limit`)."""

    title: str
    images: np.ndarray
    note: str = ""
    scale: str = "gray"
    """`gray`, or `error`: a sequential colour map from 0 to `limit`, with a legend."""
    notes: Sequence[str] = ()
    """One caption under each tile."""
    limit: float = 1.0


def tiles_of(images: np.ndarray, limit: float = 1.0) -> np.ndarray:
    """Bytes of shape (n, h, w)."""
    images = np.asarray(images)
    if images.ndim == 4 and images.shape[1] == 1:
        images = images[:, 0]
    if images.ndim != 3:
        raise ValueError(f"images must have the shape (n, 1, h, w) or (n, h, w), not {images.shape}")
    return unit_to_bytes(images, limit)


def image_table(rows: Sequence[ImageRow], step: int) -> Payload:
    """Rows of tiles below each other: originals, reconstructions, errors.

    `ImageTable` in `shapes.py`; all rows have one tile size.
    """
    tiles = [tiles_of(row.images, row.limit) for row in rows]
    if len({t.shape[1:] for t in tiles}) > 1:
        raise ValueError(f"all rows need one tile size, not {[t.shape[1:] for t in tiles]}")
    height, width = tiles[0].shape[1:] if tiles else (0, 0)
    return {"rows": [_row(row, t) for row, t in zip(rows, tiles)], "h": height, "w": width, "step": int(step)}


def _row(row: ImageRow, tiles: np.ndarray) -> Payload:
    payload: Payload = {"title": row.title, "note": row.note, "n": len(tiles), "data": u8(tiles), "scale": row.scale}
    if row.scale == "error":
        payload["limit"] = float(row.limit)
    if row.notes:
        payload["notes"] = [str(note) for note in row.notes]
    return payload


def image_grid(images: np.ndarray, step: int, *, columns: int, title: str = "", note: str = "") -> Payload:
    """Samples in a grid: an image table with exactly one row, and `columns`."""
    return image_table([ImageRow(title, images, note)], step) | {"columns": max(1, int(columns))}
