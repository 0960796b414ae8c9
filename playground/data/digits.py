"""Handwritten digits, 8 x 8: small enough for a model to learn in seconds."""

from __future__ import annotations

import gzip
import importlib.util
import zlib
from pathlib import Path

import numpy as np

from playground.data.base import DataError, DatasetInfo, Split

TEST_EVERY = 5
"""Of every class, examples 5, 10, 15, ... in the file's order are held out."""


def installed(name: str) -> Path | None:
    """Where scikit-learn keeps one of its data files; None where it is not installed.

    `sklearn.datasets` would read it for us, but importing that takes 2 s and pulls in SciPy; finding the
    package without importing it and parsing the file takes 0.04 s.
    """
    spec = importlib.util.find_spec("sklearn")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "datasets" / "data" / name
    return path if path.is_file() else None


def _file() -> Path | None:
    """The digits: 8 x 8 values and a label a line, as comma-separated text."""
    return installed("digits.csv.gz")


def _read() -> tuple[Split, Split]:
    path = _file()
    if path is None:
        raise DataError("The digits come with scikit-learn, which is not installed: pip install scikit-learn.")
    try:
        with gzip.open(path, "rt", encoding="ascii") as lines:
            table = np.loadtxt(lines, delimiter=",", dtype=np.float64)
        x, labels = table[:, :64].reshape(-1, 1, 8, 8), table[:, 64].astype(np.int64)
    except (OSError, EOFError, ValueError, IndexError, zlib.error) as error:
        raise DataError(f"{path} is damaged ({error}): install scikit-learn again.") from None
    x = np.rint(x * (255 / 16)).astype(np.uint8)  # the file counts 0..16 dark pixels in each 4 x 4 block
    held_out = held_out_of(labels)
    return Split(x[~held_out], labels[~held_out]), Split(x[held_out], labels[held_out])


def held_out_of(labels: np.ndarray, every: int = TEST_EVERY) -> np.ndarray:
    """Marks one in `every` examples of each class; no random numbers, so the split never changes."""
    mask = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        mask[np.flatnonzero(labels == label)[every - 1 :: every]] = True
    return mask


DIGITS = DatasetInfo(
    "digits",
    "Digits",
    "1,797 handwritten digits of 8 x 8 pixels: the smallest real images here, learned in seconds.",
    "E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998 "
    "(the test part, as it comes with scikit-learn).",
    "CC BY 4.0",
    (1, 8, 8),
    tuple("0123456789"),
    _read,
    lambda: _file() is not None,
)
