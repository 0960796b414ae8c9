"""Pictures as images of one size: decoded within bounds, cropped or fitted, grey or in colour."""

from __future__ import annotations

import io
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from playground.data.base import DataError
from playground.data.own.files import File, contents, of
from playground.data.own.limits import FEWEST, MAX_KEPT, MAX_PIXELS, MAX_SIDE, MOST_CLASSES, MOST_EXAMPLES, PHOTO_SIDE, SIDES, Wish

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif")
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")
"""What Pillow may take a file for."""
PAPER = (255, 255, 255)
"""What shows through where a picture is transparent, and beside one that is fitted in."""


@dataclass
class LeftOut:
    """What was not taken: how many, by reason, and the first of each by name."""

    reasons: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)

    def add(self, reason: str, name: str = "", n: int = 1) -> None:
        self.reasons[reason] += n
        self.first.setdefault(reason, name)

    def told(self) -> list[str]:
        """A line for each reason."""
        return [
            f"{n:,} left out: {reason}" + (f" ({self.first[reason]})" if self.first[reason] else "")
            for reason, n in self.reasons.most_common()
        ]


def gathered(files: list[File], wish: Wish, left_out: LeftOut) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """All pictures among `files` as uint8 (N, 1 or 3, side, side), their labels, int64 (N,), and the names of the classes: those of the
    folders that they lie in. Raises `DataError` where they are too few."""
    pictures = list(of(files, *ENDINGS))
    for file in files:
        if file.ending not in ENDINGS:
            left_out.add("no picture that can be read here", file.name)
    side, colour = form(pictures, wish)
    pictures = [pictures[i] for i in within(len(pictures), side, colour, left_out)]
    taken, folders = [], []
    for file in pictures:
        try:
            taken.append(decoded(contents(file), side, colour, wish.crop))
            folders.append(file.folder)
        except DataError as error:
            left_out.add(str(error), file.name)
    check_number(len(taken), "pictures", left_out)
    labels, names = classes(folders, left_out)
    return np.stack(taken), labels, names


def form(pictures: list[File], wish: Wish) -> tuple[int, bool]:
    """Pixels a side and whether in colour: as wished, or what suits some fifty of them."""
    side, colour = wish.side, wish.colour
    if side is None or colour is None:
        seen = [size for file in pictures[:: max(1, len(pictures) // 50)] if (size := looked_at(file))]
        side = side or suited([min(width, height) for width, height, _ in seen])
        colour = any(coloured for *_, coloured in seen) if colour is None else colour
    return side, colour


def room(side: int, colour: bool) -> int:
    """How many images of a size are kept at most."""
    return min(MOST_EXAMPLES, MAX_KEPT // ((3 if colour else 1) * side * side))


def within(n: int, side: int, colour: bool, left_out: LeftOut) -> np.ndarray:
    """Which of `n` images are kept, in their order: all, or as many at random as there is room for."""
    most = room(side, colour)
    if n <= most:
        return np.arange(n)
    left_out.add("there is no room for more of this size", n=n - most)
    return np.sort(np.random.default_rng(0).permutation(n)[:most])


def check_number(n: int, what: str, left_out: LeftOut) -> None:
    """Raises `DataError` where there are too few examples."""
    if n < FEWEST:
        why = f" ({'; '.join(left_out.told())})" if left_out.reasons else ""
        raise DataError(f"Of the {what} {n or 'none'} could be read: at least {FEWEST} are needed{why}.")


def looked_at(file: File) -> tuple[int, int, bool] | None:
    """Width, height and whether it has colours, of a small copy; None for what is no picture."""
    try:
        picture = opened(contents(file))
        size = picture.size
        picture.draft("RGB", (64, 64))
        small = picture.convert("RGB").resize((32, 32))
    except (DataError, OSError, ValueError, SyntaxError, MemoryError):
        return None
    pixels = np.asarray(small).astype(int)
    return *size, bool((pixels.max(2) - pixels.min(2)).mean() > 4)


def suited(sides: list[int]) -> int:
    """The largest side on offer that most pictures have, and that of photographs at most."""
    typical = int(np.median(sides)) if sides else PHOTO_SIDE
    return max((side for side in SIDES if side <= min(typical, PHOTO_SIDE)), default=SIDES[0])


def opened(data: bytes) -> Image.Image:
    """A picture of which only the header has been read. Raises `DataError` for one that is none, or too large."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = Image.open(io.BytesIO(data), formats=FORMATS)
    except Exception:  # whatever decoders make of what anybody may have written
        raise DataError("it is no picture, whatever its name says") from None
    width, height = picture.size
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise DataError(f"it has {width:,} × {height:,} pixels, and {MAX_PIXELS // 10**6} million are the most")
    return picture


def decoded(data: bytes, side: int, colour: bool, crop: bool) -> np.ndarray:
    """A picture as uint8 (1 or 3, side, side). Raises `DataError`, with the reason alone."""
    picture = opened(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture.draft("RGB" if colour else "L", (4 * side, 4 * side))  # JPEGs are read no larger than needed
            picture = ImageOps.exif_transpose(picture)
            square = fitted(on_paper(picture), side, crop).convert("RGB" if colour else "L")
    except Exception:
        raise DataError("it is damaged") from None
    pixels = np.asarray(square, np.uint8)
    return pixels.transpose(2, 0, 1) if colour else pixels[None]


def on_paper(picture: Image.Image) -> Image.Image:
    """Without transparency, in eight bits a channel."""
    if picture.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    if "A" in picture.getbands() or "transparency" in picture.info:
        above = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", above.size, (*PAPER, 255)), above).convert("RGB")
    return picture.convert("RGB" if len(picture.getbands()) > 1 or picture.mode == "P" else "L")


def fitted(picture: Image.Image, side: int, crop: bool) -> Image.Image:
    """A square of `side` pixels."""
    if picture.size == (side, side):
        return picture
    if crop:
        return ImageOps.fit(picture, (side, side), Image.Resampling.LANCZOS)
    paper = PAPER if picture.mode == "RGB" else PAPER[0]
    return ImageOps.pad(picture, (side, side), Image.Resampling.LANCZOS, color=paper)


def classes(names: list[str], left_out: LeftOut, order: Callable[[str], Any] | None = None) -> tuple[np.ndarray, tuple[str, ...]]:
    """The label of each example, int64 (N,), and the names of the classes by `order`, otherwise that of the alphabet; one class where there are too many."""
    distinct = tuple(sorted(set(names), key=order))
    if len(distinct) > MOST_CLASSES:
        left_out.add(f"the names of {len(distinct):,} classes, for {MOST_CLASSES} are the most", n=len(distinct))
        return np.zeros(len(names), np.int64), ("all",)
    places = {name: i for i, name in enumerate(distinct)}
    return np.array([places[name] for name in names], np.int64), tuple(name or "all" for name in distinct)
