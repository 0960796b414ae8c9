"""Tables: rows of numbers, and for each perhaps the class that it is of.

A file is read as text first, and each column taken for what most of it is: numbers, in which a word counts as missing, or words. Which column
names the classes is chosen, or guessed by its name, its words, or by its being a few whole numbers at the end.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from playground.data.base import DataError
from playground.data.own.arrays import LABELS
from playground.data.own.files import shown
from playground.data.own.limits import MAX_ROWS, MB, MOST_CLASSES, NO_LABELS
from playground.data.own.pictures import LeftOut

if TYPE_CHECKING:
    import pandas as pd

MAX_TABLE = 32 * MB
MOST_READ = 200
"""Columns that are looked at."""
NUMERIC = 0.5
"""A column is one of numbers where so large a share of what stands in it can be read as one."""
FEW = 12
"""Whole numbers that the last column may have, to be taken for labels without a name that says so."""


@dataclass(frozen=True)
class Table:
    """What is in a table."""

    x: np.ndarray
    """float64 (N, D)."""
    labels: np.ndarray | None
    """The class of each row, as text."""
    names: list[str]
    """Of the D columns."""
    told: str = ""
    """Which column the classes are those of, in a sentence."""


def read_table(data: bytes, left_out: LeftOut, labels: str = "") -> Table:
    """The rows in which every number is there and finite; `labels` is as in `Wish`. Raises `DataError`."""
    frame = _read(data)
    if frame.shape[1] > MOST_READ:
        raise DataError(f"This table has {frame.shape[1]:,} columns: up to {MOST_READ} are read.")
    frame.columns = [str(name).strip() for name in frame.columns]
    frame = frame.dropna(axis="columns", how="all")
    numbers = {i: values for i in range(frame.shape[1]) if (values := _numbers(frame.iloc[:, i])) is not None}
    classes, guessed = _class_column(frame, numbers, labels)
    sparse = [i for i, values in numbers.items() if i != classes and np.isfinite(values).mean() < NUMERIC]
    for i in range(frame.shape[1]):
        if i != classes and (i in sparse or i not in numbers):
            why = "a column of which more than half is missing" if i in sparse else "a column that is no numbers"
            left_out.add(why, shown(str(frame.columns[i])))
    used = [i for i in numbers if i != classes and i not in sparse]
    x = np.stack([numbers[i] for i in used], axis=1) if used else np.empty((len(frame), 0))
    whole = np.isfinite(x).all(1) if x.size else np.zeros(len(x), bool)
    if not whole.all():
        left_out.add("a number is missing, or not finite", n=int((~whole).sum()))
    words = None if classes is None else _words(frame.iloc[:, classes], numbers.get(classes))[whole]
    told = f"Classes are those of the column {shown(str(frame.columns[classes]))}{guessed}." if classes is not None else ""
    return Table(x[whole], words, [shown(str(frame.columns[i])) for i in used], told)


def _read(data: bytes) -> pd.DataFrame:
    """All cells as text, those that are empty as missing. Raises `DataError`."""
    import pandas as pd  # it takes a quarter of a second

    try:
        text = data.decode("utf-8-sig")
        first = text.lstrip().partition("\n")[0]
        sep = max(",;\t", key=first.count)
        words = [word.strip() for word in (first.split(sep) if sep in first else first.split())]
        header = None if all(is_number(word) for word in words if word) else "infer"
        frame = pd.read_csv(io.StringIO(text), sep=sep if sep in first else r"\s+", nrows=MAX_ROWS, header=header, dtype=str)
    except UnicodeDecodeError:
        raise DataError("This table is no text in UTF-8.") from None
    except Exception as error:  # whatever pandas makes of what anybody may have written
        raise DataError(f"This table cannot be read ({shown(str(error)) or type(error).__name__}).") from None
    if header is None:
        frame.columns = [f"column {i + 1}" for i in range(frame.shape[1])]
    return frame


def _numbers(column: pd.Series) -> np.ndarray | None:
    """float64, NaN for what is missing or no number; None for a column that is no numbers."""
    import pandas as pd

    there = column.notna()
    values = np.asarray(pd.to_numeric(column, errors="coerce"), np.float64)
    return values if np.isfinite(values[there]).mean() > NUMERIC else None


def _class_column(frame: pd.DataFrame, numbers: dict[int, np.ndarray], wanted: str) -> tuple[int | None, str]:
    """The place of the column that names the classes, and a word on whether it was guessed. Raises `DataError` for one that is not there."""
    names = [str(name) for name in frame.columns]
    if wanted == NO_LABELS:
        return None, ""
    if wanted:
        found = [i for i, name in enumerate(names) if name.casefold() == wanted.strip().casefold()]
        if not found:
            raise DataError(f"There is no column {shown(wanted)}: there are {shown(', '.join(names[:20]))}.")
        return found[0], ""
    few = [i for i in range(len(names)) if 2 <= frame.iloc[:, i].nunique() <= MOST_CLASSES]
    texts = [i for i in few if i not in numbers]
    whole = [i for i in few if i in numbers and _is_whole(numbers[i])] if len(numbers) > 2 else []
    named = [i for i in (*texts, *whole) if LABELS.search(names[i])]
    last = [i for i in whole if i == len(names) - 1 and frame.iloc[:, i].nunique() <= FEW]
    return next(((i, " (guessed)") for i in (*named, *texts, *last)), (None, ""))


def _is_whole(values: np.ndarray) -> bool:
    there = values[np.isfinite(values)]
    return bool((there == np.rint(there)).all()) and len(there) > 0


def _words(column: pd.Series, values: np.ndarray | None) -> np.ndarray:
    """Each cell as a short text, whole numbers without a point."""
    if values is not None and _is_whole(values):
        return np.array(["" if not np.isfinite(value) else str(int(value)) for value in values])
    return column.fillna("").map(shown).to_numpy()


def is_number(word: str) -> bool:
    """Whether this can be read as a number."""
    try:
        float(word)
    except ValueError:
        return False
    return True
