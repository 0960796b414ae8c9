"""Runs that come back: a file that was dropped on the panel, or named on the command line, becomes a run of the shelf."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from playground.config import ConfigError
from playground.library.service import described, tab_of
from playground.runs.events import read_json
from playground.runtimes.jobs import first_arrays
from playground.ui.arriving import Arriving

if TYPE_CHECKING:
    from playground.page.service import Service

ADDRESS = "/bring-run"
BRING = "playground.features.take_away.bringing:bring_run"
MOST = 256 * 2**20
"""Bytes; on a server that others use, a quarter of it."""


class Bringing:
    """Takes weights and whole runs back."""

    def __init__(self, service: Service) -> None:
        self._service = service
        most = MOST if service.own else MOST // 4
        self._arriving = Arriving(
            service.waiting, most, f"This file is larger than {most >> 20} MB, which is all that is taken back here."
        )

    def route(self) -> Route:
        """Where files are sent to."""
        return Route(ADDRESS, self._take, methods=["POST"])

    async def _take(self, request: Request) -> JSONResponse:
        return await self._arriving.take(request, self.bring)

    def bring(self, file: Path) -> dict[str, Any]:
        """The run in a file is kept under a new id: `{"run", "left_out", "tab", "about"}`. Raises `ConfigError` or `RegistryError` with a sentence."""
        registry = self._service.registry
        if registry.store is None:
            raise ConfigError("This server keeps no runs.")
        shelf, limit = registry.store.shelf, self._service.memory_limit
        found = read_json(first_arrays(registry.run_job(BRING, str(file), str(shelf.path), limit))["about"])
        shelf.make_room()
        config = shelf.entry(found["run"]).config
        return found | {"tab": tab_of(config), "about": described(config)}
