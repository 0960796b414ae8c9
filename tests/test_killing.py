"""`kill -9` of the server at a random moment, again and again on one folder: nothing that it told of as saved is lost, and it starts with a whole shelf.

What counts as saved is what a page is told: a run in the list of runs with its step and status, a name that was given to it, a run that was deleted.
With `-m ""` the server is killed a hundred times, and a summary is printed (`-s`).
"""

from __future__ import annotations

import json
import multiprocessing as mp
import os
import random
import signal
import threading
import time
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path

import httpx
import pytest
import torch
from serving import Server, alive

from playground.library.service import LibraryService
from playground.page.service import Service
from playground.runtimes import InProcessRuntime
from playground.runtimes.folder import ABOUT, entries_of, read_about
from playground.runtimes.refusals import answering
from playground.runtimes.shelf import DELETED
from playground.runtimes.store import RunStore
from playground.views.thumbnail import thumbnail

LONGEST = 4.0
"""Seconds after its first list of runs until which a server is killed."""
ENDED = ("finished", "stopped", "failed")
TINY = {"dataset": "digits", "width": 16, "depth": 1, "batch_size": 16, "warmup_steps": 5}
KEPT_RUNS = 24
"""So many are left on the shelf: the others are deleted, one by one."""


class Told:
    """What the servers of a folder have said is saved, so far."""

    def __init__(self) -> None:
        self.runs: dict[str, dict] = {}
        self.names: dict[str, set[str]] = {}
        """The name of a run, or those that it may have, where a new one was not answered."""
        self.deleted: set[str] = set()
        self.asked: set[str] = set()
        """To be deleted, which may have happened."""
        self.continued: set[str] = set()
        """They begin at their checkpoints, and may have been told of further ones before."""
        self.counts: Counter[str] = Counter()

    def listed(self, runs: list[dict]) -> None:
        self.runs |= {entry["run"]: entry for entry in runs}
        self.counts["lists"] += 1


class Web:
    """`python app.py`, and what a page asks of it, which may be gone at any moment."""

    def __init__(self, folder: Path, number: int) -> None:
        log = folder.parent / f"{number}.txt"
        self.server = Server(log, "--runs", str(folder), "--empty", "--device", "cpu").wait()
        self.client = httpx.Client(base_url=self.server.url, timeout=30.0)
        components = self.client.get("/config").json()["components"]
        self.functions = {name: each["id"] for each in components for name in each["props"].get("server_fns") or ()}
        self.family: list[tuple[int, str]] = []

    def ask(self, name: str, data: object) -> dict:
        body = {"data": data, "component_id": self.functions[name], "fn_name": name, "session_hash": "one"}
        return self.client.post("/gradio_api/component_server", json=body).json()

    def train(self, settings: dict) -> None:
        self.client.post("/gradio_api/call/train", json={"data": [settings], "session_hash": "one"}).raise_for_status()

    def kill(self) -> None:
        self.family = self.server.family()
        self.server.process.send_signal(signal.SIGKILL)

    def end(self) -> None:
        """After which no process of it is left."""
        self.server.end(signal.SIGKILL)
        deadline = time.monotonic() + 30.0
        while left := [each for each in self.family if alive(each)]:
            assert time.monotonic() < deadline, f"The killed server left processes behind: {left}"
            time.sleep(0.02)
        assert "Traceback" not in self.server.output(), self.server.output()


class Bare:
    """The same service and its shelf without a web server, in a process that is forked, and so is there at once."""

    context = mp.get_context("forkserver")

    def __init__(self, folder: Path, number: int) -> None:
        self.context.set_forkserver_preload(["test_killing", "playground.questions.training", "playground.runtimes.warm"])
        self.pipe, theirs = self.context.Pipe()
        self.process = self.context.Process(target=serve, args=(theirs, folder))
        self.process.start()
        theirs.close()
        assert self.pipe.recv() == "here"

    def ask(self, name: str, data: object) -> dict:
        self.pipe.send((name, data))
        return self.pipe.recv()

    def train(self, settings: dict) -> None:
        self.ask("train", settings)

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


def serve(pipe: Connection, folder: Path) -> None:
    """Answers what a page asks, one thing after another; trainings are threads of this process."""
    torch.set_num_threads(1)  # as in a worker: threads are not forked
    service = Service(InProcessRuntime(), own=True, store=RunStore(folder, picture=thumbnail))

    @answering
    def train(values: dict) -> dict:
        return {"run": service.train(values)}

    functions = [*LibraryService(service).server_functions(), *service.server_functions(), train]
    named = {function.__name__: function for function in functions}
    pipe.send("here")
    while True:
        name, data = pipe.recv()
        pipe.send(named[name](data))


def some_training(chance: random.Random) -> dict:
    model = chance.choice(("ae", "vae", "diffusion"))
    return {**TINY, "model": model, "steps": chance.choice((20, 60, 200_000)), "seed": chance.randrange(1000)}


def visit(page: Web | Bare, told: Told, chance: random.Random) -> None:
    """Trains, names, stops, continues and deletes, until the server is gone."""
    while True:
        runs = page.ask("runs", [])["runs"]
        told.listed(runs)
        what = chance.random()
        if what < 0.3 or not runs:
            page.train(some_training(chance))
            continue
        entry = chance.choice(runs)
        run = entry["run"]
        if what < 0.5:
            name = f"name {chance.randrange(10**6)}"
            told.names.setdefault(run, {entry["name"]}).add(name)
            if page.ask("change_run", [run, {"name": name}]).get("run", {}).get("name") == name:
                told.names[run] = {name}
                told.counts["names"] += 1
        elif what < 0.7:
            told.continued |= set() if entry["goes_on"] else {run}
            page.ask("command", [run, "stop" if entry["goes_on"] else "continue"])
        elif len(runs) > KEPT_RUNS and not entry["goes_on"]:
            told.asked.add(run)
            if page.ask("delete_run", run).get("ok"):
                told.deleted.add(run)
                told.counts["deleted"] += 1


def whole(folder: Path) -> tuple[int, int]:
    """How many runs are on the disk, and how many files of theirs; each is what was written, to the last bit."""
    runs = [path for path in folder.iterdir() if path.name != DELETED and (path / ABOUT).exists()]
    entries = [(path, entry) for path in runs for entry in entries_of(read_about(path))]
    assert all(entry.read(path) for path, entry in entries)
    return len(runs), len(entries)


def check(page: Web | Bare, told: Told) -> None:
    """All that was told is there; a name that was being changed when the server was killed may be the one before."""
    found = {entry["run"]: entry for entry in page.ask("runs", [])["runs"]}
    assert [entry for entry in found.values() if entry["trouble"]] == []
    assert not told.deleted & found.keys()
    for run, before in told.runs.items():
        if run in told.asked and run not in found:
            continue
        now = found[run]
        assert now["step"] >= before["step"] or run in told.continued, (before, now)
        if before["status"] in ENDED and not before["goes_on"]:
            told.counts["ended runs found"] += 1
        told.counts["runs found"] += 1
        if run in told.names:
            assert now["name"] in told.names[run], (now, told.names[run])
            told.names[run] = {now["name"]}
            told.counts["names found"] += 1
    told.runs = found
    told.asked.clear()
    told.continued.clear()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "times"),
    [(Web, 1), (Bare, 10), pytest.param(Web, 100, marks=pytest.mark.thorough), pytest.param(Bare, 100, marks=pytest.mark.thorough)],
)
def test_a_server_that_is_killed_at_any_moment_loses_nothing_that_it_told_of_as_saved(tmp_path, kind, times):
    chance, told, folder, began = random.Random(times), Told(), tmp_path / "runs", time.monotonic()
    moments: list[float] = []
    files = runs = 0
    for k in range(times + 1):
        page = kind(folder, k)
        try:
            check(page, told)
            if k == times:
                break
            if not told.runs:
                page.train(some_training(chance))
            while not told.runs:  # the first server has to tell of something, however slow it is
                told.listed(page.ask("runs", [])["runs"])
            moments.append(chance.uniform(0.0, LONGEST))
            killer = threading.Timer(moments[-1], page.kill)
            killer.start()
            with pytest.raises((httpx.HTTPError, json.JSONDecodeError, EOFError, OSError)):
                visit(page, told, chance)
            killer.join()
        finally:
            page.end()
        runs, written = whole(folder)
        files += written
    print(
        f"\n{kind.__name__} killed {times} times, {min(moments):.2f} to {max(moments):.2f} s after the first list, in "
        f"{time.monotonic() - began:.0f} s: {dict(told.counts)}, {files:,} files read back whole, {runs} runs at the end"
    )
    assert told.counts["lists"] > times and told.counts["runs found"] >= times
