"""The public face: hosts, sites, sizes and rates, each refused with a sentence before anything is read; and who is who."""

from __future__ import annotations

import asyncio

import pytest
from clock import Clock
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from playground.config import ConfigError
from playground.page.door import MAX_BODY
from playground.page.gate import LOOPBACK, Gate, Rate, kind
from playground.page.page import guards
from playground.page.visitors import AN_HOUR, COOKIE, Visitors, network
from playground.runtimes.base import RegistryFull
from playground.ui import arriving

MB = 2**20


async def echo(request: Request) -> JSONResponse:
    """How much came, and whose it is."""
    try:
        size = len(await request.body())
    except Exception:  # as frameworks do, who then answer something of their own
        return JSONResponse({"error": "something else"}, 400)
    return JSONResponse({"bytes": size, "visitor": request.scope.get("state", {}).get("visitor", "")})


async def count(request: Request) -> JSONResponse:
    size = 0
    async for part in request.stream():
        size += len(part)
    return JSONResponse({"bytes": size})


def served(*before: Middleware, **options) -> TestClient:
    routes = [Route("/", echo), Route("/{path:path}", echo, methods=["GET", "POST"])]
    app = Starlette(routes=[Route("/count", count, methods=["POST"]), *routes], middleware=[*before, Middleware(Gate, **options)])
    return TestClient(app, base_url=f"http://{LOOPBACK[0]}:7860")


def refused(answer, status: int, words: str) -> None:
    assert answer.status_code == status and words in answer.json()["error"] and answer.json()["error"].endswith(".")


@pytest.mark.parametrize("host", ["localhost", "localhost:7860", "127.0.0.1:7860", "[::1]:7860", "LOCALHOST"])
def test_a_server_of_one_s_own_answers_by_its_own_names(host) -> None:
    assert served(*[], names=LOOPBACK).get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers", [{"host": "evil.example"}, {"host": "evil.example:7860", "x-forwarded-host": "localhost"}, {"host": ""}]
)
def test_a_name_of_another_site_that_leads_here_is_refused(headers) -> None:
    """A page of another site may let its own name lead to this machine, and would then be of the same origin."""
    refused(served(names=LOOPBACK).get("/", headers=headers), 421, "--name")


def test_behind_a_proxy_the_name_is_that_which_the_proxy_was_asked_by() -> None:
    client = served(names=["play.example"], forwarded=True)
    assert client.get("/", headers={"host": "127.0.0.1:7860", "x-forwarded-host": "play.example"}).status_code == 200
    refused(client.get("/", headers={"host": "127.0.0.1:7860", "x-forwarded-host": "evil.example"}), 421, "--name")


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:3000", "null", "http://localhost:7860.evil.example"])
def test_a_page_of_another_site_is_not_served(origin) -> None:
    refused(served(names=LOOPBACK).post("/x", headers={"origin": origin}), 403, "another site")
    refused(served().post("/x", headers={"origin": origin, "sec-fetch-site": "cross-site"}), 403, "another site")


def test_the_page_itself_and_programs_are_served() -> None:
    client = served(names=["play.example", *LOOPBACK], forwarded=True)
    for headers in (
        {},
        {"origin": "http://localhost:7860"},
        {"origin": "https://play.example"},
        {"origin": "https://odd.proxy", "sec-fetch-site": "same-origin"},
    ):
        assert client.post("/x", headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/gradio_api/reset", "/login", "/gradio_api/stream/x", "/count"])
def test_a_body_that_is_too_large_is_counted_while_it_comes_and_not_kept(path) -> None:
    """200 MB were read into memory."""
    client = served()
    refused(client.post(path, content=bytes(MAX_BODY + 1)), 413, "32 MB")
    refused(client.post(path, content=(bytes(MB) for _ in range(40))), 413, "32 MB")
    assert client.post(path, content=bytes(1000)).json()["bytes"] == 1000


def test_what_an_application_makes_of_a_body_that_broke_off_is_not_the_answer() -> None:
    refused(served().post("/x", content=(bytes(MB) for _ in range(40))), 413, "32 MB")


@pytest.mark.parametrize("length", ["x", "-1", "1e9", "9" * 30])
def test_a_length_that_is_none_is_refused(length) -> None:
    refused(served().post("/x", headers={"content-length": length}), 413, "32 MB")


@pytest.mark.parametrize("path", ["/own-data", "/bring-run"])
def test_files_may_be_larger_than_questions(path) -> None:
    assert served().post(path, content=bytes(MAX_BODY + 1)).json()["bytes"] == MAX_BODY + 1


def test_one_visitor_s_flood_is_refused_for_a_moment_and_hurts_no_other() -> None:
    clock = Clock()
    client = served(Middleware(Visitors), rates={"calls": Rate(10.0, 20.0)}, clock=clock)
    address, cookie = "/gradio_api/component_server", client.get("/").headers["set-cookie"].partition(";")[0]
    client.cookies.clear()
    flood = [client.post(address, headers={"cookie": cookie}) for _ in range(30)]
    assert [answer.status_code for answer in flood] == [200] * 20 + [429] * 10
    refused(flood[-1], 429, "goes on by itself")
    assert flood[-1].headers["retry-after"] == "1"
    assert client.post(address).status_code == 200, "another visitor"
    assert client.get("/", headers={"cookie": cookie}).status_code == 200, "what costs nothing"
    clock.now += 1.0
    assert [client.post(address, headers={"cookie": cookie}).status_code for _ in range(11)] == [200] * 10 + [429], "ten a second"


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/gradio_api/component_server/", "calls"),
        ("POST", "/gradio_api/queue/join", "starts"),
        ("POST", "/gradio_api/call/train", "starts"),
        ("POST", "/own-data", "files"),
        ("GET", "/runs/x/weights.safetensors", "files"),
        ("HEAD", "/runs/x/run.zip", "files"),
        ("GET", "/modules/1/ui/lib/bus.js", ""),
    ],
)
def test_each_kind_of_request_has_its_rate(method, path, expected) -> None:
    assert kind(method, path) == expected


def test_who_has_a_cookie_of_ours_is_one_visitor_and_who_has_none_is_his_address() -> None:
    client = served(Middleware(Visitors))
    line = client.get("/").headers["set-cookie"]
    assert "HttpOnly" in line and "SameSite=Lax" in line
    value = line.partition(";")[0].partition("=")[2]
    mine = client.get("/").json()["visitor"]
    assert mine == value.partition(".")[0] and "set-cookie" not in client.get("/").headers
    client.cookies.clear()
    assert client.post("/x").json()["visitor"].startswith("at ")
    for forged in (value[:-1] + "x", "me." + value.partition(".")[2], "x", "."):
        assert client.post("/x", headers={"cookie": f"{COOKIE}={forged}"}).json()["visitor"].startswith("at ")
    secure = served(Middleware(Visitors)).get("/", headers={"x-forwarded-proto": "https"}).headers["set-cookie"]
    assert "SameSite=None; Secure; Partitioned" in secure, "in the frame of a Space"


def test_nobody_becomes_a_crowd_by_asking_for_cookies() -> None:
    client = served(Middleware(Visitors))
    given = 0
    for _ in range(AN_HOUR + 5):
        client.cookies.clear()
        given += "set-cookie" in client.get("/").headers
    assert given == AN_HOUR


def test_every_answer_tells_browsers_what_a_page_may_load() -> None:
    for answer in (served().get("/"), served(names=["x"]).get("/")):
        policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
        assert policy["default-src"] == "'self'" and policy["object-src"] == "'none'" and policy["frame-ancestors"] == "'self'"
        assert not any("http" in value or "*" in value for value in policy.values()), "no other host"
        assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["referrer-policy"] == "same-origin"


def test_a_space_answers_by_its_own_name_and_may_stand_in_the_page_of_spaces(monkeypatch) -> None:
    monkeypatch.setenv("SPACE_HOST", "someone-playground.hf.space")
    client = TestClient(Starlette(routes=[Route("/", echo)], middleware=guards(own=False)), base_url="http://10.0.0.1:7860")
    answer = client.get("/", headers={"x-forwarded-host": "someone-playground.hf.space"})
    assert (
        answer.status_code == 200 and "frame-ancestors 'self' https://huggingface.co" in answer.headers["content-security-policy"]
    )
    refused(client.get("/", headers={"x-forwarded-host": "evil.example"}), 421, "--name")
    monkeypatch.delenv("SPACE_HOST")
    assert [each.cls for each in guards(own=True)] == [Gate]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_addresses_of_one_household_are_one_visitor(address, expected) -> None:
    assert network(address) == expected


async def sent(*parts: bytes, then: float = 0.0):
    for part in parts:
        yield part
    await asyncio.sleep(then)
    yield b"end"


async def taken(parts) -> list[bytes]:
    return [part async for part in arriving.in_time(parts)]


@pytest.mark.parametrize("limit", ["PART_SECONDS", "IN_ALL_SECONDS"])
def test_an_upload_that_stands_still_is_let_go(monkeypatch, limit) -> None:
    assert asyncio.run(taken(sent(b"a", b"b"))) == [b"a", b"b", b"end"]
    monkeypatch.setattr(arriving, limit, 0.05)
    with pytest.raises(ConfigError, match="stood still"):
        asyncio.run(taken(sent(b"a", then=60.0)))


def test_one_visitor_sends_one_file_at_a_time() -> None:
    door = arriving.Arriving(lambda *args: None, 10, "too large")
    door._arriving.append("me")
    request = Request({"type": "http", "headers": [], "state": {"visitor": "me"}})
    with pytest.raises(RegistryFull, match="of yours"):
        asyncio.run(door._taken(request, dict))
    assert door._arriving == ["me"]
