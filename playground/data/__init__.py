"""The data that models are trained on: `DATASETS` describes them, `load_dataset` loads one.

    data = load_dataset("fashion_mnist")
    data.train.x                # uint8 (10000, 1, 28, 28)
    data.label_names[data.train.labels[0]]

Importing this package costs NumPy only; arrays are read or made when a data set is loaded, and kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache

from playground.data.base import Columns, DataError, Dataset, DatasetInfo, Kind, Split
from playground.data.digits import DIGITS
from playground.data.fashion_mnist import FASHION_MNIST, FASHION_MNIST_FULL
from playground.data.own import shelf
from playground.data.points import POINTS
from playground.data.sprites import SPRITES
from playground.data.wine import WINE

__all__ = ["DATASETS", "Catalogue", "Columns", "DataError", "Dataset", "DatasetInfo", "Kind", "Split", "load_dataset"]

KEPT = 2
"""Loaded data sets that a process keeps of those that people brought; of those that come along it keeps all."""


class Catalogue(Mapping[str, DatasetInfo]):
    """Data sets by name. Those that come along are listed; those that people brought are found as well, by the names that only they know."""

    def __init__(self, listed: Mapping[str, DatasetInfo], fits: Callable[[DatasetInfo], bool] = lambda info: True) -> None:
        self._listed, self._fits = listed, fits

    def __getitem__(self, name: str) -> DatasetInfo:
        info = self._listed.get(name) if isinstance(name, str) else None
        info = info or shelf.info(name)
        if not self._fits(info):
            raise KeyError(name)
        return info

    def offer(self, name: str) -> None:
        """Lists data that were brought, for everybody, if they are of a kind that fits."""
        info = shelf.info(name)
        if self._fits(info):
            self._listed = {**self._listed, name: info}

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._listed)


DATASETS = Catalogue({info.name: info for info in (*POINTS, DIGITS, FASHION_MNIST, SPRITES, WINE, FASHION_MNIST_FULL)})


def load_dataset(name: str) -> Dataset:
    """The data set called `name`, loaded once a process; its arrays are read-only.

    Raises DataError where the name is unknown, or the data are missing or damaged.
    """
    if not isinstance(name, str) or name not in DATASETS:
        raise DataError(f"There is no data set called {name!r}: known ones are {', '.join(DATASETS)}.")
    return _load_own(name) if shelf.NAME.fullmatch(name) else _load(name)


@cache
def _load(name: str) -> Dataset:
    return DATASETS[name].load()


@lru_cache(maxsize=KEPT)
def _load_own(name: str) -> Dataset:
    return DATASETS[name].load()
