"""One picture that shows what a data set looks like, on a transparent ground, for a light page as for a dark one.

    python -m playground.data.contact_sheet OUT_DIR [--columns N] [--seed N]

writes one PNG for every data set that is available here.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from playground.data import DATASETS, Dataset, load_dataset

if TYPE_CHECKING:
    from PIL import Image

TILE, GAP, ROW_GAP = 56, 4, 8
"""Pixels: about the side of an image on the sheet, between two images of a class, and between two classes."""
FRAME = (128, 128, 128, 150)
"""A thin line around every image, so that its white ends on a white page, and its black on a black page."""
INK = (128, 128, 128, 255)
"""Mid grey: readable on white and on black."""
ONE_CLASS = 5
"""Rows of images where there is only one class."""
SIDE, N_POINTS = 480, 6_000
"""Of a sheet of points: pixels a side, and how many points are drawn at most."""
COLOURS = ("#3b82c4", "#e08a1e", "#2a9d78", "#d1495b", "#8e6fc1", "#a3742c", "#d56fae", "#7d8794", "#9aa52b", "#29a3b8")
"""One colour a class, unless the caller has others."""


def contact_sheet(dataset: Dataset, columns: int = 12, seed: int = 0, colours: Sequence[str] = COLOURS) -> Image.Image:
    """An RGBA picture of `dataset`; the same arguments give the same picture.

    Images: a row for every class, with its name and `columns` of its training images, drawn at random by `seed`; rows of a table alike, as bars.
    Points: a scatter of the training points, each class k in `colours[k]` ("#rrggbb"; they start again when used up).
    Raises ValueError where `columns` is below 1.
    """
    if columns < 1:
        raise ValueError(f"columns = {columns} is refused: it must be a whole number from 1.")
    return _points_sheet(dataset, seed, colours) if dataset.kind == "points" else _images_sheet(dataset, columns, seed)


def _images_sheet(dataset: Dataset, columns: int, seed: int) -> Image.Image:
    from PIL import Image, ImageDraw, ImageFont

    rng = np.random.default_rng(seed)
    _, height, width = dataset.pictures(dataset.train.x[:1]).shape[1:]
    scale = max(1, round(TILE / height))
    font = ImageFont.load_default(14)
    margin = 12 + round(max(font.getlength(name) for name in dataset.label_names)) if len(dataset.label_names) > 1 else 2
    step_x, step_y = width * scale + GAP, height * scale + ROW_GAP
    rows = rows_of(dataset, columns, rng)
    sheet = Image.new("RGBA", (margin + columns * step_x, len(rows) * step_y))
    pen = ImageDraw.Draw(sheet)
    for row, (name, members) in enumerate(rows):
        pen.text((margin - 10, row * step_y + height * scale / 2), name, fill=INK, font=font, anchor="rm")
        for column, index in enumerate(members):
            picture = dataset.pictures(dataset.train.x[index : index + 1])[0].transpose(1, 2, 0)
            picture = Image.fromarray(picture.squeeze(2) if picture.shape[2] == 1 else picture)
            picture = picture.resize((width * scale, height * scale), Image.Resampling.NEAREST)
            left, top = margin + column * step_x, row * step_y + 1
            pen.rectangle((left - 1, top - 1, left + picture.width, top + picture.height), outline=FRAME)
            sheet.paste(picture.convert("RGBA"), (left, top))
    return sheet


def rows_of(dataset: Dataset, columns: int, rng: np.random.Generator) -> list[tuple[str, np.ndarray]]:
    """What stands in each row: a class and some of its images; where there is one class, some rows of it without its name."""
    if len(dataset.label_names) == 1:
        return [("", part) for part in np.array_split(rng.permutation(len(dataset.train))[: ONE_CLASS * columns], ONE_CLASS)]
    members = (np.flatnonzero(dataset.train.labels == label) for label in range(len(dataset.label_names)))
    return [(name, rng.permutation(each)[:columns]) for name, each in zip(dataset.label_names, members)]


def _points_sheet(dataset: Dataset, seed: int, colours: Sequence[str]) -> Image.Image:
    from PIL import Image

    chosen = np.random.default_rng(seed).permutation(len(dataset.train))[:N_POINTS]
    x, labels = dataset.train.x[chosen], dataset.train.labels[chosen]
    centre = (x.max(axis=0) + x.min(axis=0)) / 2
    half = 1.03 * np.abs(x - centre).max()
    palette = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in colours], dtype=np.float64)
    ink, paint = np.zeros((SIDE, SIDE)), np.zeros((SIDE, SIDE, 3))
    for label in range(len(dataset.label_names)):
        row, column = ((SIDE - 1) * (0.5 + (x[labels == label] - centre) * (0.5, -0.5) / half).T[::-1]).round().astype(int)
        spots = np.zeros((SIDE, SIDE))
        np.add.at(spots, (row, column), 1.0)
        spots = _blur(spots)
        ink += spots
        paint += spots[..., None] * palette[label % len(palette)]
    sheet = np.zeros((SIDE, SIDE, 4))
    sheet[..., :3] = paint / np.maximum(ink, 1e-9)[..., None]
    sheet[..., 3] = 255 * (1 - np.exp(-6 * ink))  # overlapping points add up to opaque, never beyond
    return Image.fromarray(np.rint(sheet).astype(np.uint8))


def _blur(spots: np.ndarray) -> np.ndarray:
    """Spreads every point over a round spot of about 5 pixels (binomial weights along both axes)."""
    for axis in (0, 1):
        for _ in range(2):
            spots = (np.roll(spots, 1, axis) + 2 * spots + np.roll(spots, -1, axis)) / 4
    return spots


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m playground.data.contact_sheet", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("out", type=Path, metavar="OUT_DIR", help="directory for the pictures; made where it is missing")
    parser.add_argument("--columns", type=int, default=12, help="images a class (default 12)")
    parser.add_argument("--seed", type=int, default=0, help="which images are drawn (default 0)")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    for name, info in DATASETS.items():
        if not info.available():
            print(f"{name}: not available here")
            continue
        path = options.out / f"{name}.png"
        contact_sheet(load_dataset(name), options.columns, options.seed).save(path)
        print(path)


if __name__ == "__main__":
    main()
