"""What happens to runs, as lines of JSON for whoever keeps a server: each names its run by eight characters of its watch id, which open nothing."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from playground.runtimes.links import KEPT, WATCH, watch_id

LOG = logging.getLogger("playground.runs")


def short(run: str) -> str:
    """A name of a run that can be told apart from others, and is no link to it."""
    return run if run.startswith(KEPT) else watch_id(run).removeprefix(WATCH)[:8]


def note(event: str, run: str | None, **facts: str | float | None) -> None:
    """One line, where somebody wants them; `run` is None for what is of no single one."""
    said = {"run": run and short(run), **facts}
    LOG.info("%s", json.dumps({"event": event, **{name: fact for name, fact in said.items() if fact is not None}}))


@contextmanager
def reported() -> Iterator[None]:
    """For what is done again and again: when it fails once, the traceback goes to the standard error, and the next time comes."""
    try:
        yield
    except Exception:
        traceback.print_exc()


def speak() -> None:
    """Writes the lines to the standard error, with the time."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    LOG.propagate = False
