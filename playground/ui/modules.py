"""The scripts and styles of the page: native ES modules, served as they stand in the tree, and one style sheet made of all of them.

Their address holds a digest of their contents, so that a browser may keep them for good and never has old ones. Nothing but `.js`
and `.css` is given away.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from playground.views.colours import css_variables
from playground.views.plotly_js import PLOTLY_JS

PLAYGROUND = Path(__file__).parents[1]
SERVED = (".js", ".css")
FOR_GOOD = {"Cache-Control": "public, max-age=31536000, immutable"}
SHARED = PLAYGROUND / "ui" / "components" / "shared.css"
TYPE = PLAYGROUND / "ui" / "type.css"
FACE = PLAYGROUND.parent / "assets" / "inter.woff2"
"""Inter, 400 to 600, cut down to Latin, Greek and the signs of mathematics."""
FONT_FACE = '@font-face { font-family: Inter; src: url("inter.woff2") format("woff2"); font-weight: 400 600; font-display: block; }'


def files(*endings: str) -> list[Path]:
    """All files of these endings, in a fixed order."""
    return sorted(path for path in PLAYGROUND.rglob("*") if path.suffix in endings and path.is_file())


PAGES = ("page", "teacher")
"""Folders whose styles are of a whole page, not of a component."""


@cache
def version() -> str:
    """A digest of all that is served here."""
    digest = hashlib.sha256(css_variables().encode())
    for path in files(*SERVED):
        digest.update(path.relative_to(PLAYGROUND).as_posix().encode() + b"\0" + path.read_bytes())
    digest.update(FACE.read_bytes())
    digest.update(PLOTLY_JS.stat().st_size.to_bytes(8, "little"))
    return digest.hexdigest()[:12]


def address(path: str) -> str:
    """Where `path` (below `playground/`) is, relative to the page: it may be served from a sub-path of its host."""
    return f"modules/{version()}/{path}"


def view_class(path: str) -> str:
    """The class that marks a component, made of the path of its script or style without the ending; its style holds for
    nothing else."""
    return "view-" + re.sub(r"[^a-z]+", "-", path.rpartition(".")[0])


@cache
def style() -> str:
    """The style sheet of all components. Each is nested in the class of its own component; `#` lifts it above Gradio's own rules."""
    parts = [
        FONT_FACE,
        css_variables(),
        TYPE.read_text("utf-8"),
        ".playground-view > .html-container { padding: 0 !important; container: view / inline-size; }",
    ]
    for path in files(".css"):
        if path.parent.name in PAGES or path == TYPE:
            continue
        name = "playground-view" if path == SHARED else view_class(path.relative_to(PLAYGROUND).as_posix())
        parts.append(f":is(.{name}, #playground) {{\n{path.read_text('utf-8')}\n}}")
    return "\n".join(parts)


class Modules(StaticFiles):
    """The files of `playground/`, as far as they are meant for a browser."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        if not path.endswith(SERVED):
            raise HTTPException(404)
        response = await super().get_response(path, scope)
        response.headers.update(FOR_GOOD)
        return response


async def _style(request: Request) -> Response:
    return Response(style(), media_type="text/css", headers=FOR_GOOD)


async def _face(request: Request) -> Response:
    return FileResponse(FACE, media_type="font/woff2", headers=FOR_GOOD)


async def _plotly(request: Request) -> Response:
    return FileResponse(PLOTLY_JS, media_type="text/javascript", headers=FOR_GOOD)


def routes() -> list[Route]:
    """What the application serves beside Gradio's own. All stand side by side: within a mount they would not be found where a proxy serves the page
    under a path of its own, which it does not pass on."""
    here, files = f"/modules/{version()}", Modules(directory=PLAYGROUND)

    async def module(request: Request) -> Response:
        return await files.get_response(request.path_params["path"], request.scope)

    return [
        Route(f"{here}/style.css", _style),
        Route(f"{here}/plotly.min.js", _plotly),
        Route(f"{here}/inter.woff2", _face),
        Route(f"{here}/{{path:path}}", module),
    ]


def head() -> str:
    """For the page's `<head>`: the style sheet, its face, and the library beforehand, so that it does not come after those who import it."""
    library = (
        f'<link rel="modulepreload" href="{address(f"ui/lib/{path.name}")}">' for path in files(".js") if path.parent.name == "lib"
    )
    face = f'<link rel="preload" as="font" type="font/woff2" crossorigin href="{address("inter.woff2")}">'
    return f'{face}<link rel="stylesheet" href="{address("style.css")}">' + "".join(library)


class Squeezed:
    """Middleware: the page itself goes over the wire compressed. Gradio does so with scripts and styles; answers to questions stay
    as they are, for base64 hardly shrinks and a busy machine has better to do."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.squeezing = app, GZipMiddleware(app, minimum_size=1000, compresslevel=6)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        page = scope["type"] == "http" and scope["method"] == "GET" and scope["path"].endswith(("/", "/config"))
        await (self.squeezing if page else self.app)(scope, receive, send)
