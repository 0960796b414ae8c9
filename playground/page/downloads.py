"""What leaves as a file: a run in any of the forms of `features/take_away/forms.py`.

They do not leave through an endpoint of Gradio's, which would write ten megabytes of base64 on the event loop, while every page waits: they
are made beside it and sent in parts, each once the one before it has gone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from playground.features.take_away.service import UnknownFile
from playground.runtimes.base import RegistryFull, UnknownRun
from playground.runtimes.refusals import REFUSALS

if TYPE_CHECKING:
    from playground.page.service import Service

ADDRESS = "/runs/{run}/{name}"
AT_ONCE = 32
"""Files on their way, each of which may be megabytes in memory; who comes meanwhile is asked to wait."""
PART = 2**18
"""Bytes."""


class Downloads:
    """An ASGI application: `GET runs/RUN/weights.safetensors` and so on, or `{"error": sentence}`."""

    def __init__(self, service: Service) -> None:
        self._service, self._leaving = service, 0

    def route(self) -> Route:
        """Where the files are."""
        return Route(ADDRESS, self, methods=["GET"])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._leaving += 1
        try:
            response = await self._response(**Request(scope).path_params)
            await response(scope, receive, send)
        finally:
            self._leaving -= 1

    async def _response(self, run: str, name: str) -> Response:
        try:
            if self._leaving > AT_ONCE:
                raise RegistryFull("Others are taking files away at this moment: please try again in a little while.")
            data = await self._service.waiting(self._service.take_away.file, run, name)
        except REFUSALS as error:
            return JSONResponse({"error": str(error)}, status(error))
        headers = {
            "Content-Length": str(len(data)),
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        }
        return StreamingResponse(parts(data), media_type="application/octet-stream", headers=headers)


def status(error: Exception) -> int:
    """That of HTTP for a refusal."""
    return 404 if isinstance(error, UnknownRun | UnknownFile) else 503 if isinstance(error, RegistryFull) else 409


async def parts(data: bytes) -> AsyncIterator[memoryview]:
    """The file, a piece at a time."""
    whole = memoryview(data)
    for start in range(0, len(whole), PART):
        yield whole[start : start + PART]
