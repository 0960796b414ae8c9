"""The gate of the server, before everything else: whose request it is, for which host, from which site, how large and how often; and what browsers are told.

It reads no body: it counts the bytes that pass. What a request says is the matter of `door.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from playground.data.own.files import MAX_LIST
from playground.data.own.limits import MAX_UPLOAD
from playground.features.own_data import service as own_data
from playground.library import bringing
from playground.page.door import MAX_BODY, PREFIX, Refused, answer
from playground.runtimes.buckets import Buckets

LOOPBACK = ("localhost", "127.0.0.1", "[::1]", "0.0.0.0")
FILES = {own_data.ADDRESS: MAX_UPLOAD + MAX_LIST, bringing.ADDRESS: bringing.MOST}
"""Where files are sent to, which may be larger than questions: bytes of each."""
OTHER_SITE = "This request comes from another site: what is done here is done from the page of this server, or by a program."
OTHER_HOST = "This server is not called so: it is started with --name NAME for each name under which it is reached."
TOO_LARGE = "This request is larger than {} MB, which is all that is taken here."
TOO_MANY = "Too many requests at once from here: the page goes on by itself in {} s."
REMEMBERED = 20_000
"""Visitors whose rates are known."""
POLICY = {
    "default-src": "'self'",
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval' blob:",  # Gradio writes its settings into the page, and makes functions of the `js` of events
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self' data: blob:",
    "media-src": "'self' blob:",
    "worker-src": "'self' blob:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
}
"""What a page may load, and from where: nothing from, and nothing to, another host."""


@dataclass(frozen=True)
class Rate:
    """So many requests a second, and as many more at once."""

    a_second: float
    burst: float


RATES = {"calls": Rate(60.0, 300.0), "starts": Rate(2.0, 40.0), "files": Rate(0.2, 8.0)}
"""Of one visitor. Calls: a page asks for news five times a second for each run that it shows, and twenty times while one drags. Starts: events of the page and
endpoints, which may begin a run. Files: uploads, and models that are taken away."""


def kind(method: str, path: str) -> str:
    """Which of `RATES` holds for a request; "" for what costs next to nothing."""
    path = path.removeprefix(PREFIX)
    if path.rstrip("/") in FILES or (path.startswith("/runs/") and method in ("GET", "HEAD")):
        return "files"
    if method not in ("POST", "PUT"):
        return ""
    return "calls" if path.startswith("/component_server") else "starts"


def policy(frames: Iterable[str]) -> str:
    """The content policy; `frames` are sites that may show the page in a frame of theirs."""
    return "; ".join(f"{name} {value}" for name, value in (POLICY | {"frame-ancestors": " ".join(["'self'", *frames])}).items())


class Gate:
    """Middleware. `names` are the hosts that are answered for, any where there are none, and a proxy is believed about them where `forwarded`; `rates` hold for
    each visitor, `frames` are sites that may show the page in a frame."""

    def __init__(
        self,
        app: ASGIApp,
        names: Iterable[str] = (),
        rates: dict[str, Rate] | None = None,
        frames: Iterable[str] = (),
        forwarded: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.app, self.names, self.rates = app, frozenset(name.lower() for name in names), rates or {}
        self._forwarded = forwarded
        self._buckets = Buckets(REMEMBERED, clock)
        self.told = {
            "content-security-policy": policy(frames),
            "x-content-type-options": "nosniff",
            "referrer-policy": "same-origin",
            "permissions-policy": "camera=(), microphone=(), geolocation=()",
            "cross-origin-opener-policy": "same-origin",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = Body(receive, most(scope["path"]))
        refused = answered = False

        async def telling(message: Message) -> None:
            nonlocal refused, answered
            if body.too_large and not answered:  # whatever was made of its end: that it is too large comes first
                refused = True
                return
            answered = True
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.told.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._check(scope, body)
            await self.app(scope, body.read, telling)
        except Refused as error:
            await response(error)(scope, receive, telling if not body.too_large else send)
            return
        if refused:
            await response(Refused(TOO_LARGE.format(body.limit >> 20), 413))(scope, receive, send)

    async def _check(self, scope: Scope, body: Body) -> None:
        """Raises `Refused` for what can be told from the head of a request."""
        headers, path = Headers(scope=scope), scope["path"]
        direct = headers.get("host", "").lower()
        before = headers.get("x-forwarded-host", "").split(",")[0].strip().lower() or direct
        if self.names and bare(before if self._forwarded else direct) not in self.names:
            raise Refused(OTHER_HOST, 421)
        origin = headers.get("origin")
        if origin is not None and headers.get("sec-fetch-site") != "same-origin":
            if urlsplit(origin).netloc.lower() not in (before if self._forwarded else direct, direct, *self.names):
                raise Refused(OTHER_SITE, 403)
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length[:18]) > body.limit:
            await body.drain()
            raise Refused(TOO_LARGE.format(body.limit >> 20), 413)
        self._count(scope.get("state", {}).get("visitor", ""), kind(scope.get("method", "GET"), path))

    def _count(self, visitor: str, what: str) -> None:
        """A bucket for each visitor and kind, which fills with time."""
        rate = self.rates.get(what)
        if rate is None:
            return
        left = self._buckets.left((visitor, what), rate.a_second, rate.burst)
        self._buckets.keep((visitor, what), max(0.0, left - 1.0))
        if left < 1.0:
            raise Refused(TOO_MANY.format(1 if rate.a_second >= 1.0 else round((1.0 - left) / rate.a_second)), 429)


def most(path: str) -> int:
    """Bytes that a request may have."""
    return FILES.get(path.rstrip("/"), MAX_BODY)


def bare(host: str) -> str:
    """Without the port."""
    return host if host.endswith("]") else host.rpartition(":")[0] or host


def response(refused: Refused) -> JSONResponse:
    """The answer to what goes no further."""
    made = answer(str(refused), refused.status)
    if refused.status == 429:
        made.headers["retry-after"] = "1"
    return made


class Body:
    """The body of a request, of which no more than `limit` bytes are let through."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive, self.limit, self._size, self.too_large = receive, limit, 0, False

    async def read(self) -> Message:
        """As `receive`. Raises `Refused` for the part with which it is too large."""
        message = await self._receive()
        self._size += len(message.get("body", b""))
        if self._size > self.limit:
            self.too_large = True
            if message.get("more_body", False):
                await self.drain()
            raise Refused(TOO_LARGE.format(self.limit >> 20), 413)
        return message

    async def drain(self) -> None:
        """Whoever still sends does not hear the answer, so some more is read and forgotten."""
        size, more = 0, True
        while more and size <= 3 * self.limit:
            message = await self._receive()
            size, more = size + len(message.get("body", b"")), message.get("more_body", False)
