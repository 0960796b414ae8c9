"""What the panel of runs asks of the server: which are kept, their names and notes, deletion that can be undone, and their pictures."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route

from playground.config import ConfigError, model_of
from playground.runtimes.base import UnknownRun
from playground.runtimes.refusals import answering
from playground.runtimes.shelf import Shelf, Shelved
from playground.ui.modules import FOR_GOOD
from playground.views.readings import about

if TYPE_CHECKING:
    from playground.page.service import Service

MOST_ASKED = 200
NOT_YOURS = "Others use this server, too: here a run is renamed and taken off the list in this browser alone."
PICTURE = re.compile(r"picture-[0-9]{8,}-[0-9a-f]{16}[.]webp")


class LibraryService:
    """On a server of one's own it lists all runs; elsewhere only those that are asked for by their ids, which nobody can guess."""

    def __init__(self, service: Service) -> None:
        self.own, self.registry = service.own, service.registry

    @property
    def shelf(self) -> Shelf:
        """Where runs are kept. Raises `ConfigError` where none are."""
        if self.registry.store is None:
            raise ConfigError("This server keeps no runs.")
        return self.registry.store.shelf

    def listed(self, asked: Any) -> dict[str, Any]:
        """`[run, ...]`, those that this browser knows -> `{"own", "runs": [...]}`, the newest first."""
        if self.registry.store is None:
            return {"own": False, "runs": []}
        known = {run for run in asked[:MOST_ASKED] if isinstance(run, str)} if isinstance(asked, list) else set()
        found = self.shelf.entries() if self.own else [self.shelf.entry(run) for run in known if run in self.shelf]
        return {"own": self.own, "runs": [self.shown(entry) for entry in sorted(found, key=lambda entry: -entry.created)]}

    def shown(self, entry: Shelved) -> dict[str, Any]:
        """A run as the panel draws it."""
        goes_on = self.shelf.goes_on(entry)
        return {
            "run": entry.run,
            "tab": tab_of(entry.config),
            "about": described(entry.config),
            "name": entry.name,
            "notes": entry.notes,
            "pinned": entry.pinned,
            "status": entry.status if goes_on or entry.status in ("finished", "stopped", "failed") else "cut off",
            "goes_on": goes_on,
            "step": entry.step,
            "steps": entry.config.get("steps", 0),
            "created": entry.created,
            "bytes": entry.bytes,
            "picture": f"pictures/{entry.run}/{entry.picture}" if entry.picture else "",
            "trouble": entry.trouble,
        }

    def change(self, request: Any) -> dict[str, Any]:
        """`[run, {"name", "notes", "pinned"}]` -> `{"run": ...}`, as it is now."""
        match request:
            case [str(run), dict(labels)]:
                return {"run": self.shown(self._mine().label(run, **labels))}
        raise ConfigError("A change of a run is [run, {name, notes, pinned}].")

    def delete(self, run: Any) -> dict[str, Any]:
        """Takes a run off the shelf."""
        self._mine().delete(run)
        self.registry.memory.leave(run)
        return {"ok": True}

    def restore(self, run: Any) -> dict[str, Any]:
        """Puts it back."""
        self._mine().restore(run)
        return {"ok": True}

    def _mine(self) -> Shelf:
        if not self.own:
            raise ConfigError(NOT_YOURS)
        return self.shelf

    def server_functions(self) -> list[Callable]:
        """The functions that the panel calls, as plain ones."""

        @answering
        def runs(request: Any) -> dict[str, Any]:
            return self.listed(request)

        @answering
        def change_run(request: Any) -> dict[str, Any]:
            return self.change(request)

        @answering
        def delete_run(request: Any) -> dict[str, Any]:
            return self.delete(request)

        @answering
        def restore_run(request: Any) -> dict[str, Any]:
            return self.restore(request)

        return [runs, change_run, delete_run, restore_run]

    def route(self) -> Route:
        """Where the pictures are, for whoever knows the run. For one that made room while its run went on stands the newest."""

        async def picture(request: Request) -> FileResponse:
            name = request.path_params["name"]
            try:
                folder = self.shelf.folder(request.path_params["run"])
            except (UnknownRun, ConfigError):
                raise HTTPException(404) from None
            if not PICTURE.fullmatch(name):
                raise HTTPException(404)
            if (folder / name).is_file():
                return FileResponse(folder / name, media_type="image/webp", headers=FOR_GOOD)
            newer = sorted(path for path in folder.glob("picture-*.webp") if PICTURE.fullmatch(path.name))
            if not newer:
                raise HTTPException(404)
            return FileResponse(newer[-1], media_type="image/webp", headers={"cache-control": "no-store"})

        return Route("/pictures/{run}/{name}", picture)


def tab_of(config: dict[str, Any]) -> str:
    """The tab that shows such a run; none for one that cannot be read."""
    known = model_of(config)
    return "" if known is None else "diffusion" if known.diffuses else config["model"]


def described(config: dict[str, Any]) -> str:
    """What it trains, in words."""
    try:
        return about(config)
    except KeyError:
        return f"{config['model']}, data that are gone"
