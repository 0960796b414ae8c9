"""Who writes a run's folder: one program at a time. A claim ends with the program that holds it, however that ends."""

from __future__ import annotations

import os
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has none: there a folder is for one server at a time
    fcntl = None


class Claim:
    """A folder that is ours to write until `release`."""

    def __init__(self, file: int) -> None:
        self._file = file

    def release(self) -> None:
        os.close(self._file)


def claim(folder: Path) -> Claim | None:
    """The claim on a folder, which is made if need be; None where another program, or another part of this one, holds it. Raises `OSError`."""
    folder.mkdir(parents=True, exist_ok=True)
    file = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        return None
    return Claim(file)


def claimed(folder: Path) -> bool:
    """Whether somebody writes it."""
    try:
        ours = claim(folder)
    except OSError:
        return False
    if ours is not None:
        ours.release()
    return ours is None
