"""The door of the server: what Gradio would answer with a traceback, or without a word, is refused here in a sentence.

A small ASGI middleware, given to Gradio's own application by `launch_settings`. It reads the body of a request that calls
an endpoint, an event of the page or a server function, and lets it pass as it came if it is the JSON of such a call, with
finite numbers and whole characters, for something that exists, with as many arguments as that takes. `gate.py`, before it, bounds the size.
Nothing here takes files, so neither uploads nor descriptions of files pass.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
import traceback
from collections.abc import Iterable
from typing import Any

import gradio as gr
from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from playground.config.settings import brief

PREFIX = "/gradio_api"
CALLS = ("call", "run", "api", "queue", "component_server")
MAX_BODY = 32 * 2**20
"""Bytes of a request: a folder of 20 MB for the arena, as base64, and some."""
LARGE = 2**16
"""Bytes of JSON from which on it is read beside the event loop."""
DEEPEST = 64
MISTAKE = "The server made a mistake over this request: it is in its log. Please try something else."


class Refused(Exception):
    """A request that goes no further: the sentence that it is answered with, and the status of HTTP."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


class Door:
    """The middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, await self._checked(scope, receive), watched)
        except Refused as refused:
            await answer(str(refused), refused.status)(scope, receive, send)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            if begun:
                raise
            await answer(MISTAKE, 500)(scope, receive, send)

    async def _checked(self, scope: Scope, receive: Receive) -> Receive:
        """The way to read the request, after a look at it. Raises `Refused`."""
        path = scope["path"].removeprefix(PREFIX).strip("/").split("/")
        if scope["method"] != "POST":
            return receive
        if path[0] == "upload":
            raise Refused("This app takes no files: a folder for the arena is opened on the page.", 403)
        if path[0] not in CALLS:
            return receive
        if not is_json(scope):
            raise Refused("A request is JSON: please send it as application/json.", 415)
        body = await whole(receive)
        request = await asyncio.to_thread(parse, body) if len(body) > LARGE else parse(body)
        check(path, request, scope["app"].get_blocks())
        return replay(body, receive)


def is_json(scope: Scope) -> bool:
    """Whether the request says that it is JSON, which no form of another site can."""
    kinds = [value for name, value in scope["headers"] if name == b"content-type"]
    return len(kinds) == 1 and kinds[0].partition(b";")[0].strip().lower() == b"application/json"


async def whole(receive: Receive) -> bytes:
    """The body, which `gate.py` bounds. Raises `Refused` for one that broke off."""
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused("The request ended before it was complete.")
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body)


def replay(body: bytes, receive: Receive) -> Receive:
    """Reads like `receive` did, from the start."""
    unread = True

    async def again() -> Message:
        nonlocal unread
        if unread:
            unread = False
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return again


def parse(body: bytes) -> dict[str, Any]:
    """The JSON object in a body. Raises `Refused`."""
    try:
        request = json.loads(body, parse_constant=_no_number)
        check_values(request)
    except (ValueError, RecursionError) as error:  # of Unicode and of JSON, too
        why = error.args[0] if isinstance(error, _NoValue) else "it is not valid JSON"
        raise Refused(f"This request cannot be read: {why}.") from None
    if not isinstance(request, dict):
        raise Refused('A request is a JSON object, such as {"data": []}.')
    return request


class _NoValue(ValueError):
    pass


def _no_number(word: str) -> None:
    raise _NoValue(f"{word} is no number in JSON")


def check_values(value: Any, depth: int = 0) -> None:
    """Raises `ValueError` for what JSON can say but nobody can use: infinite numbers, halves of characters, files, depths."""
    if depth > DEEPEST:
        raise _NoValue("it is nested too deep")
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise _NoValue("a text in it has half a character") from None
    elif isinstance(value, float) and value in (float("inf"), float("-inf")):
        raise _NoValue("a number in it is too large")
    elif isinstance(value, dict):
        if "path" in value and "meta" in value:
            raise _NoValue("it describes a file, and this app takes none")
        for key, item in value.items():
            check_values(key, depth + 1)
            check_values(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            check_values(item, depth + 1)


def check(path: list[str], request: dict[str, Any], blocks: gr.Blocks) -> None:
    """Raises `Refused` for a call of what does not exist, or with too few or too many arguments."""
    session = request.get("session_hash")
    if session is not None and not (isinstance(session, str) and 1 <= len(session) <= 100):  # Gradio loses the answer to ""
        raise Refused("session_hash is refused: it must be a short text.")
    if path[0] == "component_server":
        check_component(request, blocks)
    elif path[:2] == ["call", "v2"]:
        check_named(endpoint(path[2] if len(path) > 2 else "", blocks), request)
    elif path[0] == "queue":
        check_call(event(request.get("fn_index"), blocks), request)
    elif len(path) > 1:
        given = request.get("fn_index") if path[0] != "call" else None
        check_call(endpoint(path[1], blocks) if given is None else event(given, blocks), request)


def check_component(request: dict[str, Any], blocks: gr.Blocks) -> None:
    """A call of a server function."""
    if missing := {"data", "component_id", "session_hash", "fn_name"} - request.keys():
        raise Refused(f"A call of a server function needs {', '.join(sorted(missing))}.")
    if type(request["component_id"]) is not int or request["component_id"] not in blocks.blocks:
        raise Refused(f"There is no component {brief(request['component_id'])} on this page.", 404)
    if not (isinstance(request["fn_name"], str) and request["session_hash"]):
        raise Refused("A server function is called by its name, with the session_hash of a page.")


def endpoint(name: str, blocks: gr.Blocks) -> Any:
    """Gradio's record of the endpoint that is called `name`."""
    known = {function.api_name: function for function in blocks.fns.values() if function.api_name}
    if name not in known:
        public = (f"/{name}" for name, function in known.items() if function.api_visibility == "public")
        raise Refused(f"There is no endpoint {brief(name)}: known are {', '.join(public)}.", 404)
    return known[name]


def event(index: Any, blocks: gr.Blocks) -> Any:
    """Gradio's record of an event of the page."""
    if type(index) is not int or index not in blocks.fns:
        raise Refused(f"There is no event {brief(index)} on this page.", 404)
    return blocks.fns[index]


def check_call(function: Any, request: dict[str, Any]) -> None:
    """A call with a list of arguments."""
    data = request.get("data")
    if not isinstance(data, list):
        raise Refused("data is refused: it must be the list of arguments.")
    if request.get("batched"):
        raise Refused("batched is refused: calls are taken one by one here.")
    takes = {len(function.inputs), sum(not block.skip_api for block in function.inputs)}
    if len(data) not in takes:
        raise Refused(f"/{function.api_name} takes {arguments(names(function), len(function.inputs))}: {len(data)} were given.")


def check_named(function: Any, request: dict[str, Any]) -> None:
    """A call with arguments by name."""
    if set(request) - {"oauth_token"} != set(names(function)):
        raise Refused(f"/{function.api_name} takes {arguments(names(function), len(function.inputs))}, by name.")


def names(function: Any) -> list[str]:
    """What the arguments of an endpoint are called."""
    return list(inspect.signature(function.fn).parameters)[: len(function.inputs)] if function.fn else []


def arguments(named: Iterable[str], n: int) -> str:
    """ "2 arguments, run and settings" and the like."""
    many = f"{n} argument{'' if n == 1 else 's'}" if n else "no arguments"
    return f"{many}, {' and '.join(named)}" if n else many


async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
    """Pydantic's refusal of a body, without repeating what came."""
    first = error.errors()[0]
    where = ".".join(str(part)[:40] for part in first["loc"][1:3])
    return answer(f"This request is refused: {where or 'its body'} is not as it must be ({first['msg'][:120]}).", 422)


def answer(sentence: str, status: int) -> JSONResponse:
    """A refusal, as our endpoints (`error`) and Gradio (`detail`) word theirs."""
    return JSONResponse({"error": sentence, "detail": sentence}, status)
