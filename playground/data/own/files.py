"""The files that somebody brought: loose ones, one after the other behind a list of their paths, or those of a zip archive.

No path is ever used to open or to write anything: of it only the ending, and the name of the last folder, a class, are read.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from playground.data.base import DataError
from playground.data.own.limits import LONGEST, MAX_FILE, MAX_FILES, MAX_RATIO, MAX_UNPACKED, MB

MAX_LIST = 8 * MB
"""Bytes of the list of paths."""
NO_LIST = "What arrived is no list of files: please choose them again."
HIDDEN = ("__MACOSX", ".")
"""What folders and files begin with that programs leave behind."""


@dataclass(frozen=True)
class File:
    """One file, whose contents are read when they are asked for."""

    path: PurePosixPath
    size: int
    read: Callable[[], bytes]

    @property
    def ending(self) -> str:
        """ ".png" and the like, in small letters."""
        return self.path.suffix.lower()

    @property
    def folder(self) -> str:
        """The last folder of the path; "" where there is none."""
        return shown(self.path.parent.name)

    @property
    def name(self) -> str:
        """The file's name, to be shown."""
        return shown(self.path.name)


def shown(text: str) -> str:
    """A name that somebody else gave, as short, printable text."""
    text = "".join(letter if letter.isprintable() else "?" for letter in text.encode("utf-8", "replace").decode())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def opened(path: Path) -> list[File]:
    """The files in what came as one body: its first eight bytes say how long the JSON list `[[path, bytes], …]` is that follows; behind it
    stand the files. A single zip archive among them is looked into. Raises `DataError`."""
    files = loose(path.open("rb"), path.stat().st_size)
    archives = [file for file in files if file.ending == ".zip"]
    if not archives:
        return files
    if len(files) > 1:
        raise DataError("Please bring one zip archive at a time, and nothing beside it.")
    return unzipped(path.open("rb"), archives[0].size, path.stat().st_size)


def on_disk(path: Path) -> list[File]:
    """A file of the server's own machine, those of a zip archive there, or those in a folder and in the folders inside. Raises `DataError`."""
    if not path.is_dir():
        file = File(PurePosixPath(path.name), path.stat().st_size, path.read_bytes)
        return unzipped(path.open("rb"), file.size, file.size) if file.ending == ".zip" else [file]
    inside = [each for each in sorted(path.rglob("*")) if each.is_file() and not hidden(each.relative_to(path).as_posix())]
    check_count(len(inside))
    return [File(PurePosixPath(path.name, *each.relative_to(path).parts), each.stat().st_size, each.read_bytes) for each in inside]


def loose(body: BinaryIO, size: int) -> list[File]:
    """The files of a body. Raises `DataError` where it is not of that form."""
    length = int.from_bytes(body.read(8), "little")
    if size < 8 or length > min(MAX_LIST, size - 8):
        raise DataError(NO_LIST)
    try:
        listed = json.loads(body.read(length))
        entries = [(str(path), int(n)) for path, n in listed]
    except (ValueError, TypeError, RecursionError):
        raise DataError(NO_LIST) from None
    if any(n < 0 for _, n in entries) or 8 + length + sum(n for _, n in entries) != size:
        raise DataError(NO_LIST)
    check_count(len(entries))
    files, start = [], 8 + length
    for path, n in entries:
        files.append(File(PurePosixPath(path), n, _part(body, start, n)))
        start += n
    return files


def _part(body: BinaryIO, start: int, n: int) -> Callable[[], bytes]:
    def read() -> bytes:
        body.seek(start)
        return body.read(n)

    return read


class Window:
    """The last `n` bytes of a file as a file of its own, for `zipfile`."""

    def __init__(self, body: BinaryIO, start: int, n: int) -> None:
        self.body, self.start, self.n, self.at = body, start, n, 0

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.at

    def seek(self, to: int, whence: int = 0) -> int:
        self.at = max(0, to + (0, self.at, self.n)[whence])
        return self.at

    def read(self, n: int = -1) -> bytes:
        left = max(0, self.n - self.at)
        self.body.seek(self.start + self.at)
        data = self.body.read(left if n is None or n < 0 else min(n, left))
        self.at += len(data)
        return data


def unzipped(body: BinaryIO, n: int, size: int) -> list[File]:
    """The files of an archive that is the last `n` bytes of `body`, held against all bounds before one is unpacked. Raises `DataError`."""
    try:
        archive = zipfile.ZipFile(Window(body, size - n, n))  # type: ignore[arg-type]  # all that it needs of a file
        entries = [entry for entry in archive.infolist() if not (entry.is_dir() or hidden(entry.filename))]
    except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError, OSError, IndexError, OverflowError) as error:
        raise DataError(f"This zip archive cannot be opened ({shown(str(error))}).") from None
    check_count(len(entries))
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MAX_UNPACKED:
        raise DataError(f"Unpacked, this archive has {unpacked // MB:,} MB: up to {MAX_UNPACKED // MB} MB are taken.")
    if unpacked > MAX_RATIO * n:
        raise DataError(f"This archive says that it unpacks to {unpacked // n:,} times its size, which no pictures do.")
    return [File(PurePosixPath(entry.filename), entry.file_size, _member(archive, entry)) for entry in entries]


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        if entry.flag_bits & 1:
            raise DataError("it is encrypted")
        try:
            with archive.open(entry) as member:
                data = member.read(entry.file_size + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError, RuntimeError):
            raise DataError("it is damaged") from None
        if len(data) != entry.file_size:
            raise DataError("it is not as large as the archive says")
        return data

    return read


def hidden(path: str) -> bool:
    """Whether a program left this behind, and no person."""
    return any(part.startswith(HIDDEN) and part not in (".", "..") for part in path.split("/"))


def check_count(n: int) -> None:
    """Raises `DataError` for no files, or too many."""
    if n == 0:
        raise DataError("There is no file in it.")
    if n > MAX_FILES:
        raise DataError(f"These are {n:,} files: up to {MAX_FILES:,} are taken at a time.")


def contents(file: File, limit: int = MAX_FILE) -> bytes:
    """What is in a file. Raises `DataError`, with the reason alone."""
    if file.size > limit:
        raise DataError(f"it is larger than {limit // MB} MB")
    return file.read()


def of(files: list[File], *endings: str) -> Iterator[File]:
    """Those with one of these endings, in the order of their paths."""
    return (file for file in sorted(files, key=lambda file: str(file.path)) if file.ending in endings)
