"""A small picture of a run, for the list of all: its map, images that it made, or where its particles end."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from playground.data import DataError, load_dataset
from playground.data.contact_sheet import COLOURS
from playground.runtimes.records import RunRecord

WIDTH, HEIGHT = 192, 144
"""Pixels: twice as many as are shown, for sharp screens."""
GAP, LEAST = 2, 28
"""Between two images, and the least side of one."""


def thumbnail(record: RunRecord) -> bytes | None:
    """A WebP file on a transparent ground; None while there is nothing to show."""
    picture = picture_of(record)
    if picture is None:
        return None
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "webp", quality=80)
    return buffer.getvalue()


def picture_of(record: RunRecord) -> np.ndarray | None:
    """What says most of a model, RGBA: a map in two dimensions, the images that it makes, or where its points end."""
    arrays = record.snapshot.arrays if record.snapshot else {}
    if arrays.get("latent", np.zeros((0, 0))).shape[1] == 2:
        return dots(arrays["latent"], labels_of(record, len(arrays["latent"])))
    for name in ("samples", "reconstructions"):
        if name in arrays and arrays[name].ndim == 4:
            return tiles(arrays[name])
    if "trajectory" in arrays:
        return dots(arrays["trajectory"][-1], np.zeros(arrays["trajectory"].shape[1], int))
    return None


def labels_of(record: RunRecord, n: int) -> np.ndarray:
    """Of the held-out examples that a map shows; all alike where the data are gone."""
    try:
        return load_dataset(record.config["dataset"]).test.labels[:n]
    except DataError:
        return np.zeros(n, int)


def dots(points: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Points (n, 2) in the colours of their classes; those far out are left out."""
    low, high = np.percentile(points, [0.5, 99.5], axis=0)
    unit = (points - (low + high) / 2) / max(float((high - low).max()), 1e-9)
    places = np.rint(unit * (HEIGHT - 12) * (1, -1) + (WIDTH / 2, HEIGHT / 2)).astype(int)
    picture = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    palette = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in COLOURS], np.uint8)
    inside = ((places >= 0) & (places < (WIDTH - 2, HEIGHT - 2))).all(1)
    for dx, dy in np.ndindex(3, 3):
        x, y = (places[inside] + (dx - 1, dy - 1)).T
        picture[y, x, :3], picture[y, x, 3] = palette[labels[inside] % len(palette)], 255
    return picture


def tiles(images: np.ndarray) -> np.ndarray:
    """As many as fit of images (n, C, H, W), uint8, enlarged by a whole factor, in rows."""
    n, channels, height, width = images.shape
    factor = max(1, LEAST // height)
    across, down = max(1, WIDTH // (factor * width + GAP)), max(1, HEIGHT // (factor * height + GAP))
    picture = np.zeros((down * (factor * height + GAP), across * (factor * width + GAP), 4), np.uint8)
    for k, image in enumerate(images[: across * down]):
        top, left = (at * (factor * side + GAP) for at, side in zip(divmod(k, across), (height, width)))
        large = image.transpose(1, 2, 0).repeat(factor, 0).repeat(factor, 1)
        picture[top : top + factor * height, left : left + factor * width, :3] = large[..., :3] if channels > 2 else large[..., :1]
        picture[top : top + factor * height, left : left + factor * width, 3] = 255
    return picture
