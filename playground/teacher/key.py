"""Who the teacher is: a token in the address, given once, and from then on a cookie that is made of it."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from playground.config import ConfigError
from playground.runtimes.buckets import Buckets

VARIABLE = "PLAYGROUND_TEACHER"
COOKIE = "playground-teacher"
SHORTEST = 16
"""Characters of a token."""
AT_ONCE, A_SECOND = 5, 0.2
"""Wrong tokens of one address that are answered: so many, and then so many a second."""
ADDRESSES = 10_000
"""That are remembered."""


def token_of(wanted: bool) -> tuple[str, bool] | None:
    """The token that the environment names, or where a page is `wanted` a new one, and whether it is new; None where there is to be no
    teacher's page. Raises `ConfigError` for one that is too short."""
    given = os.environ.get(VARIABLE, "")
    if not given:
        return (secrets.token_urlsafe(16), True) if wanted else None
    if len(given) < SHORTEST or not given.isascii() or not given.isprintable():
        raise ConfigError(
            f"{VARIABLE} must have at least {SHORTEST} plain characters, such as {secrets.token_urlsafe(16)}: it lets steer all runs."
        )
    return given, False


class Key:
    """Knows the teacher. The cookie does not hold the token: it is made of it with a key of this process, so it cannot be guessed however short the token."""

    def __init__(self, token: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._token = token.encode()
        self._cookie = hmac.new(secrets.token_bytes(32), self._token, hashlib.sha256).hexdigest()
        self._buckets = Buckets(ADDRESSES, clock)

    def knows(self, request: Request) -> bool:
        """Whether a request has the cookie."""
        return hmac.compare_digest(request.cookies.get(COOKIE, "").encode(), self._cookie.encode())

    def fits(self, token: str, address: str) -> bool | None:
        """Whether this is the token; None for an address that tried too many wrong ones, of which no more are looked at for a while."""
        left = self._buckets.left(address, A_SECOND, float(AT_ONCE))
        if left < 1.0:
            return None
        if hmac.compare_digest(token.encode("utf-8", "replace"), self._token):
            return True
        self._buckets.keep(address, left - 1.0)
        return False

    def give(self, response: Response, secure: bool) -> None:
        """Lets a browser be the teacher's until it is closed, or the server is."""
        response.set_cookie(COOKIE, self._cookie, httponly=True, samesite="strict", secure=secure)
