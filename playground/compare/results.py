"""What evaluations found, kept in the folder of the run that they are of, or in memory where it has none."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import numpy as np

from playground.data.writing import write_file
from playground.features.evaluation.view import payload
from playground.runtimes.files import BROKEN, Damaged, packed, unpacked
from playground.runtimes.registry import RunRegistry
from playground.runtimes.shelf import changed_at
from playground.views.payloads import Payload

FILE = "evaluation.npz"
MOST = 256
"""Evaluations that are held in memory."""


class Results:
    """Every method may be called from any thread."""

    def __init__(self, registry: RunRegistry) -> None:
        self._registry = registry
        self._read: OrderedDict[str, tuple[int, Payload | None]] = OrderedDict()

    def keep(self, run: str, arrays: dict[str, np.ndarray]) -> None:
        """In place of what there was. Raises `OSError`, and has it in memory then."""
        path = self._path(run)
        self._remember(run, 1 + self.stamp(run), payload(arrays))
        if path is not None:
            write_file(path, packed(arrays))
            self._remember(run, changed_at(path), payload(arrays))

    def of(self, run: str) -> Payload | None:
        """What was found of a run last, as `Evaluation` in `features/evaluation/shape.py`; None where nothing was, or where its file is damaged."""
        path = self._path(run)
        if path is not None and (now := changed_at(path)) and self._read.get(run, (0,))[0] != now:
            try:
                self._remember(run, now, payload(unpacked(path.read_bytes())))
            except (Damaged, *BROKEN):
                self._remember(run, now, None)
        return self._read.get(run, (0, None))[1]

    def stamp(self, run: str) -> int:
        """Another number after each evaluation."""
        path = self._path(run)
        return (changed_at(path) if path is not None else 0) or self._read.get(run, (0,))[0]

    def _path(self, run: str) -> Path | None:
        store = self._registry.store
        return store.shelf.folder(run) / FILE if store is not None and run in store.shelf else None

    def _remember(self, run: str, stamp: int, found: Payload | None) -> None:
        self._read[run] = stamp, found
        self._read.move_to_end(run)
        while len(self._read) > MOST:
            self._read.popitem(last=False)
