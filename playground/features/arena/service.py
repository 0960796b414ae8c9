"""What the arena's controls ask of the server: who may take part, and a folder as a model."""

from __future__ import annotations

import base64
import binascii
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from playground.config import ConfigError, DiffusionConfig
from playground.config.settings import field_specs, named
from playground.features.arena.feature import RUN
from playground.features.arena.settings import ArenaConfig
from playground.features.arena.view import folder, schedulers
from playground.runtimes.jobs import first_arrays
from playground.runtimes.records import Origin
from playground.runtimes.refusals import answering

if TYPE_CHECKING:
    from playground.page.service import Service

SCHEDULERS, FOLDER = (f"playground.features.arena.run:{task}" for task in ("schedulers_run", "folder_run"))
MAX_FOLDER = 20 * 2**20
MAX_FOLDERS = 4


class ArenaService:
    """Lists of schedulers, found once for each noise schedule, and the folders that were opened here, the newest few."""

    def __init__(self, service: Service) -> None:
        self._service, self._lock, self._shelf = service, threading.Lock(), threading.Lock()
        self._lists: dict[str, dict[str, Any]] = {}
        self._folders: OrderedDict[str, bytes] = OrderedDict()

    def schedulers(self, schedule: Any) -> dict[str, Any]:
        """The payload of `views.arena.schedulers`. Takes seconds for the first who asks; whoever comes meanwhile waits."""
        if schedule not in field_specs(DiffusionConfig)["schedule"].choices:
            raise ConfigError("Schedulers are listed for one of the noise schedules.")
        with self._lock:
            if schedule not in self._lists:
                self._lists[schedule] = schedulers(self._job(SCHEDULERS, schedule))
            return self._lists[schedule]

    def open(self, data: bytes) -> dict[str, Any]:
        """Keeps a zipped folder, and says what is in it, with the `folder` that it is called by from now on."""
        if len(data) > MAX_FOLDER:
            raise ConfigError(f"This file has {len(data) / 2**20:.0f} MB: up to {MAX_FOLDER >> 20} MB are opened here.")
        about, name = folder(self._job(FOLDER, data)), secrets.token_urlsafe(12)
        with self._shelf:
            self._folders[name] = data
            while len(self._folders) > MAX_FOLDERS:
                self._folders.popitem(last=False)
        return about | {"folder": name}

    def run(self, run: str | None, chosen: Any, values: dict[str, Any]) -> str:
        """Starts the arena with the folder that `chosen` names, or else with the newest weights of `run`; returns its run id."""
        chosen = chosen if isinstance(chosen, dict) else {}
        values = named(values) | {name: chosen[name] for name in ("schedulers", "evaluations") if chosen.get(name) is not None}
        wanted = chosen.get("folder")
        if wanted is not None:
            data = self._folders.get(wanted) if isinstance(wanted, str) else None
            if data is None:
                raise ConfigError("That folder is no longer kept here: please open it again.")
            settings = ArenaConfig(**{"device": self._service.device, **values})
            return self._service.registry.start(settings, task=RUN, of=(Origin("an opened diffusers folder"),), checkpoint=data)
        if run is None:
            raise ConfigError("There is no model to run yet: press Train at the top, or open a diffusers folder.")
        return self._service.study("arena", run, values)

    def _job(self, task: str, *args: Any) -> dict[str, np.ndarray]:
        return first_arrays(self._service.registry.run_job(task, *args))

    def server_functions(self) -> list[Callable]:
        """Server functions: each takes one value and answers a dict, `{"error": sentence}` for a refusal."""

        waiting = answering(self._service.waiting)

        async def arena_schedulers(schedule: Any) -> dict[str, Any]:
            return await waiting(self.schedulers, schedule)

        async def arena_open(data: Any) -> dict[str, Any]:
            return await waiting(lambda: self.open(_bytes(data)))

        return [arena_schedulers, arena_open]


def _bytes(data: Any) -> bytes:
    if not isinstance(data, str) or len(data) > MAX_FOLDER * 4 // 3 + 4:
        raise ConfigError(f"A folder comes as a zip file of at most {MAX_FOLDER >> 20} MB.")
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error:
        raise ConfigError("A folder comes as a zip file.") from None
