"""Where data sets that people brought are kept: one safetensors file each, in a folder of the server, bounded in bytes.

A name such as `own-images-0f3a…` says what kind of data it is and cannot be guessed; whoever has it may use the data. Files are
written whole or not at all, carry a SHA-256 of all that is in them, and never change.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import re
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy

from playground.data.base import Columns, DataError, DatasetInfo, Split, kind_of
from playground.data.mixture import Mixture
from playground.data.writing import write_file

FOLDER = "PLAYGROUND_DATA"
"""The environment variable that says where; workers inherit it."""
FORMAT = "playground-data-1"
NAME = re.compile(r"own-(?:images|points|drawing|table)-[0-9a-f]{16}")
MAX_BYTES = 2 * 2**30
"""Of all files together: beyond it the one that was used longest ago goes."""
GONE = "These data are no longer kept here: please bring them again."
DAMAGED = "These data are damaged: their contents do not match their SHA-256. Please bring them again."
BROKEN = (OSError, LookupError, TypeError, ValueError, AttributeError, safetensors.SafetensorError)
"""What reading a file raises that is damaged."""


@dataclass(frozen=True)
class Brought:
    """A data set as it is kept: what is said of it, and its two splits."""

    title: str
    description: str
    source: str
    label_names: tuple[str, ...]
    train: Split
    test: Split
    density: Mixture | None = None
    columns: Columns | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.train.x.shape[1:]


def folder() -> Path:
    """The folder, which need not exist yet."""
    return Path(os.environ.get(FOLDER) or Path(tempfile.gettempdir()) / f"playground-data-{getpass.getuser()}")


def path_of(name: str) -> Path:
    """The file of a data set. Raises `KeyError` for what is no such name."""
    if not (isinstance(name, str) and NAME.fullmatch(name)):
        raise KeyError(name)
    return folder() / f"{name}.safetensors"


def keep(data: Brought, limit: int = MAX_BYTES) -> str:
    """Writes `data` and returns the name that it has from now on: that which the very same data have here already, where they do.
    Raises `DataError` where there is no room for it."""
    kind = "drawing" if data.density else kind_of(data.shape, data.columns)
    name = f"own-{kind}-{secrets.token_hex(8)}"
    path = path_of(name)
    arrays = {"train_x": data.train.x, "train_labels": data.train.labels, "test_x": data.test.x, "test_labels": data.test.labels}
    arrays = {key: np.ascontiguousarray(array) for key, array in arrays.items()}
    about = {
        "format": FORMAT,
        "title": data.title,
        "description": data.description,
        "source": data.source,
        "label_names": json.dumps(data.label_names),
        "shape": json.dumps(data.shape),
        "density": json.dumps(data.density and [data.density.means.tolist(), data.density.std, data.density.weights.tolist()]),
    }
    if data.columns:
        about["columns"] = json.dumps([data.columns.names, data.columns.mean.tolist(), data.columns.std.tolist()])
    about["sha256"] = digest(arrays, about)
    path = next(same(path, about["sha256"]), path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_file(path, safetensors.numpy.save(arrays, about))  # also over the very same, which may be damaged
    except OSError as error:
        raise DataError(f"These data could not be kept: {error.strerror or error}.") from None
    shed(limit, path)
    return path.stem


def beside(path: Path) -> Iterator[Path]:
    """All files of the kind of data that the name of `path` says."""
    return path.parent.glob(f"{path.stem.rpartition('-')[0]}-*.safetensors")


def same(path: Path, sha256: str) -> Iterator[Path]:
    """Files beside `path`, of its kind, that say they hold what has this digest."""
    for known in beside(path):
        try:
            if _about(known)["sha256"] == sha256:
                yield known
        except BROKEN:
            continue


def alike(name: str, fingerprint: str, shape: tuple[int, ...]) -> str | None:
    """The name that the data of this `Dataset.fingerprint` have here: examples of `shape`, of the kind that `name` says; None where they are not here."""
    for path in beside(path_of(name)) if NAME.fullmatch(name) else ():
        known = info(path.stem)
        try:
            if known.shape == shape and known.load().fingerprint == fingerprint:
                return path.stem
        except DataError:
            continue
    return None


def shed(limit: int, newest: Path) -> None:
    """Removes files while all together have more than `limit` bytes, those that were used longest ago first, and never the newest."""
    found = [(path.stat().st_mtime, path.stat().st_size, path) for path in newest.parent.glob("own-*.safetensors")]
    total = sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if total <= limit:
            return
        if path != newest:
            path.unlink(missing_ok=True)
            total -= size


def info(name: str) -> DatasetInfo:
    """What is known of a data set before its arrays are read; little, where it is no longer kept: runs that were trained on it still
    tell of it. Raises `KeyError` for what is no such name."""
    path = path_of(name)
    try:
        return _info(name, path) if path.is_file() else gone(name, path)
    except BROKEN:
        return gone(name, path)


def gone(name: str, path: Path) -> DatasetInfo:
    """What stands for data that are no longer kept."""
    table = name.startswith("own-table")
    shape = (1, 28, 28) if name.startswith("own-images") else (3,) if table else (2,)
    about = (name, "Own data, no longer kept", GONE, "", "", shape, ("all",))
    columns = Columns(("1", "2", "3"), np.zeros(3), np.ones(3))
    return DatasetInfo(*about, lambda: read(path), available=path.is_file, columns=(lambda: columns) if table else None)


@lru_cache(maxsize=64)
def _info(name: str, path: Path) -> DatasetInfo:
    about = _about(path)
    density, columns = json.loads(about["density"]), json.loads(about.get("columns", "null"))
    known = columns and Columns(tuple(columns[0]), np.array(columns[1]), np.array(columns[2]))
    return DatasetInfo(
        name,
        about["title"],
        about["description"],
        about["source"],
        "That of whoever brought them",
        tuple(json.loads(about["shape"])),
        tuple(json.loads(about["label_names"])),
        lambda: read(path),
        available=path.is_file,
        density=density and Mixture(np.array(density[0]), density[1], np.array(density[2])),
        columns=(lambda: known) if known else None,
    )


def _about(path: Path) -> dict[str, str]:
    with safetensors.safe_open(path, framework="numpy") as file:
        return file.metadata()


def read(path: Path) -> tuple[Split, Split]:
    """The splits in a file. Raises `DataError` where it is gone or damaged."""
    try:
        os.utime(path)  # it was used
        arrays, about = safetensors.numpy.load(path.read_bytes()), _about(path)
        expected = about.pop("sha256")
    except FileNotFoundError:
        raise DataError(GONE) from None
    except BROKEN:
        raise DataError(DAMAGED) from None
    if digest(arrays, about) != expected:
        raise DataError(DAMAGED)
    return Split(arrays["train_x"], arrays["train_labels"]), Split(arrays["test_x"], arrays["test_labels"])


def digest(arrays: dict[str, np.ndarray], about: dict[str, str]) -> str:
    """SHA-256 over what is said of the data, and over names, types, shapes and values of all arrays."""
    result = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        result.update(f"{name} {array.dtype} {array.shape}".encode())
        result.update(array.data if array.size else b"")
    return result.hexdigest()
