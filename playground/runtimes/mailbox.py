"""A one-way letter box between two processes of one machine: a file that one appends to and the other reads on from where it was.

Neither ever waits, and looking costs one call of the system. What is written is pickled: both ends are ours.
"""

from __future__ import annotations

import io
import os
import pickle
import tempfile
from pathlib import Path
from typing import Any

MAIL = "playground-mail-"
"""How the names of these files begin."""


class Mailbox:
    """The end that writes; `path` is what the other end needs."""

    def __init__(self) -> None:
        handle, name = tempfile.mkstemp(prefix=MAIL)
        self.path = Path(name)
        self._file = os.fdopen(handle, "ab", buffering=0)

    def post(self, item: Any) -> None:
        """Leaves `item`, any picklable object; nothing once it was closed."""
        if not self._file.closed:
            self._file.write(pickle.dumps(item))

    def close(self) -> None:
        """Removes the file; who reads it may go on until it is read."""
        self._file.close()
        self.path.unlink(missing_ok=True)


class Letters:
    """The end that reads."""

    def __init__(self, path: Path) -> None:
        self._file, self._rest = path.open("rb", buffering=0), b""

    def read(self) -> list[Any]:
        """What came since the last time."""
        news = self._file.read()
        if not news:
            return []
        stream, found, whole = io.BytesIO(self._rest + news), [], 0
        while True:
            try:
                found.append(pickle.load(stream))
                whole = stream.tell()
            except (EOFError, pickle.UnpicklingError):  # the end, or the last one is not all there yet
                self._rest = stream.getvalue()[whole:]
                return found
