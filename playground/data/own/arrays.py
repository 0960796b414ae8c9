"""Arrays that somebody saved with NumPy: images or points in `.npy` and `.npz`, read without pickle and held against their headers first."""

from __future__ import annotations

import io
import math
import re
import zipfile
import zlib
from typing import BinaryIO

import numpy as np
from numpy.lib import format as npy
from PIL import Image

from playground.data.base import DataError
from playground.data.own.limits import MAX_UNPACKED, MB, MOST_CLASSES, PHOTO_SIDE, SIDES, Wish
from playground.data.own.pictures import LeftOut, fitted

KINDS = "uibf"
"""Whole numbers, truth values and numbers with a point."""
MAX_HEADER = 10_000
LABELS = re.compile(r"label|target|class|^y(_|$)", re.IGNORECASE)
Found = tuple[np.ndarray, np.ndarray | None]


def read_npy(data: bytes) -> np.ndarray:
    """The array in a file. Raises `DataError`, with a sentence."""
    try:
        return _read(io.BytesIO(data), len(data))
    except DataError:
        raise
    except Exception as error:  # its header is Python, parsed by whatever stands there
        raise DataError(f"This .npy file cannot be read ({type(error).__name__}).") from None


def _read(file: BinaryIO, size: int) -> np.ndarray:
    version = npy.read_magic(file)
    header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran, dtype = header(file, max_header_size=MAX_HEADER)
    if dtype.kind not in KINDS or dtype.hasobject:
        raise DataError(f"An array of {str(dtype)[:40]} is refused: it must hold numbers.")
    n = math.prod(shape) * dtype.itemsize
    if not 0 < n <= MAX_UNPACKED or any(not 0 < side < 2**31 for side in shape):
        raise DataError(
            f"An array of shape {str(shape)[:60]} is refused: it must hold something, and {MAX_UNPACKED // MB} MB are the most."
        )
    if n != size - file.tell():
        raise DataError("This array is cut short, or longer than it says.")
    flat = np.frombuffer(file.read(n), dtype)
    return flat.reshape(shape[::-1]).T if fortran else flat.reshape(shape)


def read_npz(data: bytes) -> dict[str, np.ndarray]:
    """All arrays of numbers in a file, by name. Raises `DataError`."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = [entry for entry in archive.infolist() if entry.filename.endswith(".npy")][:20]
        if sum(entry.file_size for entry in entries) > MAX_UNPACKED:
            raise DataError(f"Unpacked, this file is larger than {MAX_UNPACKED // MB} MB, which are the most.")
        found = {}
        for entry in entries:
            with archive.open(entry) as member:
                found[entry.filename.removesuffix(".npy")] = read_npy(member.read(entry.file_size + 1)[: entry.file_size])
        return found
    except DataError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, NotImplementedError, IndexError) as error:
        raise DataError(f"This .npz file cannot be read ({type(error).__name__}).") from None


def chosen(arrays: dict[str, np.ndarray]) -> Found:
    """Of several arrays the examples, and their labels where there are any: train and test parts, one behind the other. Raises `DataError`."""
    labels = {name: array for name, array in arrays.items() if array.ndim == 1 and array.dtype.kind in "ui"}
    examples = {name: array for name, array in arrays.items() if array.ndim >= 2}
    if not examples:
        raise DataError(
            f"There is no array of examples in it, only {describe(arrays)}: images are (N, H, W), (N, H, W, 3) or (N, 3, H, W), points (N, 2)."
        )
    largest = max(examples.values(), key=lambda array: array.size)
    parts = [array for array in examples.values() if array.shape[1:] == largest.shape[1:] and array.dtype == largest.dtype]
    matching = [
        next((each for name, each in labels.items() if len(each) == len(part) and (LABELS.search(name) or len(labels) == 1)), None)
        for part in parts
    ]
    known = [each for each in matching if each is not None]
    return np.concatenate(parts), np.concatenate(known) if len(known) == len(parts) else None


def describe(arrays: dict[str, np.ndarray]) -> str:
    """ "x (1000, 28, 28)" and the like."""
    return ", ".join(f"{name[:20]} {array.shape}" for name, array in list(arrays.items())[:5]) or "nothing"


def form_of(x: np.ndarray, wish: Wish) -> tuple[int, bool]:
    """The side, and whether in colour, that images (N, H, W, 1 or 3) are to have."""
    _, height, width, channels = x.shape
    own = max((side for side in SIDES if side <= min(height, width)), default=SIDES[0])
    return wish.side or min(
        own, PHOTO_SIDE if min(height, width) > SIDES[-1] else own
    ), channels == 3 if wish.colour is None else wish.colour


def as_images(x: np.ndarray, side: int, colour: bool, crop: bool) -> np.ndarray:
    """uint8 (N, 1 or 3, side, side) of images (N, H, W, 1 or 3). Raises `DataError`."""
    x = as_bytes(x)
    if x.shape[1:3] == (side, side) and colour == (x.shape[3] == 3):
        return np.ascontiguousarray(x.transpose(0, 3, 1, 2))
    pictures = (Image.fromarray(picture if len(picture.T) == 3 else picture[..., 0]) for picture in x)
    squares = [np.asarray(fitted(picture, side, crop).convert("RGB" if colour else "L")) for picture in pictures]
    return np.ascontiguousarray(np.stack(squares).reshape(len(x), side, side, -1).transpose(0, 3, 1, 2))


def channels_last(x: np.ndarray) -> np.ndarray:
    """(N, H, W, 1 or 3). Raises `DataError`."""
    if x.ndim == 3:
        return x[..., None]
    if x.ndim == 4 and x.shape[3] in (1, 3):
        return x
    if x.ndim == 4 and x.shape[1] in (1, 3):
        return x.transpose(0, 2, 3, 1)
    raise DataError(f"An array of shape {x.shape} is refused: images are (N, H, W), (N, H, W, 3) or (N, 3, H, W).")


def as_bytes(x: np.ndarray) -> np.ndarray:
    """0 to 255. Numbers with a point may run from 0 to 1, from −1 to 1 or from 0 to 255, whole ones from 0 to 255 or to 65,535. Raises `DataError`."""
    if x.dtype == np.uint8:
        return x
    if x.dtype == bool:
        return x.astype(np.uint8) * np.uint8(255)
    low, high = float(x.min()), float(x.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise DataError("Some pixels are not finite numbers.")
    whole = x.dtype.kind in "ui"
    for bottom, top in ((0, 255), (0, 65_535)) if whole else ((0, 1), (-1, 1), (0, 255)):
        if bottom <= low and high <= top:
            return np.rint((x.astype(np.float32) - bottom) * (255 / (top - bottom))).astype(np.uint8)
    raise DataError(f"Pixels from {low:g} to {high:g} are refused: they must be from 0 to 1, from −1 to 1 or from 0 to 255.")


def class_labels(labels: np.ndarray | None, n: int, left_out: LeftOut) -> tuple[np.ndarray, tuple[str, ...]]:
    """Labels counted from 0, int64 (n,), and their names."""
    values = np.unique(labels) if labels is not None else np.zeros(1)
    if labels is None or len(labels) != n or len(values) > MOST_CLASSES:
        if labels is not None:
            left_out.add(f"labels that do not fit the examples, or name more than {MOST_CLASSES} classes", n=len(labels))
        return np.zeros(n, np.int64), ("all",)
    return np.searchsorted(values, labels).astype(np.int64), tuple(str(value) for value in values)
