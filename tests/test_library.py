"""The library: what is listed to whom, what may be changed by whom, and the pictures."""

from __future__ import annotations

import pytest
from shelved import shelved, written
from starlette.applications import Starlette
from starlette.testclient import TestClient

from playground.config import AutoencoderConfig
from playground.library.service import NOT_YOURS, LibraryService
from playground.ui.live import knowing

SMALL = AutoencoderConfig(dataset="digits", steps=5, width=16, depth=1, device="cpu")


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with shelved(tmp_path_factory.mktemp("library")) as service:
        yield service


@pytest.fixture(scope="module")
def run(service) -> str:
    run = service.registry.start(SMALL)
    written(service, run)
    return run


@pytest.fixture
def library(service) -> LibraryService:
    return LibraryService(service)


@pytest.fixture
def shared(service) -> LibraryService:
    """As on a server that others reach, too."""
    library = LibraryService(service)
    library.own = False
    return library


def test_on_a_server_of_ones_own_all_are_listed(library, run):
    answer = library.listed([])
    (shown,) = answer["runs"]
    assert answer["own"] and shown["run"] == run and shown["tab"] == "ae" and shown["about"] == "autoencoder, Digits"
    assert (shown["status"], shown["step"], shown["goes_on"], shown["trouble"]) == ("finished", 5, False, "")


@pytest.mark.parametrize("asked", [[], None, ["x", "../..", 3, None, {}], {"a": 1}])
def test_where_others_are_the_ids_of_runs_are_never_told(shared, run, asked):
    assert shared.listed(asked) == {"own": False, "runs": []}


def test_where_others_are_ones_own_are_listed_and_nothing_is_changed(shared, run):
    assert [shown["run"] for shown in shared.listed([run, "nothing"])["runs"]] == [run]
    runs, change, delete, restore = shared.server_functions()
    for answer in (change([run, {"name": "x"}]), delete(run), restore(run)):
        assert answer == {"error": NOT_YOURS}


def test_a_name_is_given_and_told_to_the_run_bar(library, service, run):
    _, change, _, _ = library.server_functions()
    assert change([run, {"name": "Two numbers", "notes": "<b>so</b>", "pinned": True}])["run"]["notes"] == "<b>so</b>"
    assert knowing(service)([run, "x"]) == {"known": [run], "names": {run: "Two numbers"}}
    assert change([run, {"pinned": False}])["run"]["name"] == "Two numbers"


def test_deleted_and_undone(library, service, run):
    _, _, delete, restore = library.server_functions()
    assert delete(run) == {"ok": True} and library.listed([])["runs"] == [] and not service.registry.knows(run)
    assert restore(run) == {"ok": True} and service.registry.get(run).step == 5


@pytest.mark.parametrize("nonsense", [None, 3, [], [1, 2], ["x", {"colour": 1}], {"a": []}, "x" * 100])
def test_nonsense_is_answered_in_words(library, run, nonsense):
    _, change, delete, restore = library.server_functions()
    for answer in (change(nonsense), delete(nonsense), restore(nonsense), change([run, nonsense])):
        assert set(answer) == {"error"} and len(answer["error"]) > 20


def test_its_picture_is_served_to_whoever_knows_it_and_nothing_else(library, run):
    client = TestClient(Starlette(routes=[library.route()]))
    (shown,) = library.listed([])["runs"]
    answer = client.get("/" + shown["picture"])
    assert answer.status_code == 200 and answer.headers["content-type"] == "image/webp" and answer.content[8:12] == b"WEBP"
    gone = client.get(f"/pictures/{run}/picture-00000000-{'0' * 16}.webp")  # a page may ask for what has just made room
    assert gone.content == answer.content and "no-store" in gone.headers["cache-control"]
    for path in (
        f"/pictures/{run}/run.json",
        f"/pictures/{run}/labels.json",
        f"/pictures/x/{shown['picture'][-10:]}",
        "/pictures/../run.json",
    ):
        assert client.get(path).status_code == 404
