"""From the files that somebody brought, or from what somebody drew, to a data set that every tab can use."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from playground.data.base import Columns, DataError, Split
from playground.data.mixture import Mixture
from playground.data.own import arrays, pictures
from playground.data.own.files import File, contents, on_disk, opened, shown
from playground.data.own.limits import MAX_UNPACKED, MOST_COLUMNS, Wish
from playground.data.own.pictures import LeftOut
from playground.data.own.shelf import Brought
from playground.data.own.table import MAX_TABLE, read_table

ARRAYS, TABLES = (".npy", ".npz"), (".csv", ".tsv", ".txt")
HELD_OUT, MOST_HELD_OUT = 6, 2_000
"""One example of so many is held out, and no more than this."""
N_DRAWN = (40_000, 2_000)
"""Points that are drawn of a density, to train on and held out."""
MOST_DABS = 2_000
KNOWN = ", ".join((*pictures.ENDINGS, *ARRAYS, *TABLES, ".zip"))


@dataclass
class Prepared:
    """A data set, and what was left out of it."""

    data: Brought
    left_out: list[str] = field(default_factory=list)


def prepared(where: Path, title: str, wish: Wish, arrived: bool = True) -> Prepared:
    """The data set in a folder or, where it has `arrived`, in what came as one body (see `files.opened`), else in a file. Raises `DataError`."""
    files = opened(where) if arrived and not where.is_dir() else on_disk(where)
    left_out = LeftOut()
    special = [file for file in files if file.ending in (*ARRAYS, *TABLES)]
    drawn = [file for file in files if file.ending in pictures.ENDINGS]
    if not special and not drawn:
        raise DataError(f"There is nothing in it that can be read here, such as {KNOWN}; the first file is {files[0].name}.")
    title = shown(title.strip()) or shown(Path(files[0].path.parts[0]).stem) or "Own data"
    if drawn or len(special) > 1:
        made = of_pictures(files, title, wish, left_out)
    else:
        made = (
            of_arrays(special[0], title, wish, left_out)
            if special[0].ending in ARRAYS
            else of_table(special[0], title, wish, left_out)
        )
    return Prepared(made, left_out.told())


def of_pictures(files: list[File], title: str, wish: Wish, left_out: LeftOut) -> Brought:
    """Pictures, whose folders are their classes."""
    x, labels, names = pictures.gathered(files, wish, left_out)
    return images(title, x, labels, names, f"{len(x):,} pictures that somebody brought")


def of_arrays(file: File, title: str, wish: Wish, left_out: LeftOut) -> Brought:
    """One NumPy file: images, points in the plane, or a table."""
    data = whole(file, MAX_UNPACKED)
    x, labels = arrays.chosen({"the array": arrays.read_npy(data)} if file.ending == ".npy" else arrays.read_npz(data))
    pictures.check_number(len(x), "examples", left_out)
    if x.ndim == 2:
        numbers, names = arrays.class_labels(labels, len(x), left_out)
        return rows(title, x, numbers, names, [f"column {i + 1}" for i in range(x.shape[1])], left_out)
    x = arrays.channels_last(x)
    side, colour = arrays.form_of(x, wish)
    index = pictures.within(len(x), side, colour, left_out)
    numbers, names = arrays.class_labels(labels, len(x), left_out)
    return images(title, arrays.as_images(x[index], side, colour, wish.crop), numbers[index], names, "Arrays that somebody brought")


def of_table(file: File, title: str, wish: Wish, left_out: LeftOut) -> Brought:
    """A table: two columns of numbers are points in the plane."""
    table = read_table(whole(file, MAX_TABLE), left_out, wish.labels)
    labels, names = pictures.classes(list(table.labels) if table.labels is not None else ["all"] * len(table.x), left_out)
    return rows(title, table.x, labels, names, table.names, left_out, table.told)


def whole(file: File, limit: int) -> bytes:
    """A file's contents. Raises `DataError` with a sentence."""
    try:
        return contents(file, limit)
    except DataError as error:
        raise DataError(f"{file.name} cannot be read: {error}.") from None


def images(title: str, x: np.ndarray, labels: np.ndarray, names: tuple[str, ...], source: str) -> Brought:
    """A data set of images, uint8 (N, C, side, side)."""
    _, channels, side, _ = x.shape
    kinds = f" of {len(names)} kinds" if len(names) > 1 else ""
    about = f"{len(x):,} {'grey' if channels == 1 else 'coloured'} pictures{kinds}, {side} x {side} pixels."
    return Brought(title, about, f"{source}.", names, *split(x, labels))


def rows(
    title: str, x: np.ndarray, labels: np.ndarray, names: tuple[str, ...], columns: list[str], left_out: LeftOut, told: str = ""
) -> Brought:
    """Points, where there are two columns, else a table: shifted and scaled so that each column of the training rows has mean 0 and standard
    deviation 1. Raises `DataError`."""
    if not 2 <= x.shape[1] <= MOST_COLUMNS:
        raise DataError(
            f"There {'is 1 column' if x.shape[1] == 1 else f'are {x.shape[1]:,} columns'} of numbers in it: 2 to {MOST_COLUMNS} are taken. "
            "Images as an array are (N, H, W), (N, H, W, 3) or (N, 3, H, W)."
        )
    plane = x.shape[1] == 2
    finite = np.isfinite(x).all(1)
    if not finite.all():
        left_out.add("a number is not finite", n=int((~finite).sum()))
    x, labels = x[finite].astype(np.float64), labels[finite]
    pictures.check_number(len(x), "points" if plane else "rows", left_out)
    train, test = split(x, labels)
    mean, std = train.x.mean(axis=0), train.x.std(axis=0)
    varies = np.isfinite(std) & (std > 1e-12 * np.maximum(1, np.abs(mean)))
    if not varies.all() if plane else varies.sum() < 3:
        few = "one of the two columns" if plane else "all columns but two or fewer"
        raise DataError(f"All {'points' if plane else 'rows'} have the same value in {few}: there is nothing to learn in it.")
    for i in np.flatnonzero(~varies):
        left_out.add("a column that has one value in all rows", columns[i])
    found = Columns(tuple(name for name, keep in zip(columns, varies) if keep), mean[varies], std[varies])
    train, test = (Split(found.standardised(part.x[:, varies]), part.labels) for part in (train, test))
    what = "points in the plane" if plane else f"rows of {varies.sum()} columns"
    each = "along each axis" if plane else "in each"
    about = f"{len(x):,} {what}, shifted and scaled to mean 0 and standard deviation 1 {each}.{f' {told}' if told else ''}"
    return Brought(title, about, "A table or an array that somebody brought.", names, train, test, columns=None if plane else found)


def split(x: np.ndarray, labels: np.ndarray) -> tuple[Split, Split]:
    """Training and held-out examples, at random, always the same."""
    order = np.random.default_rng(0).permutation(len(x))
    n = min(MOST_HELD_OUT, max(2, len(x) // HELD_OUT))
    return Split(x[order[n:]], labels[order[n:]]), Split(x[order[:n]], labels[order[:n]])


def drawn(title: str, dabs: Any, std: float) -> Brought:
    """Points of a density that somebody drew: each of the `dabs` (x, y), from −1 to 1, is a round Gaussian of standard deviation `std`, so that
    `p(x)` is a mixture that is known exactly. It is shifted and scaled to mean 0 and, over both axes together, variance 1. Raises `DataError`."""
    try:
        means = np.asarray(dabs if isinstance(dabs, list) else [], np.float64)
    except (ValueError, TypeError):
        means = np.empty((0, 2))
    if not (
        means.ndim == 2
        and means.shape[1] == 2
        and 1 <= len(means) <= MOST_DABS
        and np.isfinite(means).all()
        and (abs(means) <= 1.5).all()
    ):
        raise DataError(f"A drawing is a list of 1 to {MOST_DABS:,} places [x, y], each from −1 to 1.")
    if not 0.005 <= std <= 0.5:
        raise DataError("A brush is refused: its width must be from 0.005 to 0.5.")
    weights = np.full(len(means), 1 / len(means))
    scale = np.sqrt(means.var(axis=0).mean() + std**2)
    density = Mixture((means - means.mean(axis=0)) / scale, float(std / scale), weights)
    rng = np.random.default_rng(0)
    train, test = (Split(density.sample(n, rng)[0], np.zeros(n, np.int64)) for n in N_DRAWN)
    about = f"A drawing of {len(means):,} dabs of a round brush: a mixture of as many Gaussians, whose density and score are known exactly."
    return Brought(shown(title.strip()) or "Drawing", about, "Drawn by somebody on this page.", ("all",), train, test, density)
