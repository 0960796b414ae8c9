"""Images of a public data set of the Hugging Face Hub, by its name and columns.

The Hub keeps a copy of each public data set as parquet files (revision `refs/convert/parquet`, `<subset>/<split>/0000.parquet`). Of these only the
column of pictures and that of labels are fetched, row group after row group, until there is no room for more. What stands in such a file is as much a
stranger's as an upload: sizes are held against its footer first, and pictures decoded like those of an upload.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from playground.data.base import DataError
from playground.data.own import pictures
from playground.data.own.arrays import LABELS
from playground.data.own.files import File, contents, shown
from playground.data.own.limits import MAX_UNPACKED, MB, NO_LABELS, Wish
from playground.data.own.pictures import LeftOut
from playground.data.own.preparing import Prepared, images

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

COPY = "refs/convert/parquet"
ADDRESS = re.compile(r"^(?:https?://)?(?:www\.)?huggingface\.co/datasets/")
NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)
PLACE = re.compile(r"([^/]+)/(?:partial-)?([^/]+)/\d+\.parquet")
SECONDS = 5
"""For the first answer of the Hub."""
MOST_FILES = 8
"""Files of a split that are opened, of those that are many at random."""
BATCH = 256
"""Rows that are unpacked at a time."""
NOT_REACHED = "The Hugging Face Hub is not reached from this machine. Without it there are fashion_mnist, digits and sprites, and files of your own."
NO_ARROW = "Reading data of the Hub takes pyarrow, which is not installed here: pip install pyarrow."


@dataclass(frozen=True)
class Place:
    """Which data of the Hub: "" is found by what is there."""

    repository: str
    subset: str = ""
    split: str = ""
    image: str = ""
    """The column of pictures."""


@dataclass
class Taken:
    """What has been read so far."""

    pixels: list[np.ndarray] = field(default_factory=list)
    """uint8 (1 or 3, side, side) each."""
    labels: list[str] = field(default_factory=list)
    order: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Class -> where it stands among the others: by its number, or else by its name."""
    bytes: int = 0
    """Of the pictures as they came."""
    form: tuple[int, bool] | None = None
    """Pixels a side, and whether in colour: found by the first rows."""

    def full(self) -> bool:
        """Whether there is no room for another."""
        return self.bytes >= MAX_UNPACKED or (self.form is not None and len(self.pixels) >= pictures.room(*self.form))


def from_hub(place: Place, title: str, wish: Wish) -> Prepared:
    """The images of `place`, as `preparing.prepared` makes them of files. Raises `DataError`."""
    name = repository(place.repository)
    if not find_spec("pyarrow"):
        raise DataError(NO_ARROW)
    subset, split, paths = chosen(listed(name), place)
    left_out, taken = LeftOut(), Taken()
    order = np.random.default_rng(0).permutation(len(paths))
    for i in order[:MOST_FILES]:
        if not taken.full():
            read_file(name, paths[i], place, wish, taken, left_out)
        else:
            left_out.add("files for which there is no room", PurePosixPath(paths[i]).name)
    if len(paths) > MOST_FILES:
        left_out.add(f"files beyond {MOST_FILES}", n=len(paths) - MOST_FILES)
    pictures.check_number(len(taken.pixels), "pictures", left_out)
    labels, names = pictures.classes(taken.labels, left_out, taken.order.__getitem__)
    source = f"{name} on the Hugging Face Hub, {shown(subset)}, {shown(split)}"
    made = images(shown(title.strip()) or shown(name.split("/")[1]), np.stack(taken.pixels), labels, names, source)
    return Prepared(made, left_out.told())


def repository(text: str) -> str:
    """owner/name, of that or of its address. Raises `DataError`."""
    name = ADDRESS.sub("", text.strip()).rstrip("/")
    if not NAME.fullmatch(name) or ".." in name or "--" in name:
        raise DataError(
            f"{shown(text.strip()) or 'An empty name'} is no name of a data set of the Hub: owner/name, such as ylecun/mnist."
        )
    return name


def access() -> dict[str, Any]:
    """Where the Hub is, and the token of whoever started this server, if `HF_TOKEN` has one; none that lies elsewhere on the machine."""
    return {"endpoint": os.environ.get("HF_ENDPOINT") or None, "token": os.environ.get("HF_TOKEN") or False}


def listed(name: str) -> list[str]:
    """The paths of all files of the Hub's copy. Raises `DataError`."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError

    try:
        found = HfApi(**access()).dataset_info(name, revision=COPY, timeout=SECONDS)
    except GatedRepoError:
        raise DataError(f"{name} is only for those to whom its owner gave access: ask for it there, and set HF_TOKEN.") from None
    except RepositoryNotFoundError:
        raise DataError(f"There is no public data set {name} on the Hub; a private one needs HF_TOKEN.") from None
    except RevisionNotFoundError:
        raise DataError(f"The Hub keeps no copy of {name} as parquet files, which are what is read here.") from None
    except HfHubHTTPError as error:
        code = error.response.status_code if error.response is not None else "no status"
        raise DataError(f"The Hub did not answer for {name} ({code}): please try again later.") from None
    except Exception:  # refused, timed out, no name server, HF_HUB_OFFLINE: whatever its client makes of them
        raise DataError(NOT_REACHED) from None
    return [each.rfilename for each in found.siblings or []]


def chosen(paths: list[str], place: Place) -> tuple[str, str, list[str]]:
    """Subset, split, and the paths of their files. Raises `DataError` where what was asked for is not there."""
    found: dict[str, dict[str, list[str]]] = {}
    for path in sorted(paths):
        if match := PLACE.fullmatch(path):
            found.setdefault(match[1], {}).setdefault(match[2], []).append(path)
    if not found:
        raise DataError(f"The Hub's copy of {shown(place.repository)} has no parquet files.")
    subset = one_of("subset", place.subset, found, "default")
    split = one_of("split", place.split, found[subset], "train")
    return subset, split, found[subset][split]


def one_of(what: str, wanted: str, there: dict[str, Any], usual: str) -> str:
    """`wanted`; where that is empty the `usual` one, or the first. Raises `DataError`."""
    wanted = wanted.strip()
    if wanted and wanted not in there:
        raise DataError(f"There is no {what} {shown(wanted)}: there are {', '.join(shown(name) for name in list(there)[:12])}.")
    return wanted or (usual if usual in there else next(iter(there)))


def read_file(name: str, path: str, place: Place, wish: Wish, taken: Taken, left_out: LeftOut) -> None:
    """Adds what is in one parquet file to `taken`; of one that cannot be read, what came before that. Raises `DataError` for columns that are not there."""
    import pyarrow.parquet as pq
    from huggingface_hub import HfFileSystem

    system = HfFileSystem(**access(), skip_instance_cache=True)
    short = PurePosixPath(path).name
    try:
        with system.open(f"datasets/{name}/{path}", revision=COPY, block_size=MB) as body, pq.ParquetFile(body) as file:
            read_groups(file, short, place, wish, taken, left_out)
    except DataError:
        raise
    except Exception as error:  # whatever Arrow makes of what anybody may have written, and a network that breaks off
        left_out.add(f"a file that cannot be read to its end ({type(error).__name__})", shown(short))


def read_groups(file: pq.ParquetFile, short: str, place: Place, wish: Wish, taken: Taken, left_out: LeftOut) -> None:
    """Adds the rows of a file, group by group in an order at random, for many are sorted by class. Raises `DataError`."""
    found = columns(file.schema_arrow, place.image, wish.labels)
    seen = 0
    for i in np.random.default_rng(0).permutation(file.num_row_groups).tolist():
        group = file.metadata.row_group(i)
        if group.total_byte_size > MAX_UNPACKED:
            left_out.add(f"in a row group of more than {MAX_UNPACKED // MB} MB", shown(short), group.num_rows)
            seen += group.num_rows
        elif not taken.full():
            for batch in file.iter_batches(BATCH, row_groups=[i], columns=found.wanted):
                seen += add(batch, found, wish, taken, left_out)
                if taken.full():
                    break
    if (rest := file.metadata.num_rows - seen) > 0:
        left_out.add("there is no room for more", n=rest)


@dataclass(frozen=True)
class Found:
    """The columns that are read."""

    image: str
    inner: bool
    """The picture is the `bytes` of a struct, as the Hub writes them; otherwise the column itself is bytes."""
    label: str = ""
    """"": no column of labels."""
    names: tuple[str, ...] = ()
    """Of the classes 0, 1, …, where the file tells them."""

    @property
    def wanted(self) -> list[str]:
        """As Arrow is asked for them."""
        return [f"{self.image}.bytes" if self.inner else self.image, *([self.label] if self.label else [])]


def columns(schema: pa.Schema, image: str, label: str) -> Found:
    """The columns of pictures and of labels: those that are named, or else found by their types, as the Hub's own notes in the file (`huggingface`)
    and Arrow's tell them. Raises `DataError` with what there is."""
    notes, types = features(schema), {column.name: column.type for column in schema}
    told = ", ".join(f"{shown(name)} ({shown(str(kind))})" for name, kind in list(types.items())[:12]) or "none"
    bytes_ = {name: inner for name, kind in types.items() if (inner := holds_bytes(kind)) is not None}
    image, label = image.strip(), label.strip()
    if image and image not in bytes_:
        raise DataError(f"There is no column {shown(image)} of pictures: the columns are {told}.")
    likely = [name for name in bytes_ if notes.get(name, {}).get("_type", "Image") == "Image"]
    if not image and not likely:
        raise DataError(f"There is no column of pictures in these data: the columns are {told}.")
    image = image or likely[0]
    classes = [name for name, kind in types.items() if is_label(kind) and name != image]
    if label not in ("", NO_LABELS) and label not in classes:
        raise DataError(f"There is no column {shown(label)} of whole numbers or words: the columns are {told}.")
    noted = [name for name in classes if notes.get(name, {}).get("_type") == "ClassLabel"]
    guessed = [*noted, *(name for name in classes if LABELS.search(name)), ""][0]
    label = "" if label == NO_LABELS else label or guessed
    names = notes.get(label, {}).get("names")
    return Found(image, bytes_[image], label, tuple(shown(str(name)) for name in names) if isinstance(names, list) else ())


def features(schema: pa.Schema) -> dict[str, dict[str, Any]]:
    """What the Hub notes of each column in the file; nothing, where that is not there or not of its form."""
    try:
        noted = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        return {str(name): each for name, each in noted.items() if isinstance(each, dict)}
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError):
        return {}


def holds_bytes(kind: pa.DataType) -> bool | None:
    """Whether bytes are inside a struct, or are the column itself; None for other types."""
    import pyarrow.types as of

    if of.is_struct(kind) and kind.get_field_index("bytes") >= 0:
        return True if holds_bytes(kind.field("bytes").type) is False else None
    return False if of.is_binary(kind) or of.is_large_binary(kind) else None


def is_label(kind: pa.DataType) -> bool:
    """Whether its values may name classes."""
    import pyarrow.types as of

    return any(test(kind) for test in (of.is_integer, of.is_boolean, of.is_string, of.is_large_string))


def add(batch: pa.RecordBatch, found: Found, wish: Wish, taken: Taken, left_out: LeftOut) -> int:
    """Decodes the pictures of a few rows, and says of how many rows: less than all, where there is no room for more."""
    data = [cell.get("bytes") if isinstance(cell, dict) else cell for cell in batch.column(found.image).to_pylist()]
    labels = batch.column(found.label).to_pylist() if found.label else ["all"] * len(data)
    files = [File(PurePosixPath("row"), len(each), lambda each=each: each) if each else None for each in data]
    if taken.form is None and any(files):
        taken.form = pictures.form([file for file in files if file], wish)
    for n, (file, label) in enumerate(zip(files, labels)):
        if taken.full():
            return n
        if file is None or taken.form is None:
            left_out.add("a row without a picture")
            continue
        try:
            taken.pixels.append(pictures.decoded(contents(file), *taken.form, wish.crop))
        except DataError as error:
            left_out.add(str(error))
            continue
        number = label if isinstance(label, int) else -1
        taken.labels.append(found.names[number] if 0 <= number < len(found.names) else shown(str(label)))
        taken.order[taken.labels[-1]] = (number, taken.labels[-1])
        taken.bytes += file.size
    return len(data)
