"""How the server is: `GET /health` for whoever watches over it. It names no run, and nobody needs a link for it."""

from __future__ import annotations

import os
import time
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from playground.runtimes.machine import machine_memory

if TYPE_CHECKING:
    from playground.page.service import Service

ADDRESS = "/health"
PACKAGES = ("gradio", "torch", "diffusers")
BEGAN = time.monotonic()


@cache
def versions() -> dict[str, str]:
    """Of what this runs on."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "missing"
    return found


def resident() -> int | None:
    """Bytes that this process holds in memory; None where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return None


def health(service: Service) -> dict[str, Any]:
    """`ok`, the runs that go on and those in line with the places that there are, bytes of memory, and versions."""
    admission, limits = service.registry.admission, service.registry.admission.limits
    counts = admission.counts()
    return {
        "ok": not admission.closed,
        "runs": counts["running"],
        "queue": counts["waiting"],
        "places": {"trainings": limits.trainings, "others": limits.others},
        "memory": {"server": resident(), "machine": machine_memory()},
        "seconds": round(time.monotonic() - BEGAN),
        "version": versions(),
    }


def route(service: Service) -> Route:
    """Where it is; 503 once the server is shutting down."""

    async def answer(request: Request) -> JSONResponse:
        said = health(service)
        return JSONResponse(said, 200 if said["ok"] else 503, headers={"Cache-Control": "no-store"})

    return Route(ADDRESS, answer)
