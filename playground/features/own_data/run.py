"""Makes a data set of what was brought, or named, in a worker: nothing of a stranger's file is decoded in the web process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from playground.config.own_data import HubConfig, OwnDataConfig
from playground.data.own.hub import from_hub
from playground.data.own.preparing import Prepared, prepared
from playground.data.own.shelf import keep
from playground.runs.control import Control
from playground.runs.events import Event, Snapshot, json_array


def prepare_run(settings: OwnDataConfig, where: str, arrived: bool, control: Control | None = None) -> Iterator[Event]:
    """Reads what `where` has `arrived`, or is a folder or a file of this machine (see `data/own/files.py`), keeps the data set, and tells its `name` and
    what was `left_out`. Raises `DataError`."""
    yield kept(prepared(Path(where), settings.title, settings.wish(), arrived))


def hub_run(settings: HubConfig, control: Control | None = None) -> Iterator[Event]:
    """Reads images of the Hub, and tells what `prepare_run` does. Raises `DataError`."""
    yield kept(from_hub(settings.place(), settings.title, settings.wish()))


def kept(made: Prepared) -> Snapshot:
    """Keeps a data set, and says where and what was left out."""
    return Snapshot(0, {"about": json_array({"name": keep(made.data), "left_out": made.left_out})})
