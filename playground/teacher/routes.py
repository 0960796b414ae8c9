"""Where the teacher's page is: for whoever has not given the token it is not there (404), and neither is anything below it."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from playground.config import ConfigError
from playground.runtimes.refusals import REFUSALS
from playground.teacher.key import Key
from playground.teacher.service import BOUNDS, LONGEST_LINE, TeacherService
from playground.teacher.task import form
from playground.ui import modules

if TYPE_CHECKING:
    from playground.page.service import Service

ADDRESS, SAID, TASK = "/teacher", "/teacher-says", "/class-task"
LARGEST = 4096
"""Bytes of what a page sends."""
NO_STORE = {"Cache-Control": "no-store"}
WALL, STRIP = ((Path(__file__).parent / name).read_text("utf-8") for name in ("wall.css", "task.css"))
NOT_FROM_HERE = "This is done from a page of this server alone."
PAGE = """<!doctype html>
<html lang="en" class="projector">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>The class · Generative models, live</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="{style}"><style>{own}</style>
</head>
<body>
<main class="view-teacher-wall" data-line="{line}" data-bounds='{bounds}' data-kinds="{kinds}"></main>
<script type="module" src="{script}"></script>
</body>
</html>
"""


class Teacher:
    """The routes; `token` opens them."""

    def __init__(self, service: Service, token: str) -> None:
        self.service, self.key, self._waiting = TeacherService(service), Key(token), service.waiting
        self.contest = service.contest = self.service.contest

    def routes(self) -> list[Route]:
        """The page, what it asks and does, and what all pages ask: whether there is a message, and what a student asks of the task."""
        return [
            Route(ADDRESS, self._page),
            Route(f"{ADDRESS}/runs", self._runs),
            Route(f"{ADDRESS}/do", self._do, methods=["POST"]),
            Route(SAID, self._said),
            Route(TASK, self._task, methods=["POST"]),
        ]

    def head(self) -> str:
        """For the `<head>` of every page: it asks for messages, and shows the task of a link."""
        scripts = (f'<script type="module" src="{modules.address(f"teacher/{name}.js")}"></script>' for name in ("word", "task"))
        return f"<style>{STRIP}</style>{''.join(scripts)}"

    async def _page(self, request: Request) -> Response:
        token = request.query_params.get("token")
        if token is not None:
            fits = self.key.fits(token, request.client.host if request.client else "")
            if not fits:
                return missing() if fits is not None else missing(429)
            response = RedirectResponse("teacher", 303, headers=NO_STORE)
            forwarded = request.headers.get("x-forwarded-proto", "").split(",")[0].strip()
            self.key.give(response, "https" in (request.url.scheme, forwarded))
            return response
        if not self.key.knows(request):
            return missing()
        bounds = {name: [bound.words, bound.least, bound.most, bound.free] for name, bound in BOUNDS.items()}
        style, script = modules.address("style.css"), modules.address("teacher/wall.js")
        page = PAGE.format(
            style=style,
            own=WALL,
            script=script,
            line=LONGEST_LINE,
            bounds=json.dumps(bounds),
            kinds=html.escape(json.dumps(form())),
        )
        return HTMLResponse(page, headers=NO_STORE)

    async def _runs(self, request: Request) -> Response:
        if not self.key.knows(request):
            return missing()
        return JSONResponse(await self._waiting(self.service.wall), headers=NO_STORE)

    async def _do(self, request: Request) -> Response:
        if not self.key.knows(request):
            return missing()
        return await self._answer(request, self.service.do, 409)

    async def _task(self, request: Request) -> Response:
        return await self._answer(request, self.contest.do, 200)

    async def _answer(self, request: Request, do: Callable[[Any], dict[str, Any]], refused: int) -> Response:
        """What is made of a request of a page of ours; or, with the status `refused`, why it is not."""
        if not from_here(request):
            return JSONResponse({"error": NOT_FROM_HERE}, 403)
        try:
            return JSONResponse(await self._waiting(do, await said(request)), headers=NO_STORE)
        except REFUSALS as error:
            return JSONResponse({"error": str(error)}, refused, headers=NO_STORE)

    async def _said(self, request: Request) -> Response:
        return JSONResponse(self.service.said, headers=NO_STORE)


def missing(status: int = 404) -> Response:
    """As if there were nothing; 429 for who tried too often."""
    text = "Not found." if status == 404 else "Too many wrong tokens came from here: try again in a few seconds."
    return PlainTextResponse(text, status, headers=NO_STORE | ({"Retry-After": "5"} if status == 429 else {}))


def from_here(request: Request) -> bool:
    """Whether a browser says that our own page sends this; where it names no site, whether it names our host as the origin."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        return site == "same-origin"
    hosts = (request.headers.get("host", "").lower(), request.headers.get("x-forwarded-host", "").lower())
    return bool(origin) and urlsplit(origin or "").netloc.lower() in hosts


async def said(request: Request) -> Any:
    """The JSON of a request. Raises `ConfigError` for what is none, or too large."""
    body = await request.body()
    try:
        if len(body) > LARGEST or not request.headers.get("content-type", "").startswith("application/json"):
            raise ValueError
        return json.loads(body)
    except (ValueError, RecursionError):
        raise ConfigError(f"This must be JSON of at most {LARGEST} bytes.") from None
