"""The whole run as one zip: its folder, as `runtimes/folder.py` writes it, so that another playground can go on with it."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from playground.data.writing import ROOM
from playground.runtimes.folder import RunFolder
from playground.runtimes.records import RunRecord
from playground.runtimes.shelf import LABELS
from playground.views.thumbnail import thumbnail

MOST_WEIGHTS = 64 * 2**20
"""Bytes of weights to go back to; the newest leave in any case."""


def whole(record: RunRecord, curves: Mapping[str, np.ndarray], labels: dict[str, Any]) -> bytes:
    """The zip. Nothing of it is packed again: arrays are already, and weights hardly shrink."""
    buffer = io.BytesIO()
    with tempfile.TemporaryDirectory(prefix=ROOM) as folder:
        path = Path(folder) / f"{record.config['model']}_run"
        RunFolder(path).write(light(record), curves, thumbnail(record))
        if labels:
            (path / LABELS).write_text(json.dumps(labels), "utf-8")
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
            for file in sorted(path.iterdir()):
                archive.write(file, f"{path.name}/{file.name}")
    return buffer.getvalue()


def light(record: RunRecord) -> RunRecord:
    """With as many of its checkpoints as there is room for, the newest first."""
    if record.moments is None:
        return record
    left, kept = MOST_WEIGHTS, []
    for checkpoint in reversed(record.moments.checkpoints):
        left -= len(checkpoint.data)
        if kept and left < 0:
            break
        kept.append(checkpoint)
    return replace(record, moments=replace(record.moments, checkpoints=tuple(reversed(kept))))
