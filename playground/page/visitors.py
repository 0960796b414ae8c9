"""Who is who on a server that others reach: a cookie that this server has signed, else the address of the network.

It is no login and gives no right; it only says whose turn it is. Whoever throws the cookie away is one visitor with all others of his address who have
none, and an address gets only so many cookies: so nobody becomes a crowd by asking.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from ipaddress import IPv6Address, ip_address

from gradio.context import LocalContext
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "playground-visitor"
AN_HOUR = 600
"""Cookies that one address gets in an hour: a class, or a university, behind one."""
ADDRESSES = 10_000
"""That are remembered."""


def current() -> str:
    """Who asks for what is done at this moment."""
    request = LocalContext.request.get(None)
    return getattr(getattr(request, "state", None), "visitor", "")


def network(address: str) -> str:
    """That of an address, as far as one household has it: of IPv6 the first 64 bits (RFC 6177), of which every device takes addresses as it likes."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    return str(found.ipv4_mapped or f"{IPv6Address(int(found) >> 64 << 64)}/64")


class Visitors:
    """Middleware: every request says in `scope["state"]["visitor"]` whose it is; a page that is opened brings the cookie."""

    def __init__(self, app: ASGIApp, clock: Callable[[], float] = time.monotonic) -> None:
        self.app, self._clock, self._key = app, clock, secrets.token_bytes(32)
        self._given: OrderedDict[str, tuple[float, int]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        address, token = network((scope.get("client") or ("",))[0]), self._token(scope)
        scope.setdefault("state", {})["visitor"] = token or f"at {address}"
        new = None if token or scope["method"] != "GET" or not scope["path"].endswith("/") else self._new(address)

        async def with_cookie(message: Message) -> None:
            if new and message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"set-cookie", self._cookie(new, scope))]}
            await send(message)

        await self.app(scope, receive, with_cookie)

    def _token(self, scope: Scope) -> str:
        """What the cookie says, if we have signed it."""
        try:
            found = SimpleCookie(b"; ".join(value for name, value in scope["headers"] if name == b"cookie").decode("latin-1"))
        except CookieError:
            return ""
        value = found[COOKIE].value if COOKIE in found else ""
        token, _, signed = value.partition(".")
        return token if token and hmac.compare_digest(signed.encode(), self._sign(token).encode()) else ""

    def _new(self, address: str) -> str | None:
        """A token, unless too many were given to this address."""
        since, given = self._given.pop(address, (self._clock(), 0))
        if self._clock() - since > 3600:
            since, given = self._clock(), 0
        self._given[address] = since, given + 1
        while len(self._given) > ADDRESSES:
            self._given.popitem(last=False)
        return secrets.token_urlsafe(12) if given < AN_HOUR else None

    def _cookie(self, token: str, scope: Scope) -> bytes:
        """Its line. Over https it also holds where the page stands in a frame of another site, as on a Space."""
        forwarded = [value for name, value in scope["headers"] if name == b"x-forwarded-proto"]
        secure = scope.get("scheme") == "https" or forwarded == [b"https"]
        where = "SameSite=None; Secure; Partitioned" if secure else "SameSite=Lax"
        return f"{COOKIE}={token}.{self._sign(token)}; Path=/; HttpOnly; {where}".encode()

    def _sign(self, token: str) -> str:
        return hmac.new(self._key, token.encode(), hashlib.sha256).hexdigest()
