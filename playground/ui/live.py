"""What a tab asks of the server beside its runs: to hand a changed setting to a running loop, or say why not and what holds; which runs are
still kept; and in which forms one can be taken away."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from playground.runtimes.refusals import REFUSALS, answering

if TYPE_CHECKING:
    from playground.page.service import Service


def changing(service: Service) -> Callable[[Any], dict[str, Any]]:
    """The server function `change`."""

    def change(request: Any) -> dict[str, Any]:
        """`[run, {name: value}]` -> `{"ok": true}`, or `{"error": sentence, "holds": value}` with the value that the run goes on with."""
        if not (isinstance(request, list) and len(request) == 2 and isinstance(request[1], dict) and len(request[1]) == 1):
            return {"error": "A change is [run, {name: value}]."}
        run, values = request
        refused = answering(service.set)(run, values)
        return refused | {"holds": _held(service, run, *values)} if refused else {"ok": True}

    return change


MOST_ASKED = 64
"""Runs that a page may ask about at a time."""


def knowing(service: Service) -> Callable[[Any], dict[str, Any]]:
    """The server function `known`."""

    def known(request: Any) -> dict[str, Any]:
        """`[run, ...]` -> `{"known": [run, ...], "names": {run: name}}`, those of them that are still kept here, and the names that some were
        given; to ask is not to watch."""
        asked = request[:MOST_ASKED] if isinstance(request, list) else []
        found = [run for run in asked if service.registry.knows(run)]
        store = service.registry.store
        return {"known": found, "names": store.shelf.names(found) if store else {}}

    return known


def saving(service: Service) -> Callable[[Any], Any]:
    """The server function `forms`."""
    waiting = answering(service.waiting)

    async def forms(request: Any) -> dict[str, Any]:
        """`run` -> in which forms it can be taken away, as `TakeAway.forms` has it."""
        return await waiting(service.take_away.forms, request)

    return forms


def _held(service: Service, run: Any, name: Any) -> Any:
    try:
        return service.registry.get(run).config.get(name)
    except REFUSALS:
        return None
