"""The readings of trainings for Trackio, where somebody asks for it: `--trackio PROJECT`, of the command line and of the app. Imported only then."""

from __future__ import annotations

import atexit
import importlib
import importlib.util
import sys
import threading
from contextlib import redirect_stdout
from contextvars import Context
from typing import Any

import numpy as np

from playground.config import ConfigError
from playground.runtimes import RunRecord
from playground.runtimes.log import short
from playground.runtimes.registry import RunRegistry

MISSING = "--trackio needs the package trackio: pip install trackio."
EVERY, PATIENCE = 2.0, 10.0
"""Seconds between two looks at the trainings of a server, and for what is left to be sent at its end."""


def check() -> None:
    """Raises `ConfigError` where Trackio is not installed."""
    if not importlib.util.find_spec("trackio"):
        raise ConfigError(MISSING)


class Tracking:
    """One run of a Trackio project. With `resume`, one of this name goes on where there is one. Raises `ConfigError` where Trackio is not installed."""

    def __init__(self, project: str, name: str, config: dict[str, Any], resume: bool = False) -> None:
        check()
        import trackio  # pyright: ignore[reportMissingImports]

        asked = {"project": project, "name": name or None, "config": config, "embed": False, "auto_log_gpu": False}
        with redirect_stdout(sys.stderr):  # where it says much, and --json only lines of JSON
            # a context of its own: a run that begins ends the one before it in its context
            self._run = Context().run(trackio.init, **asked, **({"resume": "allow"} if resume else {}))
        self.seen: dict[str, int] = {}
        """The last step that was logged of each reading."""

    def show(self, record: RunRecord) -> None:
        """Logs the readings that are new, step by step."""
        found: dict[int, dict[str, float]] = {}
        for name, (steps, values) in record.history.items():
            fresh = (steps > self.seen.get(name, -1)) & np.isfinite(values)
            for step, value in zip(steps[fresh].tolist(), values[fresh].tolist()):
                found.setdefault(step, {})[name] = value
            self.seen[name] = max(self.seen.get(name, -1), int(steps.max(initial=-1)))
        for step in sorted(found):
            self._run.log(found[step], step=step)

    def close(self) -> None:
        with redirect_stdout(sys.stderr):
            self._run.finish()


class Trackings:
    """Logs the trainings of a server, each as a run of one project. It looks at them from a thread of its own, so no page and no training ever waits
    for Trackio; what fails there is told once, and ends the logging of that run alone. Raises `ConfigError` where Trackio is not installed."""

    def __init__(self, registry: RunRegistry, project: str, every: float = EVERY) -> None:
        check()
        self._registry, self._project, self._every = registry, project, every
        self._open: dict[str, Tracking] = {}
        self._shown: dict[str, int] = {}  # run -> the version of its readings that was logged
        self._seen: dict[str, dict[str, int]] = {}  # of runs that have ended, for those that are continued
        self._given_up: set[str] = set()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="trackio", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def close(self) -> None:
        """Logs what is left, for a few seconds at most."""
        atexit.unregister(self.close)
        self._stopped.set()
        self._thread.join(PATIENCE)

    def _work(self) -> None:
        self._try("", lambda: importlib.import_module("trackio"))  # before anybody looks: it takes a second or two
        while not self._stopped.wait(self._every):
            self._look()
        self._look(last=True)

    def _look(self, last: bool = False) -> None:
        here = {live.record.run_id: live.record for live in self._registry.admission.known() if live.trains and live.thread}
        for run, record in here.items():
            if run not in self._given_up:
                self._try(run, lambda run=run, record=record: self._show(run, record))
        for run in [run for run in self._open if last or run not in here or not here[run].active]:
            self._try(run, lambda run=run: self._end(run))

    def _show(self, run: str, record: RunRecord) -> None:
        """Its new readings, if there are any."""
        if record.history_version <= self._shown.get(run, 0):
            return
        if run not in self._open:
            name = f"{record.config['model']}-{record.config['dataset']}-{short(run)}"
            self._open[run] = Tracking(self._project, name, record.config, resume=True)
            self._open[run].seen = self._seen.pop(run, {})
        self._open[run].show(record)
        self._shown[run] = record.history_version

    def _end(self, run: str) -> None:
        tracking = self._open.pop(run)
        self._seen[run] = tracking.seen
        tracking.close()

    def _try(self, run: str, act: Any) -> None:
        """Whatever Trackio may raise is said, the first time, and that run is left alone."""
        try:
            act()
        except Exception as error:
            if not self._given_up:
                print(
                    f"Trackio failed ({type(error).__name__}: {error}). Trainings go on; one that this happens to is no longer logged.",
                    file=sys.stderr,
                )
            self._given_up.add(run)
            self._open.pop(run, None)
