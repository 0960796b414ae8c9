"""Files that come to the server: the body of one request, as they lie on a disk, into a temporary file that a worker reads.

They do not come through a server function, which would hold them as base64 on the event loop.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse

from playground.config import ConfigError
from playground.data.writing import ROOM
from playground.runtimes.base import RegistryFull
from playground.runtimes.mailbox import MAIL
from playground.runtimes.refusals import REFUSALS

KIND = "application/octet-stream"
"""Which no form of another site can send."""
OWN_SITE = ("same-origin", "none")
"""Where a browser says that the request comes from; other programs say nothing."""
AT_ONCE = 3
"""Uploads of a kind that arrive at the same time; who comes meanwhile is asked to wait."""
PART_SECONDS, IN_ALL_SECONDS = 30.0, 600.0
"""For so long the next part of an upload is waited for, and the last."""
TOO_SLOW = "This upload stood still, or took more than ten minutes: please send it again."
YOURS = "Another file of yours is on its way here: send this one once that has come."
LEFT_SECONDS = {"playground-*.upload": 3600.0, f"{ROOM}*": 3600.0, f"{MAIL}*": 86400.0}
"""After which each kind of temporary file or folder counts as left behind."""
Waiting = Callable[..., Any]


class Arriving:
    """Takes files of at most `most` bytes; `too_large` is the sentence for others. `waiting` runs a function beside the event loop."""

    def __init__(self, waiting: Waiting, most: int, too_large: str) -> None:
        self._waiting, self._most, self._too_large, self._arriving = waiting, most, too_large, list[str]()

    async def take(self, request: Request, read: Callable[..., dict[str, Any]], *args: Any) -> JSONResponse:
        """Answers what `read(*args, path)` says of the file, or `{"error": sentence}`."""
        if request.headers.get("content-type") != KIND or request.headers.get("sec-fetch-site", "none") not in OWN_SITE:
            return JSONResponse({"error": f"Files are sent as {KIND}, from a page of this server or from a program."}, 415)
        try:
            return JSONResponse(await self._taken(request, read, *args))
        except ClientDisconnect:
            return JSONResponse({"error": "The request ended before it was complete."}, 400)
        except REFUSALS as error:
            return JSONResponse({"error": str(error)})

    async def _taken(self, request: Request, read: Callable[..., dict[str, Any]], *args: Any) -> dict[str, Any]:
        visitor = getattr(request.state, "visitor", "")
        if visitor and visitor in self._arriving:
            raise RegistryFull(YOURS)
        if len(self._arriving) >= AT_ONCE:
            raise RegistryFull("Others are sending files at this moment: please try again in a little while.")
        self._arriving.append(visitor)
        try:
            with tempfile.NamedTemporaryFile(prefix="playground-", suffix=".upload") as file:
                size = 0
                async for part in in_time(request.stream()):
                    size += len(part)
                    if size > self._most:
                        raise ConfigError(self._too_large)
                    file.write(part)
                file.flush()
                return await self._waiting(read, *args, Path(file.name))
        finally:
            self._arriving.remove(visitor)


async def in_time(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same parts. Raises `ConfigError` where they come too slowly."""
    clock = asyncio.get_running_loop().time
    end = clock() + IN_ALL_SECONDS
    try:
        while True:
            yield await asyncio.wait_for(anext(parts), min(PART_SECONDS, end - clock()))
    except StopAsyncIteration:
        return
    except TimeoutError:
        raise ConfigError(TOO_SLOW) from None


def sweep_uploads() -> None:
    """Removes what servers and workers that were killed have left: nobody has written to it for as long as `LEFT_SECONDS` says."""
    for pattern, seconds in LEFT_SECONDS.items():
        for path in Path(tempfile.gettempdir()).glob(pattern):
            with suppress(OSError):  # somebody else's, or gone meanwhile
                if path.lstat().st_mtime >= time.time() - seconds:
                    continue
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink()
