"""What a real server answers to requests that Gradio itself would answer with a traceback, without a word, or by doing them."""

import json

import httpx
import pytest

JSON = {"content-type": "application/json"}
CALL = {"session_hash": "door", "data": []}
FILE = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}


@pytest.fixture(scope="module")
def web(server):
    with httpx.Client(base_url=f"{server}/gradio_api/", timeout=60) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("run/train", CALL, 400, "/train takes 1 argument, settings: 0 were given."),
        ("call/sample", CALL | {"data": [1, 2, 3]}, 400, "/sample takes 2 arguments, run and settings: 3 were given."),
        ("call/v2/status", {"walk": "x"}, 400, "/status takes 1 argument, run, by name."),
        ("call/nothing", CALL, 404, "There is no endpoint 'nothing': known are /train, /sample, "),
        ("queue/join", CALL | {"fn_index": 10**9}, 404, "There is no event 1000000000 on this page."),
        ("queue/join", CALL | {"fn_index": "x" * 10**6}, 404, "There is no event 'xxx"),
        ("run/train", CALL | {"data": 3}, 400, "data is refused: it must be the list of arguments."),
        ("run/train", CALL | {"data": [{"steps": float("nan")}]}, 400, "NaN is no number in JSON."),
        ("run/train", b'{"data": [1e999]}', 400, "a number in it is too large."),
        ("run/train", b'{"data": [' + b"9" * 5000 + b"]}", 400, "it is not valid JSON."),
        ("run/train", b'{"data": ["\\ud800"]}', 400, "a text in it has half a character."),
        ("run/train", b"[" * 100_000, 400, "This request cannot be read: "),
        ("run/train", b'{"data": [' + b"[" * 100 + b"]" * 101 + b"}", 400, "it is nested too deep."),
        ("run/train", [], 400, "A request is a JSON object"),
        ("run/train", CALL | {"data": [FILE]}, 400, "it describes a file, and this app takes none."),
        ("run/train", CALL | {"data": [{"model": "ae"}], "trigger_id": ["x"]}, 422, "trigger_id is not as it must be"),
        ("run/train", CALL | {"session_hash": 3}, 400, "session_hash is refused"),
        ("call/status", {"data": [None], "session_hash": ""}, 400, "session_hash is refused"),
        ("component_server", CALL, 400, "A call of a server function needs component_id, fn_name."),
        (
            "component_server",
            CALL | {"component_id": 10**9, "fn_name": "pull"},
            404,
            "There is no component 1000000000 on this page.",
        ),
        ("component_server", CALL | {"component_id": {}, "fn_name": "pull"}, 404, "There is no component {} on this page."),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_call_that_makes_no_sense_is_refused_in_a_sentence(web, path, body, status, words) -> None:
    response = web.post(path, content=body if isinstance(body, bytes) else json.dumps(body), headers=JSON)
    refusal = response.json()
    assert response.status_code == status and words in refusal["error"] and refusal["detail"] == refusal["error"]
    assert len(response.content) < 1000


def test_what_a_form_of_another_site_could_send_is_not_done(web) -> None:
    """Browsers ask before they send JSON to another site, but not before they send text."""
    body = json.dumps(CALL | {"component_id": 1, "fn_name": "command", "data": ["run", "stop"]})
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        response = web.post("component_server", content=body, headers={"content-type": kind})
        assert response.status_code == 415 and "JSON" in response.json()["error"]


def test_uploads_are_not_taken(web) -> None:
    response = web.post("upload", files={"files": ("a.txt", b"x")})
    assert response.status_code == 403 and "takes no files" in response.json()["error"]


def test_a_request_that_is_too_large_is_refused(web) -> None:
    def endless():
        for _ in range(40):
            yield b" " * 2**20

    response = web.post("run/train", content=endless(), headers=JSON)
    assert response.status_code == 413 and "32 MB" in response.json()["error"]
