"""Data of one's own at a running server: files that are sent, a drawing, a training on them, and what is refused."""

from __future__ import annotations

import json

import httpx
import pytest
from brought import noise, picture, zipped

HEADERS = {"content-type": "application/octet-stream"}
KIND = "own-{}-"


def framed(files: dict[str, bytes]) -> bytes:
    listed = json.dumps([[path, len(data)] for path, data in files.items()]).encode()
    return len(listed).to_bytes(8, "little") + listed + b"".join(files.values())


def send(server: str, files: dict[str, bytes], **settings: str) -> httpx.Response:
    return httpx.post(f"{server}/own-data", params=settings, content=framed(files), headers=HEADERS, timeout=120)


@pytest.fixture(scope="module")
def brought(server: str) -> dict:
    pictures = {f"{kind}/{i}.png": picture(noise(16, 16, 3)) for kind in ("<i>cats", "dogs") for i in range(30)}
    answer = send(server, {"pets.zip": zipped(pictures)}, title="<b>My pets", side="8", colour="grey")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_files_become_a_data_set_with_a_picture(server: str, brought: dict) -> None:
    assert (
        brought["name"].startswith("own-images-") and brought["title"] == "<b>My pets" and brought["classes"] == ["<i>cats", "dogs"]
    )
    sheet = httpx.get(f"{server}/sheets/x/{brought['name']}.webp")
    assert sheet.status_code == 200 and sheet.content[8:12] == b"WEBP"


@pytest.mark.parametrize("model", ["ae", "vae", "diffusion"])
def test_every_model_trains_on_them(client, brought: dict, model: str) -> None:
    *_, last = client.submit({"model": model, "dataset": brought["name"], "steps": 20, "batch_size": 16}, api_name="/train")
    assert last["status"] == "finished", last


def test_the_names_of_others_are_not_to_be_had(server: str, client, brought: dict) -> None:
    described = json.dumps(client.predict(api_name="/describe"))
    assert "own-" not in described.replace("own-data", "")
    assert httpx.get(f"{server}/sheets/x/own-images-{'0' * 16}.webp").status_code == 404


@pytest.mark.parametrize(
    "files, settings, sentence",
    [
        ({"a.png": b"x"}, {}, "at least 20"),
        ({"a.png": b"x"}, {"side": "9"}, "side = '9' is refused"),
        ({"a.png": b"x"}, {"colours": "9"}, "colours is not a setting"),
        ({}, {}, "no file"),
    ],
)
def test_a_refusal_is_a_sentence(server: str, files, settings, sentence: str) -> None:
    answer = send(server, files, **settings)
    assert sentence in answer.json()["error"]


def test_forms_of_other_sites_and_too_much_are_refused(server: str) -> None:
    plain = httpx.post(f"{server}/own-data", content=b"x", headers={"content-type": "text/plain"})
    other = httpx.post(f"{server}/own-data", content=b"x", headers={**HEADERS, "sec-fetch-site": "cross-site"})
    assert plain.status_code == other.status_code == 415

    def endless():
        for _ in range(80):
            yield bytes(2**20)

    try:
        answer = httpx.post(f"{server}/own-data", content=endless(), headers=HEADERS, timeout=60)
    except (httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError):
        return  # it hung up before everything was sent
    assert "larger than" in answer.json()["error"]
