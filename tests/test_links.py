"""A run's id is a capability: with none nothing of it is seen, with the watch id it is seen and nothing changes, and only its own id steers it.

Every route, event and server function that the app exposes is found by walking the app, and tried with every kind of request that any of them takes.
"""

from __future__ import annotations

import io
import json
import threading
import time
import zipfile
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from serving import free_port

from playground.features.take_away import service as take_away
from playground.features.take_away.forms import FORMS
from playground.page.page import build_page, launch_settings
from playground.page.service import Service
from playground.runtimes import InProcessRuntime, RegistryError, UnknownRun
from playground.runtimes.base import RegistryFull
from playground.runtimes.links import Links, watch_id
from playground.runtimes.shelf import Bounds
from playground.runtimes.store import RunStore
from playground.teacher.key import COOKIE
from playground.teacher.routes import ADDRESS, SAID

MARK = 918_273_645
"""A setting of the run that is attacked: where it is seen, the run was."""
SMALL = {"model": "ae", "dataset": "digits", "width": 16, "depth": 1, "steps": 200_000, "seed": MARK, "device": "cpu"}
ENDLESS = ("heartbeat", "queue/data", "dev/reload", "stream/")
"""Routes that answer for as long as one listens; what they say is of a session, whose name is as long as a run's."""
STEERS = {"command", "change", "project"}
DEADLINE = 60.0
TOKEN = "a token for the class"


class House:
    """The app, and a run in it that is paused at some step."""

    def __init__(self, folder) -> None:
        self.service = Service(
            InProcessRuntime(),
            device="cpu",
            sweep_seconds=None,
            store=RunStore(folder, Bounds(), lambda record: str(MARK).encode(), every=0.02),
        )
        self.page = build_page(self.service)
        where = {"server_name": "127.0.0.1", "server_port": free_port(), "quiet": True, "prevent_thread_lock": True}
        self.app, url, _ = self.page.launch(**where, **launch_settings(self.service, token=TOKEN))
        self.client = httpx.Client(base_url=url, timeout=DEADLINE)
        self.run = self.service.train(SMALL)
        self.until(lambda: self.record().snapshot is not None and self.record().step > 1)
        self.service.registry.pause(self.run)
        self.until(lambda: self.record().status == "paused")
        store = self.service.registry.store
        self.until(lambda: self.run in store.shelf and store.shelf.entry(self.run).picture)
        self.picture = store.shelf.entry(self.run).picture

    def record(self):
        return self.service.registry.get(self.run)

    def until(self, condition) -> None:
        deadline = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def state(self) -> tuple:
        """What steering would change."""
        record = self.record()
        return record.status, record.step, record.config

    def routes(self) -> Iterator[tuple[str, str]]:
        """Every method and path."""

        def walk(routes, before="") -> Iterator[tuple[str, str]]:
            for route in routes:
                inner = getattr(route, "original_router", None)
                if inner is not None:
                    yield from walk(inner.routes, before)
                elif getattr(route, "routes", None):
                    yield from walk(route.routes, before + route.path)
                else:
                    yield from ((method, before + route.path) for method in getattr(route, "methods", None) or ["GET"])

        return walk(self.app.routes)

    def functions(self) -> dict[str, int]:
        """Every server function, by its name, with a component that has it."""
        found = {}
        for number, block in self.page.blocks.items():
            for name in vars(block):
                if getattr(getattr(block, name), "_is_server_fn", False):
                    found.setdefault(name, number)
        return found

    def ask(self, name: str, component: int, data: Any) -> str:
        body = {"data": data, "component_id": component, "fn_name": name, "session_hash": "walk"}
        return self.client.post("/gradio_api/component_server", json=body).text


def requests(run: Any) -> list[Any]:
    """Every form in which a server function takes a run."""
    judged = {"tab": "ae", "set": {}, "checks": ["held_out/mse < 9"], "names": {}}
    return [
        run,
        [run],
        [run, 0, False, True],
        [run, "stop"],
        [run, "continue"],
        [run, "resume"],
        [run, 1],
        [run, "decode", {"z": [[0.0, 0.0]]}],
        [run, {"learning_rate": 0.5}],
        [run, {"name": "mine"}],
        [run, {"method": "pca", "dims": 2, "perplexity": 10, "seed": 1}],
        [[run], {}],
        [run, judged],
        {"run": run},
    ]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    made = House(tmp_path_factory.mktemp("runs"))
    yield made
    made.client.close()
    made.page.close(verbose=False)
    made.service.registry.close()


def strangers(house: House) -> list[Any]:
    """No id, and wrong ones, some of them nearly right."""
    run, watch = house.run, watch_id(house.run)
    return [None, "x" * 22, "watch-" + "x" * 22, run[:-1], watch[:-1], "watch-" + run]


def assert_unseen(house: House, text: str, what: Any) -> None:
    assert str(MARK) not in text and house.run not in text and watch_id(house.run) not in text, what


def test_a_server_function_shows_and_steers_nothing_without_a_link(house) -> None:
    before = house.state()
    for name, component in house.functions().items():
        for stranger in strangers(house):
            for request in requests(stranger):
                text = house.ask(name, component, request)
                assert_unseen(house, text.replace(json.dumps(stranger)[1:-1], "") if stranger else text, (name, request))
    assert house.state() == before


def test_a_watch_link_shows_the_run_and_changes_nothing_by_any_server_function(house) -> None:
    before, watch, seen, refused = house.state(), watch_id(house.run), set(), set()
    for name, component in house.functions().items():
        for request in requests(watch):
            text = house.ask(name, component, request)
            assert house.run not in text, f"{name} gives the watcher what steers: {text[:300]}"
            refused |= {name} if "This link is for watching" in text else set()
            seen |= {name} if str(MARK) in text or '"step"' in text else set()
    assert house.state() == before
    assert {"pull", "ask", "replay", "compare_columns", "judge"} - seen <= {"judge"} and refused >= STEERS


def test_its_own_id_shows_and_steers_it(house) -> None:
    functions = house.functions()
    frame = json.loads(house.ask("pull", functions["pull"], [house.run, 0, False, True]))
    assert (
        frame["run"] == house.run and frame["steers"] and frame["watch"] == watch_id(house.run) and frame["config"]["seed"] == MARK
    )
    assert "ok" in json.loads(house.ask("change", functions["change"], [house.run, {"learning_rate": 0.5}]))
    assert house.record().config["learning_rate"] == 0.5


@pytest.mark.slow
def test_no_route_shows_a_run_without_a_link_and_none_gives_a_watcher_what_steers(house) -> None:
    watch, before, found = watch_id(house.run), house.state(), set()
    for method, path in sorted(set(house.routes())):
        if any(word in path for word in ENDLESS):
            continue
        for ident in (*strangers(house), watch):
            for name in (*FORMS, house.picture) if "{name}" in path else ("",):
                address = path.replace("{name}", name)
                while "{" in address:
                    address = address[: address.index("{")] + str(ident or "none") + address[address.index("}") + 1 :]
                body = {"session_hash": "walk", "data": [ident], "fn_index": 0} if method == "POST" else None
                try:
                    answer = house.client.request(method, address, json=body)
                except httpx.HTTPError:  # one of Gradio's that breaks off shows nothing
                    continue
                content = answer.content
                if ident == watch:
                    assert house.run.encode() not in content, (method, path)
                    found |= {path} if answer.status_code == 200 and str(MARK).encode() in content else set()
                else:
                    assert str(MARK).encode() not in content, (method, address)
    assert house.state() == before and "/runs/{run}/{name}" in found, "a watcher may take the weights"


@pytest.mark.slow
def test_no_event_or_endpoint_shows_or_steers_a_run_without_a_link(house) -> None:
    watch, before, ran = watch_id(house.run), house.state(), 0
    for function in list(house.page.fns.values()):
        if function.fn is None or function.api_name in ("describe", "train"):
            continue
        for ident in (None, "x" * 22, watch):
            said = {"run": ident, "step": 1, "settings": {}, "following": {"ae": ident, "vae": ident, "diffusion": ident}}
            for filled in (
                [ident] * len(function.inputs),
                [ident, "stop", {}, {}][: len(function.inputs)],
                [{"ae": ident}] * len(function.inputs),
            ):
                body = {"data": filled, "session_hash": "walk", "event_data": said}
                answer = house.client.post(f"/gradio_api/run/{function.api_name}", json=body)
                assert house.run not in answer.text, (function.api_name, ident)
                ran += 1
                if ident != watch:
                    assert str(MARK) not in answer.text, (function.api_name, ident)
    assert ran > 50 and house.state() == before


def test_the_teachers_routes_are_not_there_without_the_cookie_and_give_no_id_away_with_it(house) -> None:
    before, routes = (
        house.state(),
        {(method, path) for method, path in house.routes() if path.startswith(f"{ADDRESS}/") or path == ADDRESS},
    )
    assert {path for _, path in routes} == {ADDRESS, f"{ADDRESS}/runs", f"{ADDRESS}/do"}
    stop = {"do": "stop", "run": watch_id(house.run)}
    for cookie in ("", "x" * 64, TOKEN.replace(" ", "")):
        for method, path in routes:
            answer = house.client.request(
                method, path, json=stop, headers={"cookie": f"{COOKIE}={cookie}", "sec-fetch-site": "same-origin"}
            )
            assert answer.status_code == 404, (method, path)
    assert set(house.client.get(SAID).json()) == {"text", "number"} and house.state() == before
    with httpx.Client(base_url=house.client.base_url, timeout=DEADLINE) as teacher:
        assert teacher.get(ADDRESS, params={"token": TOKEN}).status_code == 303
        for path in (ADDRESS, f"{ADDRESS}/runs"):
            assert teacher.get(path).status_code == 200 and house.run not in teacher.get(path).text
        assert watch_id(house.run) in teacher.get(f"{ADDRESS}/runs").text


def test_watch_ids_outlast_a_restart_and_are_no_way_back() -> None:
    assert watch_id("a" * 22) == watch_id("a" * 22) != watch_id("a" * 21 + "b")
    assert watch_id(watch_id("a" * 22)) == watch_id("a" * 22) and watch_id("kept-ae") == "kept-ae"


def test_who_watches_may_fork_and_the_run_goes_on(house) -> None:
    service, watch, before = house.service, watch_id(house.run), house.state()
    step = service.registry.checkpoint_at(watch, house.record().step).step
    mine = service.fork(watch, step, {"steps": step + 2})
    assert mine != house.run and house.state() == before
    for steer in (service.registry.pause, service.registry.stop, service.registry.resume, service.registry.continue_):
        with pytest.raises(RegistryError, match="for watching"):
            steer(watch)
        with pytest.raises((RegistryError, UnknownRun)):
            steer("watch-" + "x" * 22)
    with pytest.raises(UnknownRun):
        service.registry.get("watch-" + "x" * 22)


def test_names_that_are_unknown_do_not_list_the_disk_each_time() -> None:
    now, here, listed = [0.0], ["new"], []

    def stored() -> list[str]:
        listed.append(1)
        return ["old"]

    links = Links(lambda: here, stored, lambda: now[0])
    assert [links.run_of(watch_id(run)) for run in ("old", "new")] == ["old", "new"]
    for k in range(50):
        assert links.run_of(f"watch-{k}") == f"watch-{k}"
    assert len(listed) == 1
    here.append("newer")
    assert links.run_of(watch_id("newer")) == "newer", "a run that has just begun is found at once"
    now[0] += 1.0
    assert links.run_of("watch-1") == "watch-1" and len(listed) == 2


def test_a_whole_run_that_leaves_says_nothing_that_steers_it(house) -> None:
    data = house.service.take_away.file(house.run, "run.zip")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        said = b"".join(archive.read(name) for name in archive.namelist() if name.endswith(".json"))
    assert watch_id(house.run).encode() in said and house.run.encode() not in said


def test_two_whole_runs_are_packed_at_a_time(house, monkeypatch) -> None:
    monkeypatch.setattr(take_away, "WAIT_SECONDS", 0.01)
    monkeypatch.setattr(house.service.take_away, "_zipping", threading.Semaphore(0))
    with pytest.raises(RegistryFull, match="being packed"):
        house.service.take_away.file(house.run, "run.zip")
