"""A small reverse proxy, as stands before many servers: it serves another address under a path of its own, and adds nothing but the headers that proxies add."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx
import uvicorn
from serving import free_port
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

OWN = {"connection", "host", "transfer-encoding", "keep-alive"}
"""Headers that are of one connection."""
PATIENCE = 60.0


@contextmanager
def proxied(target: str, path: str) -> Iterator[str]:
    """Serves `target` under `path`, which it does not pass on, and gives the address."""
    forgetful = CookieJar(DefaultCookiePolicy(allowed_domains=[]))  # cookies are the visitors', and none of the proxy's
    client, port = httpx.AsyncClient(base_url=target, timeout=None, cookies=forgetful), free_port()

    async def passed(request: Request) -> StreamingResponse:
        headers = [(name, value) for name, value in request.headers.items() if name not in OWN]
        headers += [
            ("x-forwarded-host", request.headers["host"]),
            ("x-forwarded-proto", "http"),
            ("x-forwarded-for", "198.51.100.7"),
        ]
        asked = client.build_request(
            request.method, f"/{request.path_params['rest']}", params=request.url.query, headers=headers, content=request.stream()
        )
        answer = await client.send(asked, stream=True)
        response = StreamingResponse(answer.aiter_raw(), answer.status_code, background=BackgroundTask(answer.aclose))
        response.raw_headers = [(name.lower(), value) for name, value in answer.headers.raw if name.lower().decode() not in OWN]
        return response

    icon = Route("/favicon.ico", lambda request: Response(status_code=204))  # browsers ask the host for it
    app = Starlette(routes=[icon, Route(f"{path}/{{rest:path}}", passed, methods=["GET", "HEAD", "POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + PATIENCE
    while not server.started:
        assert time.monotonic() < deadline, "the proxy does not start"
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}{path}"
    finally:
        server.should_exit = True
        thread.join(10)
