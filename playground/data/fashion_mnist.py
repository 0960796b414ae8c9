"""Fashion-MNIST: pictures of clothes, 28 x 28. A part of it comes with the project; all of it is used where installed.

The part is made by `build_fashion_mnist.py`. The whole is read from the four IDX files of the official distribution,
packed or not, in the directory that the variable PLAYGROUND_FASHION_MNIST names, or else where Debian's package
`dataset-fashion-mnist` puts them.
"""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path

import numpy as np

from playground.data.base import DataError, DatasetInfo, Split

ASSET = Path(__file__).resolve().parents[2] / "assets" / "fashion_mnist_12k.npz"
VARIABLE = "PLAYGROUND_FASHION_MNIST"
DEBIAN_DIRECTORY = Path("/usr/share/datasets/fashion-mnist")
FILES = {"train": "train", "test": "t10k"}
"""What the official files of each split are called."""
LABEL_NAMES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")


def official_directory() -> Path:
    """Where the whole of Fashion-MNIST is looked for."""
    return Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else DEBIAN_DIRECTORY


def read_official(directory: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 (N, 28, 28) and labels uint8 (N,) of `split`, "train" or "test". Raises DataError."""
    images = read_idx(_official_file(directory, split, "images-idx3-ubyte"))
    labels = read_idx(_official_file(directory, split, "labels-idx1-ubyte"))
    if images.shape[1:] != (28, 28) or labels.shape != (len(images),) or labels.max(initial=0) > 9:
        raise DataError(f"The {split} files in {directory} are not Fashion-MNIST: {images.shape} and {labels.shape}.")
    return images, labels


def read_idx(path: Path) -> np.ndarray:
    """The array in an IDX file of bytes: 0, 0, 8, number of axes, their lengths (big-endian int32), the values."""
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read: {error}.") from None
    n_axes = data[3] if data[:3] == b"\0\0\x08" and len(data) > 3 else 0
    start = 4 + 4 * n_axes
    shape = tuple(np.frombuffer(data[4:start], dtype=">i4").tolist()) if n_axes and len(data) >= start else ()
    if not shape or min(shape) < 1 or len(data) - start != np.prod(shape, dtype=object):
        raise DataError(f"{path} is not a whole IDX file of bytes.")
    return np.frombuffer(data, dtype=np.uint8, offset=start).reshape(shape)


def _official_file(directory: Path, split: str, kind: str) -> Path:
    packed = directory / f"{FILES[split]}-{kind}.gz"
    plain = packed.with_suffix("")
    if not packed.is_file() and not plain.is_file():
        raise DataError(
            f"The whole of Fashion-MNIST is not in {directory} ({packed.name} is missing): install Debian's package "
            f"dataset-fashion-mnist, or set {VARIABLE} to a directory with its four official IDX files."
        )
    return packed if packed.is_file() else plain


def _official_available() -> bool:
    try:
        for split in FILES:
            _official_file(official_directory(), split, "images-idx3-ubyte")
            _official_file(official_directory(), split, "labels-idx1-ubyte")
    except (DataError, OSError):
        return False
    return True


def _read_full() -> tuple[Split, Split]:
    train, test = (_split(*read_official(official_directory(), split)) for split in FILES)
    return train, test


def _read_shipped() -> tuple[Split, Split]:
    try:
        with np.load(ASSET, allow_pickle=False) as arrays:
            train, test = (_split(arrays[f"{split}_images"], arrays[f"{split}_labels"]) for split in FILES)
    except FileNotFoundError:
        raise DataError(
            f"{ASSET.name} is missing from {ASSET.parent}: make it with python -m playground.data.build_fashion_mnist."
        ) from None
    except Exception as error:  # what zipfile and NumPy raise for damaged files is no closed list
        raise DataError(f"{ASSET} is damaged ({error}): fetch it again from the project.") from None
    return train, test


def _split(images: np.ndarray, labels: np.ndarray) -> Split:
    return Split(images[:, None], labels.astype(np.int64))


SOURCE = "H. Xiao, K. Rasul and R. Vollgraf, Fashion-MNIST, 2017, github.com/zalandoresearch/fashion-mnist"
LICENCE = "MIT, Copyright 2017 Zalando SE"

FASHION_MNIST = DatasetInfo(
    "fashion_mnist",
    "Fashion-MNIST",
    "12,000 grey pictures of ten kinds of clothes, 28 x 28 pixels: 1,000 of each kind to learn from, 200 held out.",
    f"{SOURCE} (a part, balanced by class).",
    LICENCE,
    (1, 28, 28),
    LABEL_NAMES,
    _read_shipped,
    ASSET.is_file,
)
FASHION_MNIST_FULL = DatasetInfo(
    "fashion_mnist_full",
    "Fashion-MNIST (all)",
    "All 70,000 pictures of Fashion-MNIST, with its official split, where they are installed.",
    f"{SOURCE}.",
    LICENCE,
    (1, 28, 28),
    LABEL_NAMES,
    _read_full,
    _official_available,
)
