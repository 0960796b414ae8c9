"""The teacher's page: who gets in, what the wall shows, what steers, and what is said to all."""

from __future__ import annotations

import json
import logging
import time
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from playground.config import AutoencoderConfig, ConfigError
from playground.page.service import Service
from playground.runtimes import InProcessRuntime
from playground.runtimes.line import Limits
from playground.runtimes.links import watch_id
from playground.teacher.key import AT_ONCE, COOKIE, VARIABLE, Key, token_of
from playground.teacher.routes import ADDRESS, SAID, Teacher
from playground.teacher.service import LONGEST_LINE, PAUSED

TOKEN = "a token for the class"
DEADLINE = 60.0
SMALL = AutoencoderConfig(dataset="digits", steps=200_000, width=16, depth=1, device="cpu")
HOME = {"origin": "http://testserver"}


@pytest.fixture
def service():
    asker = SimpleNamespace(name="ann")
    service = Service(
        InProcessRuntime(), device="cpu", sweep_seconds=None, limits=Limits(trainings=1, a_visitor=1), visitor=lambda: asker.name
    )
    service.asker = asker
    yield service
    service.registry.close()


@pytest.fixture
def client(service) -> TestClient:
    return TestClient(Starlette(routes=Teacher(service, TOKEN).routes()), follow_redirects=False)


@pytest.fixture
def wall(client) -> TestClient:
    """The client once it has given the token."""
    assert client.get(ADDRESS, params={"token": TOKEN}).status_code == 303
    return client


def until(condition) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def do(wall: TestClient, name: str, **more):
    return wall.post(f"{ADDRESS}/do", json={"do": name, **more}, headers=HOME)


def status(service, run: str) -> str:
    return service.registry.get(run).status


def shown(wall: TestClient) -> dict:
    return wall.get(f"{ADDRESS}/runs").json()


def test_the_token_becomes_a_cookie_and_leaves_the_address(client) -> None:
    answer = client.get(ADDRESS, params={"token": TOKEN})
    cookie = answer.headers["set-cookie"]
    assert answer.status_code == 303 and answer.headers["location"] == "teacher"
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and TOKEN.split()[-1] not in cookie and "Secure" not in cookie
    page = client.get(ADDRESS)
    assert page.status_code == 200 and "teacher/wall.js" in page.text and page.headers["cache-control"] == "no-store"
    behind_https = client.get(ADDRESS, params={"token": TOKEN}, headers={"x-forwarded-proto": "https"})
    assert "Secure" in behind_https.headers["set-cookie"]


def test_without_the_cookie_or_with_another_nothing_is_there(client) -> None:
    for cookies in ({}, {COOKIE: TOKEN.replace(" ", "")}, {COOKIE: "0" * 64}):
        client.cookies = cookies
        assert client.get(ADDRESS).status_code == client.get(f"{ADDRESS}/runs").status_code == 404
        assert do(client, "pause_all").status_code == 404


def test_wrong_tokens_are_answered_at_a_limited_rate_and_the_cookie_holds_meanwhile(wall) -> None:
    wrong = [wall.get(ADDRESS, params={"token": f"wrong {n}"}).status_code for n in range(AT_ONCE + 1)]
    assert wrong == [404] * AT_ONCE + [429]
    assert wall.get(ADDRESS, params={"token": TOKEN}).status_code == 429, "no more is looked at"
    assert wall.get(ADDRESS).status_code == 200


def test_a_rate_is_of_one_address_and_comes_back_with_time() -> None:
    now = [0.0]
    key = Key(TOKEN, lambda: now[0])
    assert [key.fits("x", "a") for _ in range(AT_ONCE + 1)] == [False] * AT_ONCE + [None]
    assert key.fits(TOKEN, "b") is True
    now[0] = 5.0
    assert key.fits(TOKEN, "a") is True


def test_a_token_of_ones_own_is_long_and_one_that_is_made_is_new(monkeypatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert token_of(False) is None
    (one, made), (two, _) = token_of(True), token_of(True)
    assert made and one != two and len(one) >= 16
    monkeypatch.setenv(VARIABLE, "long enough, it is")
    assert token_of(False) == ("long enough, it is", False)
    monkeypatch.setenv(VARIABLE, "fifteen letters")
    with pytest.raises(ConfigError, match="at least 16"):
        token_of(True)


@pytest.mark.parametrize(
    "headers", [{}, {"sec-fetch-site": "cross-site"}, {"origin": "http://elsewhere.org"}, {"sec-fetch-site": "none"}]
)
def test_what_does_not_come_from_the_page_is_refused(wall, headers, service) -> None:
    answer = wall.post(f"{ADDRESS}/do", json={"do": "pause_all"}, headers=headers)
    assert answer.status_code == 403 and not service.registry.admission.held


@pytest.mark.parametrize(
    "request_",
    [
        [],
        "x",
        {},
        {"do": "explode"},
        {"do": "pause"},
        {"do": "pause", "run": "x" * 22},
        {"do": "say", "text": 3},
        {"do": "limits", "values": []},
    ],
)
def test_what_is_no_request_is_refused_in_a_sentence(wall, request_) -> None:
    answer = wall.post(f"{ADDRESS}/do", json=request_, headers=HOME)
    assert answer.status_code == 409 and answer.json()["error"].endswith(".")
    assert wall.post(f"{ADDRESS}/do", content=b"[" * 5000, headers=HOME | {"content-type": "application/json"}).status_code == 409


def test_the_wall_shows_all_and_steers_each_without_giving_its_id_away(wall, service) -> None:
    first = service.registry.start(SMALL)
    service.asker.name = "ben"
    second = service.registry.start(SMALL)
    until(lambda: service.registry.get(first).snapshot is not None and service.registry.get(first).progress is not None)
    found = shown(wall)
    one, two = found["runs"]
    assert (one["run"], one["about"], one["tab"], one["visitor"], one["steps"]) == (
        watch_id(first),
        "autoencoder, Digits",
        "ae",
        1,
        200_000,
    )
    assert one["picture"].startswith("data:image/webp;base64,")
    assert (two["run"], two["status"], two["place"], two["visitor"]) == (watch_id(second), "waiting", 1, 2)
    assert found["counts"] == {"running": 1, "paused": 0, "waiting": 1} and not found["held"]
    said = json.dumps(found)
    assert not any(secret in said for secret in (first, second, "ann", "ben"))
    assert do(wall, "pause", run=watch_id(first)).json() == {"ok": True}
    until(lambda: status(service, first) == "paused")
    assert service.registry.get(first).message == PAUSED
    assert do(wall, "resume", run=watch_id(first)).json() == {"ok": True}
    until(lambda: status(service, first) == "running")
    assert do(wall, "pause", run=watch_id(second)).status_code == 409, "it waits, so there is nothing to pause"
    do(wall, "stop", run=watch_id(first))
    until(lambda: status(service, first) == "stopped" and status(service, second) == "running")
    until(lambda: [run["status"] for run in shown(wall)["runs"]] == ["running", "stopped"])


def test_all_stand_still_together_nobody_is_let_in_and_a_students_pause_stays(wall, service) -> None:
    do(wall, "limits", values={"trainings": 2})
    first, service.asker.name = service.registry.start(SMALL), "ben"
    second, service.asker.name = service.registry.start(SMALL), "cleo"
    third = service.registry.start(SMALL)
    until(lambda: {status(service, run) for run in (first, second)} == {"running"})
    service.registry.pause(second)
    until(lambda: status(service, second) == "paused")
    do(wall, "pause_all")
    until(lambda: status(service, first) == "paused")
    do(wall, "limits", values={"trainings": 3})
    service.registry.sweep()
    assert status(service, third) == "waiting" and "teacher has paused all" in service.registry.get(third).message
    do(wall, "resume_all")
    until(lambda: status(service, first) == status(service, third) == "running")
    assert status(service, second) == "paused"


def test_limits_are_those_of_the_form_within_their_bounds(wall, service) -> None:
    assert shown(wall)["limits"] == {"a_visitor": 1, "trainings": 1, "longest": None}
    do(wall, "limits", values={"a_visitor": None, "trainings": 5, "longest": 90})
    limits = service.registry.admission.limits
    assert (limits.a_visitor, limits.trainings, limits.longest) == (None, 5, 5400.0)
    for values in (
        {"trainings": None},
        {"trainings": 0},
        {"trainings": 65},
        {"longest": 1.5},
        {"a_visitor": True},
        {"memory": 1},
        {},
    ):
        assert do(wall, "limits", values=values).status_code == 409
    assert service.registry.admission.limits == limits


def test_a_message_is_one_plain_line_for_everybody(wall, service) -> None:
    assert TestClient(wall.app).get(SAID).json() == {"text": "", "number": 0}
    do(wall, "say", text=" look\nat <b>this</b>\x07 ")
    assert TestClient(wall.app).get(SAID).json() == {"text": "look at <b>this</b>", "number": 1}
    assert do(wall, "say", text="x" * (LONGEST_LINE + 1)).status_code == 409
    do(wall, "say", text="")
    assert TestClient(wall.app).get(SAID).json() == {"text": "", "number": 2}


def test_what_the_teacher_does_is_in_the_log(wall, caplog) -> None:
    with caplog.at_level(logging.INFO, "playground.runs"):
        do(wall, "pause_all")
        do(wall, "say", text="secret?")
    lines = [json.loads(record.message) for record in caplog.records]
    assert lines == [
        {"event": "teacher", "action": "pause all", "runs": 0},
        {"event": "teacher", "action": "message", "characters": 7},
    ]
