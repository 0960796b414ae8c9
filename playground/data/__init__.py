"""The data that models are trained on: `DATASETS` describes them, `load_dataset` loads one.

    data = load_dataset("fashion_mnist")
    data.train.x                # uint8 (10000, 1, 28, 28)
    data.label_names[data.train.labels[0]]

Importing this package costs NumPy only; arrays are read or made when a data set is loaded, and kept.
"""

from __future__ import annotations

from functools import cache

from playground.data.base import DataError, Dataset, DatasetInfo, Split
from playground.data.digits import DIGITS
from playground.data.fashion_mnist import FASHION_MNIST, FASHION_MNIST_FULL
from playground.data.points import POINTS
from playground.data.sprites import SPRITES

__all__ = ["DATASETS", "DataError", "Dataset", "DatasetInfo", "Split", "load_dataset"]

DATASETS: dict[str, DatasetInfo] = {info.name: info for info in (*POINTS, DIGITS, FASHION_MNIST, SPRITES, FASHION_MNIST_FULL)}


def load_dataset(name: str) -> Dataset:
    """The data set called `name`, loaded once a process; its arrays are read-only.

    Raises DataError where the name is unknown, or the data are missing or damaged.
    """
    if not isinstance(name, str) or name not in DATASETS:
        raise DataError(f"There is no data set called {name!r}: known ones are {', '.join(DATASETS)}.")
    return _load(name)


@cache
def _load(name: str) -> Dataset:
    return DATASETS[name].load()
