"""What the page asks of the server: long polls, commands, and refusals of whatever else anybody may send."""

import asyncio
import json
import queue
import time

import numpy as np
import pytest

from playground.config import AutoencoderConfig, ConfigError
from playground.page import service as module
from playground.page.service import Service
from playground.runs.events import Checkpoint, Failed, Finished, Paused, Progress, Snapshot, Started
from playground.runtimes import UnknownRun

RNG = np.random.default_rng(0)
CONFIG = AutoencoderConfig(dataset="digits", steps=100)
LONG, SHORT = 30.0, 0.05


class Puppet:
    """A run, and its runtime, whose events a test puts in one by one."""

    def __init__(self):
        self.queue, self.messages, self.tasks = queue.Queue(), [], []

    def start(self, task, *args, **kwargs):
        self.tasks.append((task, args, kwargs))
        return self

    def warm_up(self):
        pass

    def for_answers(self):
        return self

    def events(self):
        while (event := self.queue.get()) is not None:
            yield event

    def send(self, message):
        self.messages.append(message)

    def cancel(self):
        self.queue.put(None)

    def put(self, *events):
        for event in events:
            self.queue.put(event)


@pytest.fixture
def puppet():
    return Puppet()


@pytest.fixture
def service(puppet, monkeypatch):
    monkeypatch.setattr(module, "LONG_POLL_SECONDS", LONG)
    service = Service(puppet, device="cpu", sweep_seconds=None)
    yield service
    service.registry.close()


@pytest.fixture
def run(service, puppet):
    """A run that has started and shown its first picture."""
    run = service.train(CONFIG.model_dump())
    puppet.put(Started(CONFIG.model_dump(), 10, "cpu"), Progress(1, 0.1, {"train/mse": 0.5}), picture(1))
    reach(service, run, lambda record: record.snapshot is not None)
    return run


def picture(step):
    images = RNG.integers(0, 255, (10, 1, 8, 8), dtype=np.uint8)
    arrays = {"latent": RNG.normal(size=(50, 2)), "originals": images, "reconstructions": images, "errors": images / 255}
    return Snapshot(step, arrays)


def reach(service, run, condition):
    deadline = time.monotonic() + LONG
    while not condition(record := service.registry.get(run)):
        assert time.monotonic() < deadline, record
        time.sleep(0.002)
    return record


def pull(service, *request):
    return asyncio.run(service.pull(list(request)))


# --- nonsense -----------------------------------------------------------------------------------------------------------

NONSENSE = [
    None,
    True,
    False,
    0,
    -1,
    10**400,
    1.5,
    float("nan"),
    float("inf"),
    -0.0,
    "",
    "stop",
    "x" * 100_000,
    "\x00",
    "../../etc/passwd",
    "é𝄞\ud800",
    [],
    {},
    [None],
    [[]],
    [[[[[[]]]]]],
    {"run": 1},
    {"a": {"b": [1, {"c": None}]}},
    [1, 2, 3, 4, 5],
    ["a"] * 4,
    [{}, {}],
]


@pytest.mark.parametrize("nonsense", NONSENSE, ids=lambda value: repr(value)[:20])
def test_nonsense_is_answered_in_words(service, run, nonsense, monkeypatch):
    monkeypatch.setattr(module, "LONG_POLL_SECONDS", SHORT)
    requests = [
        nonsense,
        [nonsense],
        [nonsense, nonsense],
        [nonsense] * 4,
        [nonsense, "stop"],
        [run, nonsense],
        [nonsense, 0, False, True],
    ]
    for request in requests:
        for answer in (service.command(request), asyncio.run(service.pull(request))):
            assert answer == {"ok": True} or (set(answer) - {"gone"} == {"error"} and len(answer["error"]) > 20), request
    for request in ([run, nonsense, False, True], [run, 0, nonsense, nonsense], [run, nonsense, nonsense, nonsense]):
        answer = asyncio.run(service.pull(request))
        assert set(answer) - {"gone"} == {"error"} or answer["run"] == run, request
        json.dumps(answer, allow_nan=False)


@pytest.mark.parametrize("nonsense", NONSENSE, ids=lambda value: repr(value)[:20])
def test_settings_that_are_no_settings_are_refused(service, run, nonsense):
    for ask in (service.train, lambda values: service.sample(run, values)):
        with pytest.raises(ConfigError):
            ask(nonsense)
    if nonsense != {}:
        with pytest.raises(ConfigError):
            service.set(run, nonsense)
    for ask in (service.registry.checkpoint, lambda unknown: service.sample(unknown, {}), lambda unknown: service.set(unknown, {})):
        with pytest.raises(UnknownRun):
            ask(nonsense)


@pytest.mark.parametrize("version", [-1, -(10**400), 0])
def test_any_version_of_the_past_gets_the_whole_picture(service, run, version):
    answer = pull(service, run, version, False, True)
    assert {"map", "images", "map_static"} <= answer["views"].keys() and answer["config"] == CONFIG.model_dump()


def test_a_version_of_the_future_waits_and_gets_no_picture(service, run, monkeypatch):
    monkeypatch.setattr(module, "LONG_POLL_SECONDS", SHORT)
    answer = pull(service, run, 10**400, True, True)
    assert answer["run"] == run and answer["views"] == {} and answer["version"] < 10**400


@pytest.mark.parametrize("nonsense", NONSENSE, ids=lambda value: repr(value)[:20])
def test_projections_are_checked(service, run, nonsense):
    for request in (
        nonsense,
        [nonsense],
        [nonsense, {"method": "pca"}],
        [run, nonsense],
        [run, {"method": nonsense}],
        [run, {"method": "pca", "dims": nonsense}],
        [run, {"method": "tsne", "seed": nonsense}],
    ):
        answer = service.project(request)
        assert answer == {"ok": True} or (set(answer) == {"error"} and len(answer["error"]) > 20), request


def test_a_waiting_page_gets_the_map_by_another_projection_also_of_a_paused_run(service, run, puppet):
    puppet.put(Paused(1, True))
    reach(service, run, lambda record: record.status == "paused")
    first = pull(service, run, 0, False, True)
    assert first["views"]["map"]["method"] == "raw"

    async def wait_and_choose():
        waiting = asyncio.create_task(service.pull([run, first["version"], True, True]))
        await asyncio.sleep(SHORT)
        assert service.project([run, {"method": "pca"}]) == {"ok": True}
        return await asyncio.wait_for(waiting, LONG / 2)

    frame = asyncio.run(wait_and_choose())
    assert frame["views"].keys() == {"map"} and frame["views"]["map"]["method"] == "pca" and frame["status"] == "paused"
    late = pull(service, run, 0, True, True)
    assert late["views"]["map"]["method"] == "pca"


def test_an_embedding_that_is_there_wakes_the_page_and_a_forgotten_run_is_no_trouble(service, run):
    before = service.registry.get(run).version
    service._nudge(run)
    assert service.registry.get(run).version == before + 1
    service._nudge("gone")


def test_only_the_commands_are_commands(service, run):
    for name in ("close", "get", "start", "touch", "__init__", "continue_", "_find", "PAUSE"):
        assert "pause, resume, stop, continue" in service.command([run, name])["error"]


# --- commands -----------------------------------------------------------------------------------------------------------


def test_commands_reach_the_run(service, run, puppet):
    for name in ("pause", "resume", "stop"):
        assert service.command([run, name]) == {"ok": True}
    kinds = [message["kind"] for message in puppet.messages]
    assert kinds[-3:] == ["pause", "resume", "stop"]
    assert "under way" in service.command([run, "continue"])["error"]
    assert "not known here" in service.command(["other", "pause"])["error"]


def test_continue_starts_from_the_checkpoint(service, run, puppet):
    puppet.put(Checkpoint(5, b"weights"), Failed(6, "Broken.", "Mend it."), None)
    reach(service, run, lambda record: record.status == "failed" and record.checkpoint == b"weights")
    assert pull(service, run, 0, True, True)["resumable"]
    assert service.command([run, "continue"]) == {"ok": True}
    reach(service, run, lambda record: len(puppet.tasks) == 2)
    assert puppet.tasks[1][2]["resume"] == b"weights"


def test_live_settings_are_checked_before_they_are_sent(service, run, puppet):
    service.set(run, {"learning_rate": 0.01})
    assert puppet.messages[-1] == {"kind": "set", "values": {"learning_rate": 0.01}}
    sent = len(puppet.messages)
    for values, words in (
        ({"learning_rate": 50}, "from 1e-06 to 10"),
        ({"width": 32}, "cannot be changed while"),
        ({"x": 1}, "not a setting"),
    ):
        with pytest.raises(ConfigError, match=words):
            service.set(run, values)
    assert len(puppet.messages) == sent


def test_the_command_line_chooses_the_device_and_a_request_may_choose_another(service, puppet):
    runs = [service.train({"model": "ae"}), service.train({"model": "ae", "device": "auto"})]
    for device, run in zip(("cpu", "auto"), runs):
        assert service.registry.get(run).config["device"] == device


def test_nothing_is_drawn_from_an_autoencoder(service, run):
    with pytest.raises(ConfigError, match="defines no distribution"):
        service.sample(run, {})


# --- long polls -----------------------------------------------------------------------------------------------------------


def test_what_is_new_is_answered_at_once(service, run):
    began = time.monotonic()
    first = pull(service, run, 0, False, True)
    assert first["status"] == "running" and first["views"] and time.monotonic() - began < LONG / 2


def test_nothing_new_is_answered_after_a_while_with_the_same_version(service, run, monkeypatch):
    monkeypatch.setattr(module, "LONG_POLL_SECONDS", SHORT)
    first = pull(service, run, 0, False, True)
    again = pull(service, run, first["version"], True, True)
    assert again["version"] == first["version"] and again["views"] == {} and "config" not in again


@pytest.mark.parametrize(
    "event",
    [lambda: picture(9), lambda: Paused(9, True), lambda: Finished(9, b"w"), lambda: Failed(9, "Broken.")],
    ids=["picture", "pause", "end", "failure"],
)
def test_a_waiting_page_is_told_at_once(service, run, puppet, event, monkeypatch):
    monkeypatch.setattr(module, "SETTLE_SECONDS", LONG)

    async def story():
        version = (await service.pull([run, 0, False, True]))["version"]
        waiting = asyncio.ensure_future(service.pull([run, version, True, True]))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        puppet.put(event())
        return await asyncio.wait_for(waiting, LONG / 2)

    assert asyncio.run(story())["step"] == 9


def test_numbers_alone_wait_for_a_picture(service, run, puppet, monkeypatch):
    monkeypatch.setattr(module, "SETTLE_SECONDS", LONG)

    async def story():
        version = (await service.pull([run, 0, False, True]))["version"]
        waiting = asyncio.ensure_future(service.pull([run, version, True, True]))
        puppet.put(Progress(5, 0.5, {"train/mse": 0.4}))
        while service.registry.get(run).step != 5:
            await asyncio.sleep(0.002)
        await asyncio.sleep(0.05)
        assert not waiting.done()
        puppet.put(picture(6))
        return await asyncio.wait_for(waiting, LONG / 2)

    answer = asyncio.run(story())
    assert answer["step"] == 6 and "map" in answer["views"]


def test_numbers_alone_do_not_wait_for_long(service, run, puppet):
    async def story():
        version = (await service.pull([run, 0, False, True]))["version"]
        waiting = asyncio.ensure_future(service.pull([run, version, True, True]))
        puppet.put(Progress(5, 0.5, {"train/mse": 0.4}))
        return await asyncio.wait_for(waiting, LONG / 2)

    assert asyncio.run(story())["step"] == 5


def test_a_page_that_nobody_sees_gets_numbers_but_no_pictures_and_then_all(service, run, puppet):
    hidden = pull(service, run, 0, False, False)
    assert hidden["views"] == {} and "config" not in hidden and hidden["step"] == 1
    puppet.put(picture(4))
    reach(service, run, lambda record: record.snapshot.step == 4)
    seen = pull(service, run, 0, False, True)
    assert seen["views"]["map"]["step"] == 4 and "map_static" in seen["views"] and "config" in seen


def test_two_who_watch_get_the_same(service, run):
    first, second = (pull(service, run, 0, False, True) for _ in range(2))
    assert first == second


def test_views_are_not_kept_for_ever(service, run):
    for k in range(50):
        service.views(f"gone {k}")
    assert len(service._views) <= 2 * len(service.registry)


def test_server_functions_are_plain_functions_of_one_argument(service, run):
    functions = {function.__name__: function for function in service.server_functions()}
    assert functions["command"]([run, "pause"]) == {"ok": True}
    assert asyncio.run(functions["pull"]([run, 0, False, True]))["run"] == run


@pytest.mark.parametrize("unknown", ["nobody", {}, [], None])
def test_a_projection_of_no_run_is_refused_and_nothing_of_it_is_kept(service, run, unknown):
    before = list(service._views)
    assert "not known here" in service.project([unknown, {"method": "pca"}])["error"]
    assert list(service._views) == before
