"""Image tables, grids and strips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from playground.data.sheets import pixels_of
from playground.views.codec import u8, unit_to_bytes

Payload = dict[str, Any]


@dataclass(frozen=True)
class ImageRow:
    """A strip of tiles: `images` (n, 1 or 3, h, w) or (n, h, w), bytes or 0..1 (`error`: 0..`limit`, the mean over the channels)."""

    title: str
    images: np.ndarray
    note: str = ""
    scale: str = "gray"
    """`gray`, or `error`: a sequential colour map from 0 to `limit`, with a legend."""
    notes: Sequence[str] = ()
    """One caption under each tile."""
    limit: float = 1.0


def tiles_of(images: np.ndarray, limit: float = 1.0) -> np.ndarray:
    """Bytes of shape (n, h, w), or (n, h, w, 3) in colour."""
    images = np.asarray(images)
    if images.ndim == 3:
        images = images[:, None]
    if images.ndim != 4 or images.shape[1] not in (1, 3):
        raise ValueError(f"images must have the shape (n, 1 or 3, h, w) or (n, h, w), not {images.shape}")
    return unit_to_bytes(pixels_of(images), limit)


def image_table(rows: Sequence[ImageRow], step: int) -> Payload:
    """Rows of tiles below each other: originals, reconstructions, errors.

    `ImageTable` in `shapes.py`; all rows have one tile size.
    """
    tiles = [tiles_of(plain(row), row.limit) for row in rows]
    if len({t.shape[1:3] for t in tiles}) > 1:
        raise ValueError(f"all rows need one tile size, not {[t.shape[1:3] for t in tiles]}")
    height, width = tiles[0].shape[1:3] if tiles else (0, 0)
    return {"rows": [_row(row, t) for row, t in zip(rows, tiles)], "h": height, "w": width, "step": int(step)}


def plain(row: ImageRow) -> np.ndarray:
    """What is drawn: of errors their mean over the channels, which has a colour of its own."""
    images = np.asarray(row.images)
    return images.mean(axis=1) if row.scale == "error" and images.ndim == 4 else images


def _row(row: ImageRow, tiles: np.ndarray) -> Payload:
    payload: Payload = {"title": row.title, "note": row.note, "n": len(tiles), "data": u8(tiles), "scale": row.scale}
    if row.scale == "error":
        payload["limit"] = float(row.limit)
    if row.notes:
        payload["notes"] = [str(note) for note in row.notes]
    return payload


def image_grid(images: np.ndarray, step: int, *, columns: int | None, title: str = "", note: str = "") -> Payload:
    """Samples in a grid: an image table with exactly one row, and `columns`, unless these are left to the room that there is."""
    return image_table([ImageRow(title, images, note)], step) | ({"columns": columns} if columns else {})
