"""Wine: 178 rows of thirteen measurements, the smallest real table here."""

from __future__ import annotations

from functools import cache

import numpy as np

from playground.data.base import Columns, DataError, DatasetInfo, Split
from playground.data.digits import held_out_of, installed

NAMES = (
    "alcohol",
    "malic acid",
    "ash",
    "alcalinity of ash",
    "magnesium",
    "total phenols",
    "flavanoids",
    "nonflavanoid phenols",
    "proanthocyanins",
    "colour intensity",
    "hue",
    "OD280/OD315",
    "proline",
)
TEST_EVERY = 3
"""Of every cultivar, rows 3, 6, 9, … in the file's order are held out: with so few rows, a smaller share says little."""


@cache
def _table() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All values, float64 (178, 13), their labels and which of them are held out, both (178,)."""
    path = installed("wine_data.csv")
    if path is None:
        raise DataError("The wine data come with scikit-learn, which is not installed: pip install scikit-learn.")
    try:
        rows = np.loadtxt(path, delimiter=",", skiprows=1)
        values, labels = rows[:, : len(NAMES)], rows[:, len(NAMES)].astype(np.int64)
    except (OSError, ValueError, IndexError) as error:
        raise DataError(f"{path} is damaged ({error}): install scikit-learn again.") from None
    return values, labels, held_out_of(labels, TEST_EVERY)


def _columns() -> Columns:
    values, _, held_out = _table()
    return Columns(NAMES, values[~held_out].mean(0), values[~held_out].std(0))


def _read() -> tuple[Split, Split]:
    values, labels, held_out = _table()
    x = _columns().standardised(values)
    return Split(x[~held_out], labels[~held_out]), Split(x[held_out], labels[held_out])


WINE = DatasetInfo(
    "wine",
    "Wine",
    "A table: 178 Italian wines of three cultivars, each as 13 chemical measurements, every column standardised.",
    "S. Aeberhard and M. Forina, Wine, UCI Machine Learning Repository, 1992 (as it comes with scikit-learn).",
    "CC BY 4.0",
    (len(NAMES),),
    ("cultivar 1", "cultivar 2", "cultivar 3"),
    _read,
    lambda: installed("wine_data.csv") is not None,
    columns=_columns,
)
