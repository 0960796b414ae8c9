"""Dots in the plane: the latent map and the particles, with what is sent of them once a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from playground.data.sheets import data_url, thumbnail_sheet
from playground.views.codec import f32, q16, u8, unit_to_bytes
from playground.views.images import Payload
from playground.views.ranges import Range, coding_range, data_range, steady_range


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
    shown: str = "raw",
    previous: Payload | None = None,
) -> Payload:
    """Where the encoder puts each example: `points` (n, 2) or (n, 3), or (n, 1) with heights that only spread the dots.

    Part of `LatentMap` in `shapes.py`: `lo`/`hi` decode the positions,
    which are interleaved x, y(, z): as many as `lo` has numbers; `view` is what the axes show. Pass the last payload as
    `previous` and the axes stay put as long as they fit and the same projection is `shown`. What `Place.payload` in
    `places.py` says of the projection comes on top.
    """
    points = np.asarray(points, dtype=np.float64)
    if points.ndim == 1:
        points = points[:, None]
    if points.ndim != 2 or points.shape[1] not in (1, 2, 3):
        raise ValueError(f"a latent map needs points of shape (n, 1), (n, 2) or (n, 3), not {points.shape}")
    dims = points.shape[1]
    if dims == 1:
        points = np.column_stack([points[:, 0], spread(len(points))])
        title = f"{title} (one number per image; the height only spreads the dots)".strip()
        axes = (axes[0], "height means nothing")
    same = previous is not None and (previous.get("dims"), previous.get("shown")) == (dims, shown)
    old = _view_of(previous) if previous is not None and same else None
    view = steady_range(old, points)
    if dims == 1:
        view = Range((view.lo[0], -3.0), (view.hi[0], 3.0))
    if prior:
        view = _with_prior(view, dims)
    coding = coding_range(view, points)
    return {
        "step": int(step),
        "n": len(points),
        "points": q16(points, coding.lo, coding.hi),
        "lo": list(coding.lo),
        "hi": list(coding.hi),
        "view": {"lo": list(view.lo), "hi": list(view.hi)},
        "dims": dims,
        "prior": bool(prior),
        "axes": list(axes),
        "title": title,
        "shown": shown,
    }


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
    factors: Mapping[str, tuple[np.ndarray, str]] | None = None,
    rows: bool = False,
) -> Payload:
    """What the dots are, sent once a run: labels, known factors of variation, and thumbnails for the hover.

    `LatentMapStatic` in `shapes.py`; `images` is (n, 1 or 3, h, w) or (n, h, w), bytes or 0..1, in the order of the points;
    `factors` are values (n,) and their unit, by name; of `rows` of a table they are its columns.
    """
    payload: Payload = {"labels": u8(labels), "label_names": [str(name) for name in label_names]}
    if rows:
        payload["rows"] = True
    if factors:
        payload["factors"] = [{"name": name, "unit": unit, "values": f32(values)} for name, (values, unit) in factors.items()]
    if images is not None and len(images):
        sheet, tile, columns = thumbnail_sheet(unit_to_bytes(with_channels(images)))
        payload |= {"sheet": data_url(sheet), "tile": list(tile), "columns": columns}
    return payload


def with_channels(images: np.ndarray) -> np.ndarray:
    """(n, 1 or 3, h, w)."""
    images = np.asarray(images)
    return images[:, None] if images.ndim == 3 else images


def particles(
    step: int,
    frames: np.ndarray,
    times: Sequence[float] | np.ndarray,
    *,
    mode: str = "live",
    previous: Payload | None = None,
    data: np.ndarray | None = None,
) -> Payload:
    """Samples on their way from noise (`times[0]` = 1) to data (`times[-1]` = 0): `frames` (T, n, 2).

    `Particles` in `shapes.py`. The view shows where the samples end (and
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
        "step": int(step),
        "T": frames.shape[0],
        "n": frames.shape[1],
        "frames": q16(frames, coding.lo, coding.hi),
        "lo": list(coding.lo),
        "hi": list(coding.hi),
        "view": {"lo": list(view.lo), "hi": list(view.hi)},
        "times": [round(float(t), 6) for t in times],
        "mode": mode,
    }


def particles_static(data: np.ndarray, labels: np.ndarray | None = None, label_names: Sequence[str] = ()) -> Payload:
    """The data the samples should look like: `ParticlesStatic` in `shapes.py`."""
    data = np.asarray(data, dtype=np.float64).reshape(-1, 2)
    bounds = data_range(data)
    payload = {
        "m": len(data),
        "data": q16(data, bounds.lo, bounds.hi),
        "lo": list(bounds.lo),
        "hi": list(bounds.hi),
        "label_names": [str(name) for name in label_names],
    }
    return payload | ({"labels": u8(labels)} if labels is not None else {})
