"""What a tab asks of the server beside its runs: to hand a changed setting to a running loop, or say why not and what holds; and which runs
are still kept."""

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
        """`[run, ...]` -> `{"known": [run, ...]}`, those of them that are still kept here; to ask is not to watch."""
        asked = request[:MOST_ASKED] if isinstance(request, list) else []
        return {"known": [run for run in asked if _known(service, run)]}

    return known


def _known(service: Service, run: Any) -> bool:
    try:
        return bool(service.registry.get(run))
    except REFUSALS:
        return False


def _held(service: Service, run: Any, name: Any) -> Any:
    try:
        return service.registry.get(run).config.get(name)
    except REFUSALS:
        return None
