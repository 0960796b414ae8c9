"""What a run looks like at a moment, as pictures of one size all through its film: what its model makes, or its map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from playground.features.take_away.pictures import dots, tiles, window_of
from playground.measures.projection import pca
from playground.runs.events import Snapshot
from playground.runtimes.records import RunRecord
from playground.views.thumbnail import labels_of

SIDE = 360
"""Pixels of a picture of points."""
SHOWN = 32
"""Images in a picture."""
LEAST = 56
"""Pixels of an image, at least, once it is enlarged."""


@dataclass(frozen=True)
class Scene:
    """One way to look at all moments of a run."""

    title: str
    draw: Callable[[Snapshot], np.ndarray]
    """(height, width, 3), uint8, of the same size for each moment."""


def scenes(record: RunRecord) -> list[Scene]:
    """Those that there are for a run, what its model makes first; none before its first picture."""
    moments = moments_of(record)
    if not moments:
        return []
    last, found = moments[-1].arrays, []
    if "trajectory" in last:
        found.append(points_scene(moments))
    if "samples" in last:
        found.append(Scene("samples", lambda moment: picture(moment.arrays["samples"])))
    if "reconstructions" in last:
        found.append(Scene("held-out images and, below them, what comes back", pairs))
    if "latent" in last:
        found.append(map_scene(record, moments))
    return found


def moments_of(record: RunRecord) -> list[Snapshot]:
    """The moments that are kept of a run, oldest first."""
    kept = list(record.moments.snapshots) if record.moments else []
    return kept or ([record.snapshot] if record.snapshot else [])


def picture(images: np.ndarray) -> np.ndarray:
    """Some images (n, C, H, W) in rows of eight."""
    return tiles(images[:SHOWN], 8, factor_of(images))


def pairs(moment: Snapshot) -> np.ndarray:
    """Originals above reconstructions."""
    originals, back = moment.arrays["originals"], moment.arrays["reconstructions"]
    return tiles(np.concatenate([originals, back]), len(originals), factor_of(originals))


def factor_of(images: np.ndarray) -> int:
    """How many times as large images are drawn as they are."""
    return max(1, LEAST // images.shape[2])


def points_scene(moments: list[Snapshot]) -> Scene:
    """Where the samples of points end."""
    window = window_of(moments[-1].arrays["trajectory"][-1])
    return Scene("samples", lambda moment: dots(moment.arrays["trajectory"][-1], None, window, SIDE))


def map_scene(record: RunRecord, moments: list[Snapshot]) -> Scene:
    """The codes of held-out images, in the colours of their classes."""
    labels, window = labels_of(record, len(moments[-1].arrays["latent"])), window_of(plane(moments[-1], moments[-1]))
    return Scene("latent map", lambda moment: dots(plane(moment, moments[-1]), labels, window, SIDE))


def plane(moment: Snapshot, last: Snapshot) -> np.ndarray:
    """Codes (n, d) in the plane: in two dimensions as they are, of more along the two principal axes of the last moment, of one
    against the number of the image."""
    codes, end = moment.arrays["latent"], last.arrays["latent"]
    if codes.shape[1] == 1:
        return np.stack([codes[:, 0], np.linspace(codes.min(), codes.max() + 1e-6, len(codes))], axis=1)
    if codes.shape[1] == 2:
        return codes
    found = pca(end)
    return (codes - found.mean) @ found.axes
