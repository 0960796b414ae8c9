"""Arrays -> the JSON-ready dicts that the components in `ui/components` draw; each layout is written down here.

`b64` below means a string from `codec.py`. Nothing here raises on NaN, infinities or empty arrays; a wrong shape is a
`ValueError`. Optional keys are marked with `?`.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np

from playground.views.codec import f32, q16, u8, unit_to_bytes
from playground.views.ranges import Range, coding_range, data_range, steady_range

Payload = dict[str, Any]

ROLES_OF_SERIES = {
    "train": "train",
    "held_out": "held_out",
    "reconstruction": "reconstruction",
    "kl": "kl",
}
"""Last part of a loss name -> the role whose colour its curve has."""

SERIES_LABELS = {"train": "training", "held_out": "held-out", "kl": "KL"}


# --- the latent map -------------------------------------------------------------------------------------------------


def spread(n: int) -> np.ndarray:
    """`n` fixed heights in -1..1 for points that have only one coordinate: evenly spread, the same in every frame."""
    return 2.0 * ((np.arange(n) * 0.6180339887498949) % 1.0) - 1.0


def latent_map(
    step: int,
    points: np.ndarray,
    *,
    title: str = "",
    axes: Sequence[str] = ("z₁", "z₂"),
    prior: bool = False,
    previous: Payload | None = None,
) -> Payload:
    """Where the encoder puts each example: `points` (n, 2), or (n, 1) with heights that only spread the dots.

    `{step, n, points: q16, lo, hi, view: {lo, hi}, dims: 1|2, prior, axes, title}`. `lo`/`hi` decode the positions;
    `view` is what the axes show. Pass the last payload as `previous` and the axes stay put as long as they fit.
    """
    points = np.asarray(points, dtype=np.float64)
    if points.ndim == 1:
        points = points[:, None]
    if points.ndim != 2 or points.shape[1] not in (1, 2):
        raise ValueError(f"a latent map needs points of shape (n, 1) or (n, 2), not {points.shape}")
    dims = points.shape[1]
    if dims == 1:
        points = np.column_stack([points[:, 0], spread(len(points))])
        title = f"{title} (one number per image; the height only spreads the dots)".strip()
        axes = (axes[0], "height means nothing")
    old = _view_of(previous) if previous is not None and previous.get("dims") == dims else None
    view = steady_range(old, points)
    if dims == 1:
        view = Range((view.lo[0], -3.0), (view.hi[0], 3.0))
    if prior:
        view = _with_prior(view, dims)
    coding = coding_range(view, points)
    return {
        "step": int(step), "n": len(points), "points": q16(points, coding.lo, coding.hi),
        "lo": list(coding.lo), "hi": list(coding.hi), "view": {"lo": list(view.lo), "hi": list(view.hi)},
        "dims": dims, "prior": bool(prior), "axes": list(axes), "title": title,
    }  # fmt: skip


def _view_of(payload: Payload) -> Range:
    return Range(tuple(payload["view"]["lo"]), tuple(payload["view"]["hi"]))


def _with_prior(view: Range, dims: int) -> Range:
    """Room for the rings at 1, 2 and 3 standard deviations."""
    low = (min(view.lo[0], -3.3), min(view.lo[1], -3.3) if dims == 2 else view.lo[1])
    high = (max(view.hi[0], 3.3), max(view.hi[1], 3.3) if dims == 2 else view.hi[1])
    return Range(low, high)


def latent_map_static(
    labels: np.ndarray,
    label_names: Sequence[str],
    *,
    images: np.ndarray | None = None,
    split: np.ndarray | None = None,
) -> Payload:
    """What the dots are, sent once a run: labels, and thumbnails for the hover.

    `{labels: u8, label_names, split?: u8 (0 train, 1 held-out), sheet?: data URL, tile?: [w, h], columns?: int}`;
    `images` is (n, 1, h, w) or (n, h, w), bytes or 0..1, in the order of the points.
    """
    payload: Payload = {"labels": u8(labels), "label_names": [str(name) for name in label_names]}
    if split is not None:
        payload["split"] = u8(split)
    if images is not None and len(images):
        tiles = _tiles(images)
        columns = max(1, math.ceil(math.sqrt(len(tiles))))
        payload["sheet"] = data_url(contact_sheet(tiles, columns))
        payload |= {"tile": [tiles.shape[2], tiles.shape[1]], "columns": columns}
    return payload


# --- images ---------------------------------------------------------------------------------------------------------


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


def _tiles(images: np.ndarray, limit: float = 1.0) -> np.ndarray:
    """Bytes of shape (n, h, w)."""
    images = np.asarray(images)
    if images.ndim == 4 and images.shape[1] == 1:
        images = images[:, 0]
    if images.ndim != 3:
        raise ValueError(f"images must have the shape (n, 1, h, w) or (n, h, w), not {images.shape}")
    return unit_to_bytes(images, limit)


def image_table(rows: Sequence[ImageRow], step: int) -> Payload:
    """Rows of tiles below each other: originals, reconstructions, errors.

    `{rows: [{title, note, n, data: u8 (n*h*w), scale, limit?, notes?}], h, w, step}`; all rows have one tile size.
    """
    tiles = [_tiles(row.images, row.limit) for row in rows]
    if len({t.shape[1:] for t in tiles}) > 1:
        raise ValueError(f"all rows need one tile size, not {[t.shape[1:] for t in tiles]}")
    height, width = tiles[0].shape[1:] if tiles else (0, 0)
    return {"rows": [_row(row, t) for row, t in zip(rows, tiles)], "h": height, "w": width, "step": int(step)}


def _row(row: ImageRow, tiles: np.ndarray) -> Payload:
    payload: Payload = {
        "title": row.title, "note": row.note, "n": len(tiles), "data": u8(tiles), "scale": row.scale,
    }  # fmt: skip
    if row.scale == "error":
        payload["limit"] = float(row.limit)
    if row.notes:
        payload["notes"] = [str(note) for note in row.notes]
    return payload


def image_grid(images: np.ndarray, step: int, *, columns: int, title: str = "", note: str = "") -> Payload:
    """Samples in a grid: an image table with exactly one row, and `columns`."""
    return image_table([ImageRow(title, images, note)], step) | {"columns": max(1, int(columns))}


def strip(images: np.ndarray, step: int, *, notes: Sequence[str] = (), title: str = "", note: str = "") -> Payload:
    """One sample on its way from noise to data: an image table with one row and a caption under each tile."""
    return image_table([ImageRow(title, images, note, notes=notes)], step)


def contact_sheet(tiles: np.ndarray, columns: int) -> np.ndarray:
    """Tiles (n, h, w) side by side, `columns` in a line, as one picture of bytes; the last line is filled with 0."""
    tiles = _tiles(tiles)
    n, height, width = tiles.shape
    lines = max(1, math.ceil(n / columns))
    sheet = np.zeros((lines * columns, height, width), np.uint8)
    sheet[:n] = tiles
    return sheet.reshape(lines, columns, height, width).swapaxes(1, 2).reshape(lines * height, columns * width)


def data_url(picture: np.ndarray) -> str:
    """A picture of bytes, (h, w) or (h, w, 3), as a lossless WebP data URL (PNG where WebP ends: 16,383 pixels a side)."""
    from PIL import Image

    kind = "webp" if max(picture.shape[:2]) <= 16_383 else "png"
    buffer = BytesIO()
    options = {"lossless": True, "method": 3} if kind == "webp" else {"optimize": True}
    Image.fromarray(picture).save(buffer, kind, **options)
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


# --- numbers --------------------------------------------------------------------------------------------------------


def curves(
    history: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    unit: str,
    log: bool = False,
    most: int = 600,
) -> Payload:
    """Loss curves: `history` maps a loss name (`held_out/kl`) to its steps and values.

    `{series: [{name, label, role, steps: f32, values: f32}], unit, log}`. More than `most` readings are thinned evenly;
    the first and the last stay. A value that is not finite leaves a gap.
    """
    series = []
    for name, (steps, values) in history.items():
        steps, values = np.asarray(steps, np.float64), np.asarray(values, np.float64)
        if len(steps) != len(values):
            raise ValueError(f"{name}: {len(steps)} steps but {len(values)} values")
        if len(steps) > most:
            keep = np.unique(np.linspace(0, len(steps) - 1, most).round().astype(int))
            steps, values = steps[keep], values[keep]
        values = np.where(np.isfinite(values), values, np.nan)
        series.append({
            "name": name, "label": _series_label(name), "role": ROLES_OF_SERIES.get(name.split("/")[-1], "train"),
            "steps": f32(steps), "values": f32(values),
        })  # fmt: skip
    return {"series": series, "unit": unit, "log": bool(log)}


def _series_label(name: str) -> str:
    """`held_out/kl` -> `KL, held-out`."""
    split, _, term = name.partition("/")
    label = SERIES_LABELS.get(split, split.replace("_", " "))
    return f"{SERIES_LABELS.get(term, term.replace('_', ' '))}, {label}" if term else label


def terms(
    values: Mapping[str, float],
    *,
    unit: str,
    step: int,
    total_label: str = "−ELBO",
    labels: Mapping[str, str] | None = None,
) -> Payload:
    """The terms of a loss and their sum, as numbers and as texts that add up as they are shown.

    `{terms: [{name, label, value, text, role}], total: {label, value, text}, unit, step}`; a value that is not a number
    is None with the text "not a number".
    """
    labels = {"kl": "KL"} | dict(labels or {})
    numbers = {name: float(value) for name, value in values.items()}
    total = sum(numbers.values())
    texts, total_text = _texts_that_add_up(list(numbers.values()))
    items = [
        {"name": name, "label": labels.get(name, name), "value": _json(value), "text": text, "role": name}
        for (name, value), text in zip(numbers.items(), texts)
    ]
    return {
        "terms": items, "total": {"label": total_label, "value": _json(total), "text": total_text},
        "unit": unit, "step": int(step),
    }  # fmt: skip


def _json(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _texts_that_add_up(values: list[float]) -> tuple[list[str], str]:
    """Each value and the sum with the same decimals, the largest term carrying the rounding error of the others."""
    if not all(map(math.isfinite, values)):
        return [f"{v:,.1f}" if math.isfinite(v) else "not a number" for v in values], "not a number"
    largest = max(map(abs, values), default=0.0)
    decimals = 0 if largest >= 10_000 else 1 if largest >= 100 else 2 if largest >= 1 else 4
    whole = [round(v * 10**decimals) for v in values]
    total = round(sum(values) * 10**decimals)
    if values:
        whole[max(range(len(values)), key=lambda i: abs(values[i]))] += total - sum(whole)
    texts = [f"{v / 10**decimals:,.{decimals}f}".replace("-", "−") for v in (*whole, total)]
    return texts[:-1], texts[-1]


# --- particles ------------------------------------------------------------------------------------------------------


def particles(
    step: int,
    frames: np.ndarray,
    times: Sequence[float],
    *,
    mode: str = "live",
    previous: Payload | None = None,
    data: np.ndarray | None = None,
) -> Payload:
    """Samples on their way from noise (`times[0]` = 1) to data (`times[-1]` = 0): `frames` (T, n, 2).

    `{step, T, n, frames: q16 (T*n*2), lo, hi, view: {lo, hi}, times, mode}`. The view shows where the samples end (and
    `data`, if given) and their start; pass the last payload as `previous` to keep it steady.
    """
    frames = np.asarray(frames, dtype=np.float64)
    if frames.ndim != 3 or frames.shape[2] != 2 or len(frames) != len(times):
        raise ValueError(f"frames must have the shape (times, n, 2) = ({len(times)}, n, 2), not {frames.shape}")
    ends = frames[[0, -1]].reshape(-1, 2) if len(frames) else frames.reshape(-1, 2)
    seen = ends if data is None else np.concatenate([ends, np.asarray(data, dtype=np.float64)])
    view = steady_range(_view_of(previous) if previous is not None else None, seen)
    coding = coding_range(view, frames.reshape(-1, 2))
    return {
        "step": int(step), "T": frames.shape[0], "n": frames.shape[1], "frames": q16(frames, coding.lo, coding.hi),
        "lo": list(coding.lo), "hi": list(coding.hi), "view": {"lo": list(view.lo), "hi": list(view.hi)},
        "times": [round(float(t), 6) for t in times], "mode": mode,
    }  # fmt: skip


def particles_static(data: np.ndarray, labels: np.ndarray | None = None, label_names: Sequence[str] = ()) -> Payload:
    """The data the samples should look like: `{m, data: q16 (m*2), lo, hi, labels?: u8, label_names}`."""
    data = np.asarray(data, dtype=np.float64).reshape(-1, 2)
    bounds = data_range(data)
    payload = {
        "m": len(data), "data": q16(data, bounds.lo, bounds.hi), "lo": list(bounds.lo), "hi": list(bounds.hi),
        "label_names": [str(name) for name in label_names],
    }  # fmt: skip
    return payload | ({"labels": u8(labels)} if labels is not None else {})
