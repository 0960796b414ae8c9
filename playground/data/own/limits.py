"""How much is taken of what people bring, and of what sizes: held against headers first, before anything is unpacked."""

from __future__ import annotations

from dataclasses import dataclass

MB = 2**20
MAX_UPLOAD = 64 * MB
"""Bytes of all files together, as they come."""
MAX_FILES = 20_000
MAX_UNPACKED = 512 * MB
MAX_RATIO = 200
"""An archive's contents may be so many times as large as the archive; what people pack themselves is below 100."""
MAX_FILE = 32 * MB
"""Bytes of one picture."""
MAX_PIXELS, MAX_SIDE = 24_000_000, 8192
"""Of one picture, in its own size."""
MAX_KEPT = 128 * MB
"""Bytes of all pixels at the size that is chosen."""
FEWEST = 20
"""Examples in a data set."""
MOST_EXAMPLES = 60_000
MOST_CLASSES = 50
MOST_COLUMNS = 64
"""Columns of numbers in a table."""
SIDES = (8, 16, 28, 32, 48, 64)
"""Pixels a side that images may have."""
PHOTO_SIDE = 32
"""Of larger pictures, unless somebody chooses."""
LONGEST = 60
"""Characters of a title, of a class, or of a file's name where it is shown."""
MAX_ROWS = 200_000
NO_LABELS = "-"
"""In the place of the name of a column of labels: there is none."""


@dataclass(frozen=True)
class Wish:
    """How data are to be: `side` and `colour` of images are None for what suits them."""

    side: int | None = None
    colour: bool | None = None
    crop: bool = True
    """Cut to a square around the middle; otherwise the whole picture is fitted into one."""
    labels: str = ""
    """The column of a table that names the class of each row; "" is guessed, `NO_LABELS` is none."""
