"""Weights and whole runs that come back: read in a worker, hostile until proven otherwise, and written as a run of this server.

Nothing is unpickled and no path of an archive is used: of its files only those count whose names are those of a run's, each with the SHA-256
that `run.json` says. What a run says of itself is built anew from what its settings and weights are.
"""

from __future__ import annotations

import io
import json
import math
import re
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from playground.config import ConfigError, RunConfig, parse_config
from playground.config.runs import shaping
from playground.data import DATASETS, Dataset, load_dataset
from playground.data.own import shelf
from playground.data.writing import ROOM, write_file
from playground.features.take_away.own_data import ELSEWHERE, at_home
from playground.runs.checkpoint import CheckpointError, Loaded, unpack
from playground.runs.control import Control
from playground.runs.events import Checkpoint, Event, Progress, Snapshot, Started, json_array
from playground.runs.generation import model_in
from playground.runs.tasks import TASKS, Task
from playground.runtimes.files import BROKEN, Damaged
from playground.runtimes.folder import ABOUT, ENDINGS, Opened, RunFolder, entries_of, read, read_about
from playground.runtimes.footprint import refuse_too_large
from playground.runtimes.moments import MAX_CHECKPOINTS, MAX_SNAPSHOTS, MomentHistory
from playground.runtimes.records import History, RunRecord, new_id
from playground.runtimes.shelf import LABELS, labels_of
from playground.views.thumbnail import thumbnail

MOST = 256 * 2**20
"""Bytes of a file, and of all that is in it."""
MOST_FILES = 100
MOST_OF = {"curves": 1, "picture": 1, "snapshot": MAX_SNAPSHOTS, "checkpoint": MAX_CHECKPOINTS + 1}
"""Files of a kind: the newest weights may stand beside those to go back to."""
LONGEST_RUN = 1e8
"""Seconds, three years."""
LOOKED_AT_STEPS = 20
"""Of the sampler, for the picture of weights that come alone, whatever their settings say."""
MOST_ABOUT = 4 * 2**20
NAME = re.compile(rf"(?:{'|'.join(ENDINGS)})-[0-9]{{8,}}-[0-9a-f]{{16}}[.](?:npz|safetensors|webp)")
CURVE = re.compile(r"[a-z_]{1,20}/[a-z0-9_]{1,40}")
LONGEST_CURVE, MOST_CURVES = 2000, 100
NO_RUN = "This is neither weights of a run (.safetensors) nor a whole run (.zip) that were saved here."
ORIGIN = "Brought back from a file."


def bring_run(where: str, folder: str, memory_limit: int | None, control: Control | None = None) -> Iterator[Event]:
    """Writes what the file `where` holds as a run in `folder`, and tells its id, `run`, and how many moments were `left_out`."""
    with tempfile.TemporaryDirectory(prefix=ROOM) as room:
        record, history, labels, left_out = brought(Path(where), Path(room), memory_limit)
        path = Path(folder) / f".{ROOM}{record.run_id}"
        RunFolder(path).write(record, history.packed(), thumbnail(record))
        if labels:
            write_file(path / LABELS, labels)
        path.rename(Path(folder) / record.run_id)  # whole, or not at all: this process may be ended at any moment
    yield Snapshot(0, {"about": json_array({"run": record.run_id, "left_out": left_out})})


def brought(where: Path, room: Path, memory_limit: int | None) -> tuple[RunRecord, History, bytes, int]:
    """The run in a file, under a new id; its labels, and how many of its moments do not fit it. Raises `ConfigError`, `CheckpointError` or
    `DataError` with a sentence. `room` is an empty folder."""
    if where.stat().st_size > MOST:
        raise ConfigError(f"This file is larger than {MOST >> 20} MB, which is all that is taken back.")
    with where.open("rb") as file:
        begins = file.read(4)
    if begins != b"PK\x03\x04":
        return of_weights(where.read_bytes(), memory_limit)
    try:
        unpack_into(room, where)
        opened = read(room)
    except (Damaged, ConfigError):
        raise
    except BROKEN as error:
        raise ConfigError(f"This run cannot be read ({type(error).__name__}): save it again where it is.") from None
    return of_folder(opened, room, memory_limit)


def of_weights(data: bytes, memory_limit: int | None) -> tuple[RunRecord, History, bytes, int]:
    """A run that has nothing but its newest weights: what can be seen and measured of them is made anew."""
    try:
        loaded, model, dataset = checked(data, memory_limit)
    except CheckpointError as error:
        raise ConfigError(f"{NO_RUN} {error}") from None
    history = History()
    snapshot, task = looked_at(loaded, model, dataset)
    history.add(loaded.step, {f"held_out/{name}": value for name, value in task.held_out(model).items()})
    ended = "finished" if loaded.step >= loaded.config.steps else "stopped"
    record = built(loaded, dataset, ended, history, (snapshot,), (Checkpoint(loaded.step, data),), data)
    return record, history, b"", 0


def of_folder(opened: Opened, room: Path, memory_limit: int | None) -> tuple[RunRecord, History, bytes, int]:
    """A run with its past."""
    if opened.troubles:
        raise ConfigError(f"This run is refused: {opened.troubles[0]} Save it again where it is.")
    if not opened.record.checkpoint:
        raise ConfigError("This run is refused: it has no weights.")
    there = at_home(opened.record, opened.record.checkpoint)
    newest = there.checkpoint or b""
    loaded, model, dataset = checked(newest, memory_limit)
    if parse_config(there.config).model != loaded.config.model:
        raise ConfigError("This run is refused: its weights are of another kind of model than its settings.")
    check_curves(opened.history)
    moments = there.moments or MomentHistory()
    fresh, _ = looked_at(loaded, model, dataset)
    snapshots = tuple(moment for moment in moments.snapshots if fits(moment, fresh))
    checkpoints = tuple(kept for kept in moments.checkpoints if same_network(kept.data, loaded.config))
    status = there.status if there.status in ("finished", "failed") else "stopped"
    record = built(loaded, dataset, status, opened.history, snapshots or (fresh,), checkpoints, newest)
    progress = there.progress
    if progress is not None:
        check_course(progress.step, progress.seconds)
        record = replace(record, progress=Progress(int(progress.step), float(progress.seconds), {}, 0.0, 0.0))
    left_out = len(moments.snapshots) - len(snapshots) + len(moments.checkpoints) - len(checkpoints)
    return record, opened.history, own_words(room), left_out


def own_words(room: Path) -> bytes:
    """The name and the notes of a run. A pin does not come with it: which runs stay is for this server to say."""
    labels = labels_of(room)
    labels.pop("pinned", None)
    return json.dumps(labels).encode() if any(labels.values()) else b""


def checked(data: bytes, memory_limit: int | None) -> tuple[Loaded, nn.Module, Dataset]:
    """Weights that are whole and fit the network that their settings describe, and their data. Raises `ConfigError`, `CheckpointError`."""
    loaded = unpack(data)
    known = DATASETS[loaded.config.dataset]
    if not known.available():
        if shelf.NAME.fullmatch(known.name):
            raise ConfigError(ELSEWHERE)
        raise ConfigError(f"This run is refused: its data, {known.title}, are not on this server.")
    refuse_too_large(loaded.config, memory_limit)
    check_course(loaded.step, loaded.seconds)
    if not all(bool(value.isfinite().all()) for value in loaded.group("ema").values()):
        raise ConfigError("This run is refused: its weights are not finite numbers.")
    return loaded, model_in(loaded, "cpu"), load_dataset(loaded.config.dataset)


def check_course(step: float, seconds: float) -> None:
    """Raises `ConfigError` for steps and seconds that no run takes."""
    if not (0 <= step <= 10**9 and math.isfinite(seconds) and seconds <= LONGEST_RUN):
        raise ConfigError("This run is refused: its steps and its seconds are not those of a run.")


@torch.no_grad()
def looked_at(loaded: Loaded, model: nn.Module, dataset: Dataset) -> tuple[Snapshot, Task]:
    """What these weights look like now, and what can measure them."""
    config = loaded.config.replace(device="cpu")
    if isinstance(steps := getattr(config, "sampling_steps", None), int):
        config = config.replace(sampling_steps=min(LOOKED_AT_STEPS, steps))
    task = TASKS[config.model](config, dataset, torch.device("cpu"))
    task.step = loaded.step
    task.prepare(model)
    arrays = task.snapshot(model, lambda: False)
    assert arrays is not None
    return Snapshot(loaded.step, arrays), task


def built(
    loaded: Loaded,
    dataset: Dataset,
    status: Any,
    history: History,
    snapshots: tuple[Snapshot, ...],
    checkpoints: tuple[Checkpoint, ...],
    newest: bytes,
) -> RunRecord:
    """The record of a run with these weights, under an id of its own: none that came with it is used."""
    config = loaded.config.replace(device="auto").model_dump()
    return RunRecord(
        new_id(),
        config=config,
        status=status,
        started=Started(config, loaded.n_parameters, "elsewhere", 0, dataset.fingerprint),
        progress=Progress(loaded.step, max(0.0, loaded.seconds), {}),
        snapshot=snapshots[-1],
        history=history.curves(),
        checkpoint=newest,
        checkpoint_step=loaded.step,
        moments=MomentHistory(snapshots, checkpoints),
        origin=ORIGIN,
        step=loaded.step,
    )


def unpack_into(room: Path, where: Path) -> None:
    """Writes those files of an archive that a run has into `room`, under those names. Raises `ConfigError` for anything else in it."""
    try:
        with zipfile.ZipFile(where) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > MOST_FILES or sum(entry.file_size for entry in entries) > MOST:
                raise ConfigError(f"This archive is refused: a run has at most {MOST_FILES} files and {MOST >> 20} MB.")
            left = MOST
            for entry in entries:
                name = entry.filename.rpartition("/")[2]
                if not (name in (ABOUT, LABELS) or NAME.fullmatch(name)) or (room / name).exists() or entry.flag_bits & 1:
                    raise ConfigError(f"{NO_RUN} It holds {name[:60]!r}.")
                if name in (ABOUT, LABELS) and entry.file_size > MOST_ABOUT:
                    raise ConfigError(f"This archive is refused: its {name} is larger than {MOST_ABOUT >> 20} MB.")
                data = archive.read(entry)
                if name.endswith(".npz"):
                    left -= check_arrays(data, left)
                (room / name).write_bytes(data)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise ConfigError(f"This archive cannot be opened ({type(error).__name__}): save the run again where it is.") from None
    if not (room / ABOUT).exists():
        raise ConfigError(f"{NO_RUN} It holds no {ABOUT}.")
    check_files(read_about(room))


def check_arrays(data: bytes, left: int) -> int:
    """The bytes that arrays unpack to. Raises `ConfigError` for more than are `left` of those that a run has."""
    with zipfile.ZipFile(io.BytesIO(data)) as arrays:
        size = sum(entry.file_size for entry in arrays.infolist())
        if size > left or len(arrays.infolist()) > 2 * MOST_CURVES:
            raise ConfigError(f"This archive is refused: the arrays in it unpack to more than {MOST >> 20} MB.")
    return size


def check_files(values: dict[str, Any]) -> None:
    """Raises `ConfigError` where a `run.json` names more files than a run has, or one of them twice: each is read as often as it is named."""
    entries = entries_of(values)
    kinds = Counter(entry.kind for entry in entries)
    if len({entry.name for entry in entries}) < len(entries) or any(n > MOST_OF[kind] for kind, n in kinds.items()):
        raise ConfigError(
            f"This run is refused: a run names each file once, at most {MAX_SNAPSHOTS} snapshots and {MOST_OF['checkpoint']} checkpoints."
        )


def check_curves(history: History) -> None:
    """Raises `ConfigError` for what no run reports."""
    curves = history.packed()
    ok = len(curves) <= MOST_CURVES and all(
        CURVE.fullmatch(name) and array.ndim == 2 and len(array) <= LONGEST_CURVE for name, array in curves.items()
    )
    if not ok:
        raise ConfigError("This run is refused: its curves are not those of a run.")


def fits(moment: Snapshot, fresh: Snapshot) -> bool:
    """Whether a moment has the arrays that this model's pictures are made of; how many frames or examples may differ."""
    return moment.arrays.keys() == fresh.arrays.keys() and all(
        (array.dtype, array.ndim, array.shape[1:])
        == (fresh.arrays[name].dtype, fresh.arrays[name].ndim, fresh.arrays[name].shape[1:])
        and len(np.atleast_1d(array)) <= 10_000
        for name, array in moment.arrays.items()
    )


def same_network(data: bytes, config: RunConfig) -> bool:
    """Whether these are weights of the same network."""
    try:
        other = unpack(data).config
    except CheckpointError:
        return False
    return all(getattr(other, name, None) == getattr(config, name) for name in shaping(type(config)))
