"""Data of one's own on the command line: where a name of data is asked for, the path of a file or folder does as well."""

from __future__ import annotations

import sys
from pathlib import Path

from playground.data import DATASETS
from playground.features.own_data.service import OwnDataService
from playground.page.service import Service


def brought(service: Service, wanted: str) -> str:
    """`wanted`, or the name of the data set that a file or folder of that path was made into, which is the same each time. What was left
    out is told on standard error. Raises `ConfigError` or `DataError` with a sentence."""
    path = Path(wanted)
    if wanted in DATASETS or not path.exists():
        return wanted
    found = OwnDataService(service).offer(path)
    print("\n".join([f"{found['title']}: {found['description']}", *found["left_out"]]), file=sys.stderr)
    return found["name"]
