"""What a data set is: two fixed splits of arrays, and a cheap description to show before they are loaded."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from playground.data import strips
from playground.data.mixture import Mixture

Kind = Literal["images", "points", "table"]
"""Pictures; points in the plane; rows of several numbers."""


class DataError(ValueError):
    """A data set is unknown, missing or damaged. `str(error)` is one sentence a person can act on."""


@dataclass(frozen=True, eq=False)
class Columns:
    """The columns of a table, and how each was standardised: `x = (value - mean) / std`, with those of the training rows."""

    names: tuple[str, ...]
    mean: np.ndarray
    """float64, shape (D,), in the units of the table."""
    std: np.ndarray
    """float64, shape (D,)."""

    def standardised(self, values: np.ndarray) -> np.ndarray:
        """float32, (N, D), of values in the units of the table."""
        return ((np.asarray(values, np.float64) - self.mean) / self.std).astype(np.float32)

    def values(self, x: np.ndarray) -> np.ndarray:
        """float64, (N, D), in the units of the table, of what a model sees or makes."""
        return np.asarray(x, np.float64) * self.std + self.mean


@dataclass(frozen=True, eq=False)
class Split:
    """N examples in a fixed order."""

    x: np.ndarray
    """Images: uint8, shape (N, C, H, W), 0 is black and 255 is white. Points: float32, shape (N, 2). A table: float32, shape (N, D), each
    column standardised."""
    labels: np.ndarray
    """int64, shape (N,): an index into `label_names`."""
    factors: dict[str, np.ndarray] | None = None
    """Known factors of variation, each of shape (N,); only where we drew the data ourselves."""

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A loaded data set. Its arrays are shared by everyone who loads it, and therefore read-only."""

    name: str
    title: str
    description: str
    source: str
    licence: str
    shape: tuple[int, ...]
    """Of one example: (C, H, W), (2,) or, of a table, (D,)."""
    label_names: tuple[str, ...]
    train: Split
    test: Split
    density: Mixture | None = None
    """Of which the points were drawn, where that is known exactly."""
    columns: Columns | None = None
    """Of a table."""

    @property
    def is_image(self) -> bool:
        return self.kind == "images"

    @property
    def kind(self) -> Kind:
        """Latents, which are no table, count as points."""
        return kind_of(self.shape, self.columns)

    def pictures(self, x: np.ndarray) -> np.ndarray:
        """How examples are shown, uint8 (N, C, H, W): images as they are, rows of a table as bars (`strips.bars`)."""
        return x if self.is_image else strips.bars(x)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of all examples and labels, with their shapes and types: data that changed under the same name have another."""
        digest = hashlib.sha256()
        for array in (self.train.x, self.train.labels, self.test.x, self.test.labels):
            digest.update(f"{array.shape} {array.dtype.str}".encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


@dataclass(frozen=True)
class DatasetInfo:
    """What is known of a data set before its arrays are loaded."""

    name: str
    title: str
    description: str
    source: str
    licence: str
    shape: tuple[int, ...]
    label_names: tuple[str, ...]
    read: Callable[[], tuple[Split, Split]] = field(repr=False)
    """Makes or reads the train and the test split."""
    available: Callable[[], bool] = field(default=lambda: True, repr=False)
    """Whether `load` can be expected to work here; costs a look at the disk at most."""
    density: Mixture | None = None
    """Of which the points were drawn, where that is known exactly."""
    columns: Callable[[], Columns] | None = field(default=None, repr=False)
    """Of a table: tells them."""

    @property
    def is_image(self) -> bool:
        return self.kind == "images"

    @property
    def kind(self) -> Kind:
        return kind_of(self.shape, self.columns)

    def load(self) -> Dataset:
        """The data set, read or made anew (`load_dataset` keeps it). Raises DataError where missing or damaged."""
        train, test = self.read()
        for split in (train, test):
            for array in (split.x, split.labels, *(split.factors or {}).values()):
                array.flags.writeable = False
        about = (self.name, self.title, self.description, self.source, self.licence, self.shape, self.label_names)
        return Dataset(*about, train, test, self.density, self.columns and self.columns())


def kind_of(shape: tuple[int, ...], columns: object | None) -> Kind:
    """Which kind of data examples of this shape are."""
    return "images" if len(shape) == 3 else "points" if columns is None else "table"
