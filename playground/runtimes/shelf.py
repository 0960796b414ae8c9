"""All runs of a folder as they stand on the disk: what is known of each, the name and the notes that it was given, deletion that can be undone,
and what goes first where there is no more room."""

from __future__ import annotations

import json
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playground.data.writing import ROOM, write_file
from playground.runtimes.base import RegistryError, UnknownRun
from playground.runtimes.claims import claimed
from playground.runtimes.files import BROKEN, Damaged
from playground.runtimes.folder import ABOUT, entries_of, read_about
from playground.runtimes.records import ACTIVE

ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
LABELS, DELETED = "labels.json", ".deleted"
LONGEST = {"name": 80, "notes": 4000}
"""Characters."""
UNDO_SECONDS = 24 * 3600.0
"""For so long a deleted run can be had back, if its room is not needed."""
HALF_SECONDS = 3600.0
"""After which a run that is half written counts as left behind."""
FULL_OF_PINS = "Pinned runs may take half of the room for runs: unpin another one first."


@dataclass(frozen=True)
class Bounds:
    """How much a folder of runs may hold."""

    bytes: int = 4 * 2**30
    runs: int = 200


@dataclass(frozen=True)
class Shelved:
    """What is known of a run without opening it. `trouble` is a sentence where its folder is damaged."""

    run: str
    config: dict[str, Any]
    status: str = "stopped"
    step: int = 0
    seconds: float = 0.0
    created: float = 0.0
    changed: float = 0.0
    bytes: int = 0
    data: str = ""
    picture: str = ""
    trouble: str = ""
    name: str = ""
    notes: str = ""
    pinned: bool = False


class Shelf:
    """Every method may be called from any thread. `active` says which runs this program writes."""

    def __init__(self, path: Path, bounds: Bounds = Bounds(), active: Callable[[], set[str]] = set) -> None:
        self.path, self.bounds, self._active = path, bounds, active
        self._lock = threading.RLock()
        self._read: dict[str, tuple[tuple[int, int], Shelved]] = {}
        path.mkdir(parents=True, exist_ok=True, mode=0o700)

    def folder(self, run: Any) -> Path:
        """Where a run is, or would be. Raises `UnknownRun` for what can be none."""
        if not (isinstance(run, str) and ID.fullmatch(run)):
            raise UnknownRun(run)
        return self.path / run

    def __contains__(self, run: Any) -> bool:
        try:
            return (self.folder(run) / ABOUT).exists()
        except UnknownRun:
            return False

    def ids(self) -> list[str]:
        """Of all runs, in no order."""
        return [path.name for path in self.path.iterdir() if path.name in self]

    def entries(self) -> list[Shelved]:
        """All runs, the newest first."""
        with self._lock:
            found = [self._entry(path) for path in self.path.iterdir() if path.name in self]
            self._read = {entry.run: self._read[entry.run] for entry in found}
        return sorted(found, key=lambda entry: -entry.created)

    def entry(self, run: str) -> Shelved:
        """One of them. Raises `UnknownRun`."""
        if run not in self:
            raise UnknownRun(run)
        with self._lock:
            return self._entry(self.folder(run))

    def names(self, runs: Iterable[str]) -> dict[str, str]:
        """What those of them are called that were given a name."""
        return {run: name for run in runs if run in self and (name := self.entry(run).name)}

    def _entry(self, path: Path) -> Shelved:
        """Read again only where it was written again."""
        stamp = (changed_at(path / ABOUT), changed_at(path / LABELS))
        if self._read.get(path.name, (None,))[0] != stamp:
            self._read[path.name] = stamp, shelved(path)
        return self._read[path.name][1]

    def goes_on(self, entry: Shelved) -> bool:
        """Whether a program, this one or another, still works on it."""
        return entry.run in self._active() or (entry.status in ACTIVE and claimed(self.folder(entry.run)))

    def label(self, run: str, **changes: Any) -> Shelved:
        """Give it another `name` or other `notes`, or let it be `pinned`. Raises `RegistryError` with a sentence."""
        with self._lock:
            entry = self.entry(run)
            labels = {"name": entry.name, "notes": entry.notes, "pinned": entry.pinned} | checked(changes)
            if labels["pinned"] and not entry.pinned:
                self._admit_pin(entry)
            write_file(self.folder(run) / LABELS, json.dumps(labels).encode())
            return self.entry(run)

    def _admit_pin(self, wanted: Shelved) -> None:
        pinned = [entry for entry in self.entries() if entry.pinned] + [wanted]
        if 2 * sum(entry.bytes for entry in pinned) > self.bounds.bytes or 2 * len(pinned) > self.bounds.runs:
            raise RegistryError(FULL_OF_PINS)

    def delete(self, run: str) -> None:
        """Take it off the shelf. Raises `RegistryError` for one that goes on."""
        with self._lock:
            if self.goes_on(self.entry(run)):
                raise RegistryError("This run goes on: stop it first, then it can be deleted.")
            bin_ = self.path / DELETED
            bin_.mkdir(exist_ok=True)
            shutil.rmtree(bin_ / run, ignore_errors=True)
            self.folder(run).rename(bin_ / run)
            (bin_ / run).touch()
        self.make_room()

    def restore(self, run: str) -> None:
        """Put it back. Raises `RegistryError` where it is gone for good."""
        with self._lock:
            there = self.path / DELETED / self.folder(run).name
            if not there.is_dir():
                raise RegistryError("This run is gone for good: its room was needed, or a day has passed.")
            there.rename(self.folder(run))

    def make_room(self) -> None:
        """Delete for good what was taken off, once it is a day old or its room is needed, and then, while there are too many runs or bytes, those
        that were changed longest ago: never one that is pinned or goes on, nor the newest."""
        for path in self.path.glob(f".{ROOM}*"):  # of a run that was to come back, whose worker was killed
            if changed_at(path) / 1e9 < time.time() - HALF_SECONDS:
                shutil.rmtree(path, ignore_errors=True)
        with self._lock:
            entries = sorted(self.entries(), key=lambda entry: entry.changed)
            bytes_, runs, off = sum(entry.bytes for entry in entries), len(entries), list(self._taken_off())
            for path, size, since in off:
                if since < time.time() - UNDO_SECONDS or bytes_ + sum(size for _, size, _ in off) > self.bounds.bytes:
                    shutil.rmtree(path, ignore_errors=True)
            for entry in entries[:-1]:
                if bytes_ <= self.bounds.bytes and runs <= self.bounds.runs:
                    return
                if not entry.pinned and not self.goes_on(entry):
                    shutil.rmtree(self.folder(entry.run), ignore_errors=True)
                    bytes_, runs = bytes_ - entry.bytes, runs - 1

    def _taken_off(self) -> Iterator[tuple[Path, int, float]]:
        """What was deleted and can be had back: its folder, its bytes, and since when."""
        for path in (self.path / DELETED).glob("*"):
            yield path, shelved(path).bytes, path.stat().st_mtime


def shelved(path: Path) -> Shelved:
    """What the files of a folder say of its run."""
    labels = labels_of(path)
    try:
        values = read_about(path)
        entries, progress = entries_of(values), values["progress"] or {}
        return Shelved(
            path.name,
            values["config"],
            values["status"],
            values["step"],
            progress.get("seconds", 0.0),
            values["created"],
            values["changed"],
            sum(entry.bytes for entry in entries),
            values["data"],
            next((entry.name for entry in entries if entry.kind == "picture"), ""),
            **labels,
        )
    except (Damaged, *BROKEN) as error:
        size = sum(file.stat().st_size for file in path.glob("*"))
        since = changed_at(path / ABOUT) / 1e9
        why = str(error) if isinstance(error, Damaged) else "The settings of this run are not those of a run."
        return Shelved(path.name, {}, created=since, changed=since, bytes=size, trouble=why, **labels)


def labels_of(path: Path) -> dict[str, Any]:
    """The name, the notes and the pin of a run; none where the file is missing or damaged."""
    try:
        return {"name": "", "notes": "", "pinned": False} | checked(json.loads((path / LABELS).read_bytes()))
    except (RegistryError, *BROKEN):
        return {}


def checked(labels: dict[str, Any]) -> dict[str, Any]:
    """`labels`, without blanks around. Raises `RegistryError` for what is none."""
    for name, value in labels.items():
        if name == "pinned" and isinstance(value, bool):
            continue
        if name not in LONGEST or not isinstance(value, str) or len(value) > LONGEST[name]:
            raise RegistryError("A run has a name of up to 80 characters, notes of up to 4,000, and may be pinned.")
    return {name: value.strip() if isinstance(value, str) else value for name, value in labels.items()}


def changed_at(path: Path) -> int:
    """When a file was written last, in nanoseconds; 0 where there is none."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
