"""Many small pictures in one file: what a page needs to show a picture for any point without asking again."""

from __future__ import annotations

import base64
import io
import math

import numpy as np

LARGEST_SIDE = 16_383
"""Pixels; what the WebP format allows."""


def pixels_of(images: np.ndarray) -> np.ndarray:
    """Images as a page takes them, one dot after the other: (n, 1, h, w) -> (n, h, w), and (n, 3, h, w) -> (n, h, w, 3)."""
    return images[:, 0] if images.shape[1] == 1 else np.ascontiguousarray(np.moveaxis(images, 1, -1))


def tile(images: np.ndarray, columns: int) -> np.ndarray:
    """`images`, uint8 (N, C, H, W), in reading order on a sheet, uint8 (rows * H, columns * W, C); spare places 0."""
    n, channels, height, width = images.shape
    rows = math.ceil(n / columns)
    places = np.zeros((rows * columns, channels, height, width), dtype=np.uint8)
    places[:n] = images
    sheet = places.reshape(rows, columns, channels, height, width).transpose(0, 3, 1, 4, 2)
    return sheet.reshape(rows * height, columns * width, channels)


def thumbnail_sheet(images: np.ndarray, columns: int | None = None) -> tuple[bytes, tuple[int, int], int]:
    """One lossless picture with all of `images`, uint8 (N, C, H, W) with C = 1 (grey) or 3 (RGB).

    Returns the file (WebP, or PNG where Pillow has no WebP), a tile's (width, height) in pixels, and the number of
    columns: image i is in column `i % columns` of row `i // columns`. Without `columns` the sheet is about square.
    Raises ValueError where the images have another form or do not fit.
    """
    from PIL import Image, features  # here, so that loading data costs NumPy only

    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1] not in (1, 3) or 0 in images.shape:
        raise ValueError(f"Images must be uint8 (N, 1 or 3, H, W), not {images.dtype} {images.shape}.")
    n, _, height, width = images.shape
    columns = columns or math.ceil(math.sqrt(n * height / width))
    if columns < 1 or columns * width > LARGEST_SIDE or math.ceil(n / columns) * height > LARGEST_SIDE:
        raise ValueError(f"{n} images of {width} x {height} pixels in {columns} columns do not fit on one sheet.")
    sheet = Image.fromarray(tile(images, columns).squeeze(2) if images.shape[1] == 1 else tile(images, columns))
    buffer = io.BytesIO()
    if features.check("webp"):
        sheet.save(buffer, "WEBP", lossless=True, quality=0, method=1)  # slower efforts save 1 % at most
    else:
        sheet.save(buffer, "PNG")
    return buffer.getvalue(), (width, height), columns


def data_url(picture: bytes) -> str:
    """A WebP or PNG file as a `data:` URL, for an `src` attribute or a canvas."""
    kind = "png" if picture.startswith(b"\x89PNG") else "webp"
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"
