"""For whoever keeps a server: `/health`, lines of a log that open nothing, and `--doctor`."""

import json
import logging
import os
import platform
import subprocess
import sys
import tempfile
import time

import pytest
from serving import ROOT
from starlette.applications import Starlette
from starlette.testclient import TestClient

from playground.cli import doctor
from playground.data.writing import ROOM
from playground.page import health
from playground.page.service import Service
from playground.runtimes import InProcessRuntime
from playground.runtimes.links import watch_id
from playground.runtimes.log import LOG, note, short
from playground.runtimes.mailbox import MAIL
from playground.ui.arriving import sweep_uploads

RUN = "abcdefghijklmnopqrstuv"


def test_health_counts_runs_and_names_none() -> None:
    service = Service(InProcessRuntime(), device="cpu", sweep_seconds=None)
    client = TestClient(Starlette(routes=[health.route(service)]))
    said = client.get("/health").json()
    assert said["ok"] is True and said["runs"] == said["queue"] == 0 and said["places"] == {"trainings": 4, "others": 4}
    assert said["version"]["torch"].startswith("2.") and said["memory"]["server"] is None or said["memory"]["server"] > 10**6
    service.registry.close()
    assert client.get("/health").status_code == 503


def test_a_line_of_the_log_is_json_and_opens_nothing(caplog) -> None:
    LOG.propagate = True
    with caplog.at_level(logging.INFO, LOG.name):
        note("ended", RUN, status="finished", step=3, waited=None)
    line = json.loads(caplog.messages[-1])
    assert line == {"event": "ended", "run": short(RUN), "status": "finished", "step": 3}
    assert len(short(RUN)) == 8 and short(RUN) in watch_id(RUN) and short(RUN) not in RUN and short("kept-ae") == "kept-ae"


def test_the_doctor_says_what_is_there_and_what_to_do(tmp_path, monkeypatch) -> None:
    found = {each.what: each for each in doctor.findings(True, tmp_path / "runs")}
    assert found["device"].well and "cores" in found["device"].found and "4 trainings at once" in found["limits"].found
    assert str(tmp_path) in found["disk"].found and len(doctor.report(list(found.values())).splitlines()) == len(found)
    assert all(each.advice for each in found.values() if each.well is False)


def test_the_doctor_finds_a_full_disk_and_a_small_machine(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(doctor, "ROOM", 2**80)
    monkeypatch.setattr(doctor, "machine_memory", lambda: 2**30)
    found = {each.what: each for each in doctor.findings(False, tmp_path)}
    assert found["disk"].well is False and "--runs FOLDER" in found["disk"].advice
    assert found["memory"].well is False and "small width" in found["memory"].advice
    assert "1 for each visitor" in found["limits"].found


def test_uploads_that_a_killed_server_left_are_swept_and_those_that_arrive_are_not(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left, arriving, other = (tmp_path / name for name in ("playground-a.upload", "playground-b.upload", "notes.upload"))
    for path in (left, arriving, other):
        path.write_bytes(b"x")
    for path in (left, other):
        os.utime(path, (1.0, 1.0))
    sweep_uploads()
    assert not left.exists() and arriving.exists() and other.exists()
    room, mail = tmp_path / f"{ROOM}a", tmp_path / f"{MAIL}a"
    room.mkdir()
    (room / "run.json").write_bytes(b"x")
    mail.write_bytes(b"x")
    for path in (room, mail):
        os.utime(path, (time.time() - 7200.0,) * 2)
    sweep_uploads()
    assert not room.exists() and mail.exists(), "letters may be those of a run that goes on for hours"
    os.utime(mail, (1.0, 1.0))
    sweep_uploads()
    assert not mail.exists()


ARENAS = """
import ctypes, sys, threading
from playground.runtimes.machine import few_arenas
if sys.argv[1] == "few":
    assert few_arenas()
libc, all_here = ctypes.CDLL(None), threading.Barrier(9)
def hold():
    libc.malloc(1000)
    all_here.wait()
    all_here.wait()
for _ in range(8):
    threading.Thread(target=hold).start()
all_here.wait()
parts = [line.split()[:2] for line in open("/proc/self/maps")]
writable = [[int(end, 16) for end in where.split("-")] for where, access in parts if access.startswith("rw")]
print(sum(start % 2**26 == 0 and end - start < 2**20 for start, end in writable))
all_here.wait()
"""
"""Counts the arenas of glibc beside the first: each begins at a multiple of 64 MB, as a thread's stack may by chance, which is larger."""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="The allocator is another one.")
def test_threads_share_few_arenas() -> None:
    def count(how: str) -> int:
        done = subprocess.run([sys.executable, "-c", ARENAS, how], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
        return int(done.stdout)

    assert count("few") <= 1 < count("as they come")
