"""What leaves the server: which forms a run can take, how large each is, and the file itself."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from threading import Semaphore
from typing import TYPE_CHECKING, Any

from playground.config import ConfigError, RunConfig, parse_config
from playground.data import load_dataset
from playground.features.take_away.forms import FORMS, Form
from playground.features.take_away.whole import whole
from playground.runtimes.base import RegistryError, RegistryFull
from playground.runtimes.jobs import first_arrays
from playground.runtimes.links import watch_id
from playground.runtimes.moments import MomentHistory
from playground.runtimes.records import RunRecord

if TYPE_CHECKING:
    from playground.page.service import Service


NO_WEIGHTS = "This run has no weights yet: they come with its first seconds."


WHOLE_AT_ONCE, WAIT_SECONDS = 2, 5.0
"""Whole runs that are packed at the same time, each in memory; and for how long the next waits."""


class UnknownFile(ValueError):
    """`str(error)` is a sentence."""


class TakeAway:
    """Every method may be called from any thread; `file` blocks until it is made."""

    def __init__(self, service: Service) -> None:
        self._service, self._zipping = service, Semaphore(WHOLE_AT_ONCE)

    def forms(self, run: Any) -> dict[str, Any]:
        """`{"forms": [{"file", "name", "title", "about", "most", "least", "exact", "refusal"}]}` of a training: `name` is what the file is to be
        called, `most` and `least` are bounds of its bytes, 0 where they are not known before it is made, and `refusal` is a sentence where it
        cannot be. Forms with the same title are one line."""
        record, config = self._service.registry.get(run), self._config(run)
        store, weights = self._service.registry.store, len(record.checkpoint or b"")
        folder = store.shelf.entry(run).bytes if store is not None and run in store.shelf else 0
        return {"forms": [told(form, config, weights, folder) for form in FORMS.values()]}

    def file(self, run: str, name: str) -> bytes:
        """A form of a run, of its newest weights. Raises `UnknownFile`, `UnknownRun`, `ConfigError` or `RegistryError` with a sentence."""
        if name not in FORMS:
            *others, last = FORMS
            raise UnknownFile(f"A run has no such file: known are {', '.join(others)} and {last}.")
        form = FORMS[name]
        if form.of == "folder":
            return self._whole(run)
        if not form.make:
            return self._service.registry.checkpoint(run)
        given = (self._service.registry.checkpoint(run),) if form.of == "weights" else self.known(run)
        return first_arrays(self._service.registry.run_job(form.make, *given, **form.settings))["file"].tobytes()

    def _whole(self, run: str) -> bytes:
        """The folder of a run, as a zip, in which it has the name by which it can be watched: a file is passed on, and steers nothing."""
        self._config(run)
        registry = self._service.registry
        name = registry.links.run_of(run)
        record, curves = (registry.kept.get(name) or registry.memory.find(name)).state()
        if not record.checkpoint:
            raise RegistryError(NO_WEIGHTS)
        if not self._zipping.acquire(timeout=WAIT_SECONDS):
            raise RegistryFull("Other runs are being packed at this moment: please try again in a little while.")
        try:
            return whole(replace(record, run_id=watch_id(name)), curves, self._labels(run))
        finally:
            self._zipping.release()

    def _labels(self, run: str) -> dict[str, str]:
        """The name and the notes that a run was given."""
        store = self._service.registry.store
        entry = store.shelf.entry(run) if store is not None and run in store.shelf else None
        return {"name": entry.name, "notes": entry.notes} if entry and (entry.name or entry.notes) else {}

    def known(self, run: str) -> tuple[RunRecord, dict[str, str]]:
        """All that is known of a training, but its weights; and its labels."""
        self._config(run)
        record = self._service.registry.get(run)
        moments = record.moments and MomentHistory(record.moments.snapshots)
        return replace(record, checkpoint=None, moments=moments), self._labels(run)

    def _config(self, run: str) -> RunConfig:
        """The settings of a training. Raises `ConfigError` for a run that trains no model."""
        config = self._service.registry.get(run).config
        if "model" not in config:
            raise ConfigError("This run trains no model: save the one that it measures or draws from.")
        return parse_config(config)


def told(form: Form, config: RunConfig, weights: int, folder: int) -> dict[str, Any]:
    """A form as the menu shows it, of a run whose newest weights, and whose folder, are so many bytes."""
    refusal = form.refusal(config) or ("" if weights else NO_WEIGHTS)
    known = {"weights": weights + (data_bytes(config.dataset) if form.with_data else 0), "folder": folder}
    return {
        "file": form.file,
        "name": f"{config.model}_{config.dataset.partition('-')[0]}_{form.file}",
        "title": form.title,
        "about": f"{form.about} {form.note(config)}".strip(),
        "most": 0 if refusal else known.get(form.of, 0),
        "least": form.least(),
        "exact": not form.make,
        "refusal": refusal,
    }


@lru_cache(maxsize=64)
def data_bytes(name: str) -> int:
    """Of a data set, as it lies in memory."""
    data = load_dataset(name)
    return sum(array.nbytes for split in (data.train, data.test) for array in (split.x, split.labels))
