"""What a data set is: two fixed splits of arrays, and a cheap description to show before they are loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np


class DataError(ValueError):
    """A data set is unknown, missing or damaged. `str(error)` is one sentence a person can act on."""


@dataclass(frozen=True, eq=False)
class Split:
    """N examples in a fixed order."""

    x: np.ndarray
    """Images: uint8, shape (N, C, H, W), 0 is black and 255 is white. Points: float32, shape (N, 2)."""
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
    """Of one example: (C, H, W) or (2,)."""
    label_names: tuple[str, ...]
    train: Split
    test: Split

    @property
    def is_image(self) -> bool:
        return len(self.shape) == 3


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

    @property
    def is_image(self) -> bool:
        return len(self.shape) == 3

    def load(self) -> Dataset:
        """The data set, read or made anew (`load_dataset` keeps it). Raises DataError where missing or damaged."""
        train, test = self.read()
        for split in (train, test):
            for array in (split.x, split.labels, *(split.factors or {}).values()):
                array.flags.writeable = False
        return Dataset(
            self.name, self.title, self.description, self.source, self.licence, self.shape, self.label_names, train, test
        )
