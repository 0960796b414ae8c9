"""Runs that are kept with the project, so that no tab is empty when a page opens: each one file of plain arrays, without pickle."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from playground.config import parse_config
from playground.config.settings import field_specs
from playground.runs.control import Message
from playground.runs.events import Checkpoint, Progress, Snapshot, Started
from playground.runtimes.attempt import Attempt
from playground.runtimes.base import RegistryError
from playground.runtimes.files import BROKEN
from playground.runtimes.live import LiveRun
from playground.runtimes.moments import MomentHistory
from playground.runtimes.records import RunRecord

ASSETS = Path(__file__).resolve().parents[2] / "assets"
KEPT = "This run is kept with the project for everybody, so nobody can change it: press Train for one of your own."
TABS = ("ae", "vae", "diffusion")


class KeptRun(LiveRun):
    """A run that came with the project: whoever comes may look at it, ask it and fork it, and nobody change it."""

    def __init__(self, record: RunRecord, now: float) -> None:
        super().__init__(record.run_id, parse_config(record.config), now)
        self.record, self.attempt = record, Closed()
        for name, (steps, values) in record.history.items():
            for step, value in zip(steps, values):
                self._history.add(int(step), {name: value})

    def hold(self, paused: bool, note: str | None = None) -> None:
        raise RegistryError(KEPT)

    def reconfigure(self, values: dict[str, Any]) -> None:
        raise RegistryError(KEPT)

    def nudge(self) -> None:
        raise RegistryError(KEPT)


class Closed(Attempt):
    """No worker, and never one: there is nobody to hear."""

    def send(self, message: Message) -> None:
        pass


def path_of(tab: str) -> Path:
    """Where the run of a tab is kept."""
    return ASSETS / f"kept_{tab}.npz"


def kept_runs() -> Iterator[RunRecord]:
    """The runs of those tabs whose file is there and whole; of a broken one the log says so."""
    for tab in TABS:
        path = path_of(tab)
        try:
            if path.exists():
                yield read(path, tab)
        except BROKEN as error:
            print(f"{path.name} is left out: it cannot be read ({type(error).__name__}: {error}).", file=sys.stderr)


def write(path: Path, record: RunRecord, made: str) -> None:
    """Keeps a finished run: its settings and curves, its moments, and its newest weights. `made` says when it was."""
    started, progress, moments = record.started, record.progress, record.moments
    if started is None or progress is None or moments is None or record.checkpoint is None:
        raise ValueError("Only a run that has finished can be kept.")
    about = {"started": asdict(started), "progress": asdict(progress), "made": made}
    arrays = {"about": text(about), "checkpoint": np.frombuffer(record.checkpoint, np.uint8)}
    arrays |= {f"history/{name}": np.stack([steps.astype("f8"), values]) for name, (steps, values) in record.history.items()}
    for moment in moments.snapshots:
        arrays |= {f"snapshot/{moment.step}/{name}": array for name, array in moment.arrays.items()}
    np.savez_compressed(path, **arrays)


def read(path: Path, tab: str) -> RunRecord:
    """The inverse of `write`; the run of that tab. Raises one of `BROKEN`."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    about = json.loads(arrays["about"].tobytes())
    started, progress = Started(**about["started"]), Progress(**about["progress"])
    if started.config["model"] != tab or not parse_config(started.config):
        raise ValueError(f"it is the run of another tab, {started.config['model']}")
    weights, snapshots = arrays["checkpoint"].tobytes(), tuple(snapshots_of(arrays))
    return RunRecord(
        f"kept-{tab}",
        config=started.config,
        status="finished",
        started=started,
        progress=progress,
        snapshot=snapshots[-1],
        history={name: (curve[0].astype(int), curve[1]) for name, curve in under(arrays, "history/")},
        checkpoint=weights,
        checkpoint_step=progress.step,
        moments=MomentHistory(snapshots, (Checkpoint(progress.step, weights),)),
        origin=sentence(started.config, progress, about["made"]),
        step=progress.step,
        kept=True,
    )


def snapshots_of(arrays: dict[str, np.ndarray]) -> Iterator[Snapshot]:
    """The moments in a file, oldest first."""
    named = [(*key.split("/", 1), array) for key, array in under(arrays, "snapshot/")]
    for step in sorted({int(step) for step, _, _ in named}):
        yield Snapshot(step, {name: array for of, name, array in named if int(of) == step})


def under(arrays: dict[str, np.ndarray], start: str) -> Iterator[tuple[str, np.ndarray]]:
    """Those whose name has this start, without it."""
    return ((name.removeprefix(start), array) for name, array in arrays.items() if name.startswith(start))


def text(value: Any) -> np.ndarray:
    """JSON as an array."""
    return np.frombuffer(json.dumps(value, allow_nan=False).encode(), np.uint8)


def sentence(config: dict[str, Any], progress: Progress, made: str) -> str:
    """What the page says of a kept run."""
    return f"Kept with the project: {progress.step:,} steps{settings(config)}, {progress.seconds:.0f} s, {made}. Train replaces it."


def settings(config: dict[str, Any]) -> str:
    """In which settings it differs from those that the form begins with: ", width 96"; those that came later it has not."""
    specs, usual = field_specs(type(parse_config(config))), parse_config({"model": config["model"], "dataset": config["dataset"]})
    known = [name for name in specs if name in config and name not in ("device", "steps")]
    others = {name: config[name] for name in known if config[name] != getattr(usual, name)}
    return "".join(f", {specs[name].label.lower()} {value}" for name, value in others.items())
