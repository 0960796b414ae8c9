"""Files of which half is never there: what people brought and what they trained is put in its place whole."""

from __future__ import annotations

import os
from pathlib import Path

ROOM = "playground-room-"
"""How the names of our temporary folders begin, so that those that a killed process leaves are found and swept."""


def write_file(path: Path, data: bytes, sure: bool = True) -> None:
    """Puts a file in its place whole, or not at all; where it must be `sure`, it is on the disk itself before. Raises `OSError`."""
    part = path.with_name(f".{path.name}.part")
    try:
        with open(part, "wb") as file:
            file.write(data)
            if sure:
                file.flush()
                os.fsync(file.fileno())
        os.replace(part, path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
