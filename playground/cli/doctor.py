"""`python app.py --doctor`: what this machine has for the playground, and what to do about what it has not. Starts nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from playground.runtimes.capacity import gpu_memory, limits
from playground.runtimes.footprint import on_gpu
from playground.runtimes.machine import GIB, LEAST, cores, machine_memory, worker_memory

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
EXTRAS = {"umap": ("umap-learn", "maps by UMAP"), "ray": ("ray", "runs on a cluster"), "spaces": ("spaces", "a ZeroGPU Space")}
ROOM = 2 * GIB
"""Bytes that should be free for runs."""


class Finding(NamedTuple):
    """`well` is None where nothing is missing, and nothing need be there."""

    what: str
    well: bool | None
    found: str
    advice: str = ""


def findings(own: bool, runs: Path, each: int | None = None) -> Iterator[Finding]:
    """Of a server of one's own or a public one that keeps its runs in the folder `runs`."""
    yield _device()
    yield _memory()
    yield _disk(runs)
    carried = limits(own, each)
    yield Finding(
        "limits",
        None,
        f"{carried.trainings} trainings at once, {carried.others} studies and drawings, "
        + (f"{carried.a_visitor} for each visitor" if carried.a_visitor else "no limit for a visitor")
        + ("" if own else "; --each N changes that"),
    )
    for module, (package, gives) in EXTRAS.items():
        there = find_spec(module) is not None
        yield Finding(
            package, None, "installed" if there else "not installed", "" if there else f"pip install {package}, for {gives}"
        )
    there = chromium()
    yield Finding("Chromium", None, there or "not found", "" if there else "apt-get install chromium, for the browser tests alone")


def chromium() -> str | None:
    """The system's Chromium: `CHROMIUM`, or one on the path, or None."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)


def _device() -> Finding:
    gpu = gpu_memory()
    if gpu is not None:
        return Finding("device", True, f"{cores()} cores, a GPU with {gpu / GIB:.0f} GB")
    if on_gpu("auto"):
        return Finding("device", None, f"{cores()} cores, a GPU that does not say what memory it has")
    return Finding(
        "device", True, f"{cores()} cores, no GPU", "two cores are enough; a GPU with its driver would be used by itself"
    )


def _memory() -> Finding:
    there, one = machine_memory(), worker_memory()
    if there is None or one is None:
        return Finding("memory", None, "this system does not say", "set --memory GB, what one training may hold")
    found = f"{there / GIB:.1f} GB, of which one training may hold {one / GIB:.1f} (--memory)"
    return Finding(
        "memory",
        there >= 2 * LEAST,
        found,
        "" if there >= 2 * LEAST else "small trainings alone will fit: take a small width and batch size",
    )


def _disk(runs: Path) -> Finding:
    there = next(path for path in (runs, *runs.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free
    if not os.access(there, os.W_OK):
        return Finding("disk", False, f"{runs} cannot be written", "name another folder: --runs FOLDER")
    return Finding(
        "disk",
        free >= ROOM,
        f"{free / GIB:.1f} GB free for {runs}",
        "" if free >= ROOM else "make room, or name another folder: --runs FOLDER",
    )


def report(found: list[Finding]) -> str:
    """A line for each."""
    signs = {True: "good", False: "BAD ", None: "    "}
    width = max(len(each.what) for each in found)
    return "\n".join(
        f"{signs[each.well]}  {each.what:<{width}}  {each.found}" + (f": {each.advice}" if each.advice else "") for each in found
    )
