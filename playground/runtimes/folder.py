"""A run as a folder: what is in it, how it is written so that it is whole at any moment, and how it is read again.

    run.json                                 format, settings, status and readings, and the size and SHA-256 of every file below
    labels.json                              the name, the notes and the pin that a person gave it
    curves-STEP-DIGEST.npz                   all readings since the start, as `History.packed`
    snapshot-STEP-DIGEST.npz                 moments to look back at
    checkpoint-STEP-DIGEST.safetensors       weights, averages, optimiser and random state to go on from
    picture-STEP-DIGEST.webp                 a small picture

A file never changes: it is written under another name and put in its place whole, after weights, curves and `run.json` have been brought to the
disk (of pictures a failing machine may lose the last). `run.json` comes last; what it does not name does not count, and is deleted. Nothing is
pickled.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from playground.data.writing import write_file
from playground.runs.events import Checkpoint, Progress, Snapshot, Started
from playground.runtimes.files import BROKEN, Damaged, packed, seal, sealed, unpacked
from playground.runtimes.moments import MomentHistory
from playground.runtimes.records import History, RunRecord

FORMAT = 1
ABOUT = "run.json"
ENDINGS = {"curves": "npz", "snapshot": "npz", "checkpoint": "safetensors", "picture": "webp"}
PICTURES = ("snapshot", "picture")


@dataclass(frozen=True)
class Entry:
    """A file of a run, as `run.json` names it."""

    kind: str
    step: int
    sha256: str
    bytes: int

    @classmethod
    def of(cls, kind: str, step: int, data: bytes) -> Entry:
        return cls(kind, step, hashlib.sha256(data).hexdigest(), len(data))

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.step:08d}-{self.sha256[:16]}.{ENDINGS[self.kind]}"

    def read(self, folder: Path) -> bytes:
        """Its bytes. Raises `Damaged` where they are not those that were written."""
        try:
            data = (folder / self.name).read_bytes()
        except OSError as error:
            raise Damaged(f"The {self.kind} of step {self.step:,} cannot be read ({error.strerror}).") from None
        if len(data) != self.bytes or hashlib.sha256(data).hexdigest() != self.sha256:
            raise Damaged(f"The {self.kind} of step {self.step:,} is damaged: its contents do not match their SHA-256.")
        return data


class StoredCheckpoint(Checkpoint):
    """A checkpoint that stays on the disk until it is asked for."""

    def __init__(self, folder: Path, entry: Entry) -> None:
        object.__setattr__(self, "step", entry.step)
        object.__setattr__(self, "folder", folder)
        object.__setattr__(self, "entry", entry)

    folder: Path
    entry: Entry

    @property
    def size(self) -> int:
        return self.entry.bytes

    @property
    def held(self) -> int:
        return 0

    @property
    def data(self) -> bytes:
        """Read anew each time. Raises `Damaged`."""
        return self.entry.read(self.folder)


class Opened(NamedTuple):
    """A run that was read: its record, its curves, a sentence for everything that is damaged, and its files."""

    record: RunRecord
    history: History
    troubles: list[str]
    entries: list[Entry]
    created: float


class RunFolder:
    """Writes one run, again and again; it remembers which moments are on the disk already."""

    def __init__(self, path: Path) -> None:
        self.path, self.created = path, time.time()
        self._known: dict[int, tuple[object, Entry]] = {}

    def read(self) -> Opened:
        """The run as it was written last; its moments need not be written again. Raises `Damaged`."""
        opened = read(self.path)
        self.created = opened.created
        by_step = {entry.step: entry for entry in opened.entries if entry.kind == "snapshot"}
        moments = opened.record.moments or MomentHistory()
        self._known = {id(moment): (moment, by_step[moment.step]) for moment in moments.snapshots}
        return opened

    def write(self, record: RunRecord, curves: Mapping[str, np.ndarray], picture: bytes | None) -> None:
        """Brings the folder up to date with a record. Raises `OSError`, and leaves then what was there before."""
        self.path.mkdir(parents=True, exist_ok=True)
        try:
            self._write(record, curves, picture)
        except OSError:
            if not (self.path / ABOUT).exists():  # what was there before is nothing
                self._clear(set())
                with suppress(OSError):  # a claim stays, and with it the folder
                    self.path.rmdir()
            raise

    def _write(self, record: RunRecord, curves: Mapping[str, np.ndarray], picture: bytes | None) -> None:
        kept: dict[int, tuple[object, Entry]] = {}
        for kind, moment in moments_of(record):
            known = self._known.get(id(moment))
            kept[id(moment)] = (moment, known[1] if known else self._put_moment(kind, moment))
        entries = [entry for _, entry in kept.values()] + [self._put("curves", record.step, packed(curves))]
        if picture:
            entries.append(self._put("picture", record.step, picture))
        write_file(self.path / ABOUT, sealed(about(record, entries, self.created)))
        self._known = kept
        self._clear({entry.name for entry in entries})

    def _put_moment(self, kind: str, moment: Any) -> Entry:
        if not isinstance(moment, StoredCheckpoint):
            return self._put(kind, moment.step, packed(moment.arrays) if kind == "snapshot" else moment.data)
        there, here = moment.folder / moment.entry.name, self.path / moment.entry.name
        if there != here and not here.exists():  # of the run that this one goes on from
            try:
                os.link(there, here)
            except OSError:
                shutil.copyfile(there, here)
        return moment.entry

    def _put(self, kind: str, step: int, data: bytes) -> Entry:
        entry = Entry.of(kind, step, data)
        if not (self.path / entry.name).exists():
            write_file(self.path / entry.name, data, sure=kind not in PICTURES)
        return entry

    def _clear(self, names: set[str]) -> None:
        for path in self.path.iterdir():
            if path.name.lstrip(".").partition("-")[0] in ENDINGS and path.name not in names:
                path.unlink(missing_ok=True)


def moments_of(record: RunRecord) -> Iterator[tuple[str, Snapshot | Checkpoint]]:
    """All that a run keeps of its past, and its newest weights, each once."""
    moments = record.moments or MomentHistory()
    yield from (("snapshot", moment) for moment in moments.snapshots)
    yield from (("checkpoint", moment) for moment in moments.checkpoints)
    newest = moments.checkpoints[-1].step if moments.checkpoints else -1
    if record.checkpoint and record.checkpoint_step != newest:
        yield "checkpoint", Checkpoint(record.checkpoint_step, record.checkpoint)


def about(record: RunRecord, entries: list[Entry], created: float) -> dict[str, Any]:
    """What `run.json` says."""
    return {
        "format": FORMAT,
        "id": record.run_id,
        "created": created,
        "changed": time.time(),
        "config": record.config,
        "data": record.started.data if record.started else "",
        "status": record.status,
        "message": record.message,
        "suggestion": record.suggestion,
        "origin": record.origin,
        "step": record.step,
        "mark": record.mark,
        "started": asdict(record.started) if record.started else None,
        "progress": asdict(record.progress) if record.progress else None,
        "files": [asdict(entry) for entry in entries],
    }


def read_about(path: Path) -> dict[str, Any]:
    """What the `run.json` of a folder says. Raises `Damaged`."""
    try:
        values = json.loads((path / ABOUT).read_bytes())
        digest = values.pop("sha256")
    except BROKEN as error:
        raise Damaged(f"The settings of this run cannot be read ({type(error).__name__}).") from None
    if values.get("format") != FORMAT:
        raise Damaged(f"This run has format {values.get('format')!r}; this version reads {FORMAT}.")
    if seal(values) != digest:
        raise Damaged("The settings of this run are damaged: they do not match their SHA-256.")
    return values


def entries_of(values: dict[str, Any]) -> list[Entry]:
    """The files that a `run.json` names, the oldest first."""
    return sorted((Entry(**entry) for entry in values["files"]), key=lambda entry: entry.step)


def read(path: Path) -> Opened:
    """A run as it was written last. Raises `Damaged`."""
    values = read_about(path)
    entries, troubles = entries_of(values), list[str]()
    curves = [arrays for _, arrays in readable(path, entries, "curves", troubles)]
    snapshots = tuple(Snapshot(step, arrays) for step, arrays in readable(path, entries, "snapshot", troubles))
    checkpoints = [StoredCheckpoint(path, entry) for entry in entries if entry.kind == "checkpoint"]
    newest = newest_whole(checkpoints, troubles)
    history = History.unpacked(curves[-1] if curves else {})
    version = time.time_ns() // 1_000_000  # above all that a page has seen of it
    record = RunRecord(
        values["id"],
        config=values["config"],
        status=values["status"],
        message=values["message"],
        suggestion=values["suggestion"],
        started=Started(**values["started"]) if values["started"] else None,
        progress=Progress(**values["progress"]) if values["progress"] else None,
        snapshot=snapshots[-1] if snapshots else None,
        history=history.curves(),
        checkpoint=newest.data if newest else None,
        checkpoint_step=newest.step if newest else 0,
        moments=MomentHistory(snapshots, tuple(checkpoints)),
        origin=values["origin"],
        step=values["step"],
        mark=tuple(values["mark"]) if values.get("mark") else None,
        version=version,
        started_version=version,
        snapshot_version=version,
        history_version=version,
        moments_version=version,
    )
    return Opened(record, history, troubles, entries, values["created"])


def readable(path: Path, entries: list[Entry], kind: str, troubles: list[str]) -> Iterator[tuple[int, dict[str, np.ndarray]]]:
    """The arrays of all files of a kind that are whole, with their steps."""
    for entry in (entry for entry in entries if entry.kind == kind):
        try:
            yield entry.step, unpacked(entry.read(path))
        except Damaged as error:
            troubles.append(str(error))


def newest_whole(checkpoints: list[StoredCheckpoint], troubles: list[str]) -> Checkpoint | None:
    """The newest that is as it was written; those after it are taken out of `checkpoints`."""
    while checkpoints:
        try:
            return Checkpoint(checkpoints[-1].step, checkpoints[-1].data)
        except Damaged as error:
            troubles.append(str(error))
            checkpoints.pop()
    return None
