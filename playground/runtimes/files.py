"""What is written of a run: arrays without pickle, and JSON that carries its own digest."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from playground.runtimes.base import RegistryError

BROKEN = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
)
"""What reading a file raises that was cut short, changed, or written by another version."""


class Damaged(RegistryError):
    """A file is not what was written. `str(error)` is a sentence."""


def packed(arrays: Mapping[str, np.ndarray]) -> bytes:
    """An npz file; the same bytes for the same arrays."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def unpacked(data: bytes) -> dict[str, np.ndarray]:
    """The inverse of `packed`."""
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def sealed(values: dict[str, Any]) -> bytes:
    """JSON that carries the digest of the rest of it."""
    return json.dumps(values | {"sha256": seal(values)}, indent=1).encode()


def seal(values: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
