"""How far a run is: a bar with the time left, or lines of JSON."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any, Protocol

from tqdm import tqdm

from playground.page.api import digest
from playground.runtimes import RunRecord, RunRegistry

SECONDS = 0.25
"""Between two looks."""


class Shows(Protocol):
    """Whoever is told of a run: of each piece of news, and of its end."""

    def show(self, record: RunRecord) -> None: ...
    def close(self) -> None: ...


def follow(registry: RunRegistry, run: str, as_json: bool, *others: Shows) -> RunRecord:
    """Shows a run, to `others` as well, until it has ended. Ctrl-C stops it; what it learned is kept."""
    shown: tuple[Shows, ...] = (JsonLines() if as_json else Bar(), *others)
    record = registry.get(run)
    while True:
        try:
            record = asyncio.run(registry.wait(run, record.version, 1.0))
            for each in shown:
                each.show(record)
            if not record.active:
                return record
            time.sleep(SECONDS)
        except KeyboardInterrupt:
            registry.stop(run)
        finally:
            if not record.active:
                for each in shown:
                    each.close()


class JsonLines:
    """One line for each piece of news."""

    def show(self, record: RunRecord) -> None:
        print(json.dumps(plain(record)), flush=True)

    def close(self) -> None:
        pass


class Bar:
    """One line that grows."""

    def __init__(self) -> None:
        self._bar: tqdm | None = None

    def show(self, record: RunRecord) -> None:
        if record.started is None or not record.steps:
            return
        if self._bar is None:
            self._bar = tqdm(total=record.steps, initial=record.started.step, unit="step", file=sys.stderr, dynamic_ncols=True)
        self._bar.total = record.steps
        self._bar.set_postfix_str(reading(record), refresh=False)
        self._bar.update(record.step - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


def reading(record: RunRecord) -> str:
    """The newest loss on held-out data."""
    found = {name: values[-1] for name, (_, values) in record.history.items() if name.startswith("held_out/") and len(values)}
    return ", ".join(f"{name.partition('/')[2]} {value:.4g}" for name, value in list(found.items())[:2])


def plain(record: RunRecord) -> dict[str, Any]:
    """A record in plain words and numbers, as the endpoints of the server have it; what is not finite is null, for JSON has no word for it."""
    news = digest(record)
    finite = {name: value if abs(value) < float("inf") else None for name, value in news["losses"].items()}
    return news | {"losses": finite, "seconds": record.progress.seconds if record.progress else 0.0}
