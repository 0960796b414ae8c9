"""What the page asks of the server about data of one's own: to take files, a drawing, or images of the Hub, and which are still kept.

Files come as the body of one request, not through a server function: the browser sends them as they lie on its disk, one behind the
other, and they go to a temporary file here that a worker reads.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from playground.config import ConfigError
from playground.config.own_data import HubConfig, OwnDataConfig
from playground.config.settings import Settings, field_specs
from playground.config.training import offer
from playground.data import DATASETS
from playground.data.own import shelf
from playground.data.own.files import MAX_LIST
from playground.data.own.limits import MAX_UPLOAD, MB
from playground.data.own.preparing import drawn
from playground.runs.events import read_json
from playground.runtimes.jobs import first_arrays
from playground.runtimes.refusals import REFUSALS, answering
from playground.ui.arriving import Arriving

if TYPE_CHECKING:
    from playground.page.service import Service

ADDRESS = "/own-data"
PREPARE = "playground.features.own_data.run:prepare_run"
FROM_HUB = "playground.features.own_data.run:hub_run"
MOST_ASKED = 64
NOT_HERE = (
    "Data of the Hugging Face Hub are read on a server of one's own alone: start the playground on your machine, or bring files."
)
TOO_LARGE = f"These files are larger than {MAX_UPLOAD // MB} MB together, which is all that is taken at a time."


class OwnDataService:
    """Takes data, and says what is known of them."""

    def __init__(self, service: Service) -> None:
        self._service, self._arriving = service, Arriving(service.waiting, MAX_UPLOAD + MAX_LIST, TOO_LARGE)

    def route(self) -> Route:
        """Where files are sent to: the settings of an `OwnDataConfig` in the address, the files in the body."""
        return Route(ADDRESS, self.take, methods=["POST"])

    async def take(self, request: Request) -> JSONResponse:
        """Answers what `about` says of the new data set, or `{"error": sentence}`."""
        wanted: dict[str, Any] = dict(request.query_params)
        try:
            settings = OwnDataConfig(**wanted)
        except REFUSALS as error:  # before anything is sent for nothing
            return JSONResponse({"error": str(error)})
        return await self._arriving.take(request, self._prepare, settings)

    def offer(self, path: Path) -> dict[str, Any]:
        """Lists the data in a folder or a file of this machine for everybody, and says what `about` does. Raises `ConfigError` with a sentence."""
        found = self._made(PREPARE, OwnDataConfig(), str(path.resolve()), False)
        offer(found["name"])
        return found

    def _prepare(self, settings: OwnDataConfig, where: Path) -> dict[str, Any]:
        return self._made(PREPARE, settings, str(where), True)

    def _made(self, task: str, *args: Any) -> dict[str, Any]:
        found = read_json(first_arrays(self._service.registry.run_job(task, *args))["about"])
        return about(found["name"]) | {"left_out": found["left_out"]}

    def hub(self, request: Any) -> dict[str, Any]:
        """The settings of a `HubConfig` -> what `about` says of the new data set. Raises `ConfigError` with a sentence."""
        if not self.reads_hub:
            raise ConfigError(NOT_HERE)
        if not isinstance(request, dict):
            raise ConfigError("Data of the Hub are asked for by their settings: {repository, subset, split, …}.")
        return self._made(FROM_HUB, HubConfig(**request))

    @property
    def reads_hub(self) -> bool:
        """Whether the Hub is offered: what is fetched from elsewhere, and by whose token, is for the owner of the machine."""
        return self._service.own

    def draw(self, request: Any) -> dict[str, Any]:
        """`{"title", "dabs": [[x, y]], "std"}` -> what `about` says of the data set that was drawn."""
        if not (
            isinstance(request, dict) and isinstance(request.get("title"), str) and isinstance(request.get("std"), int | float)
        ):
            raise ConfigError("A drawing is {title, dabs, std}.")
        return about(shelf.keep(drawn(request["title"], request.get("dabs"), float(request["std"]))))

    def server_functions(self) -> list[Callable]:
        """Server functions: each takes one value and answers a dict, `{"error": sentence}` for a refusal."""
        waiting = answering(self._service.waiting)

        async def own_draw(request: Any) -> dict[str, Any]:
            return await waiting(self.draw, request)

        async def own_hub(request: Any) -> dict[str, Any]:
            return await waiting(self.hub, request)

        def own_known(request: Any) -> dict[str, Any]:
            """`[name, …]` -> `{name: title}` of those of them that are still kept."""
            asked = [name for name in request[:MOST_ASKED] if isinstance(name, str)] if isinstance(request, list) else []
            known = ((name, DATASETS.get(name)) for name in asked if shelf.NAME.fullmatch(name))
            return {name: info.title for name, info in known if info is not None and info.available()}

        return [own_draw, own_hub, own_known]


def about(name: str) -> dict[str, Any]:
    """A data set in a few words, for the page."""
    info = DATASETS[name]
    return {"name": name, "title": info.title, "description": info.description, "classes": list(info.label_names)}


def fields(config: type[Settings] = OwnDataConfig, beside: type[Settings] = Settings) -> list[dict[str, Any]]:
    """The settings of `config`, as the dialog draws them, without those of `beside`."""
    specs = {name: spec for name, spec in field_specs(config).items() if name not in beside.model_fields}
    return [
        {"name": name, "label": spec.label, "help": spec.help, "options": spec.options, "default": spec.default}
        for name, spec in specs.items()
    ]
