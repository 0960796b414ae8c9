"""The program: its flags, what it imports, and servers that leave nothing behind."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from gradio_client import Client
from serving import ROOT, Server

HEAVY = ("torch", "trackio", "diffusers", "sklearn", "scipy", "pandas.testing")


def python(*arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_help_lists_the_flags():
    text = python("app.py", "--help")
    for flag in (
        "--host",
        "--port",
        "--share",
        "--device",
        "--threads",
        "--memory",
        "--data",
        "--empty",
        "--public",
        "--teacher",
        "--each",
        "--trackio",
        "--name",
        "--root-path",
    ):
        assert flag in text
    assert "7860" in text and "127.0.0.1" in text and "{auto,cpu,cuda,mps}" in text


@pytest.mark.parametrize(
    "flags",
    [
        ["--device", "toaster"],
        ["--port", "many"],
        ["--port", "99999"],
        ["--port", "0"],
        ["--port", "-1"],
        ["--port", "9" * 5000],
        ["--threads", "0"],
        ["--threads", "all"],
        ["--memory", "much"],
        ["--memory", "0.1"],
        ["--memory", "nan"],
        ["--data", "no such folder"],
        ["--unknown"],
    ],
    ids=lambda flags: " ".join(flags)[:20],
)
def test_bad_flags_are_refused(flags):
    done = subprocess.run([sys.executable, "app.py", *flags], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2 and "usage:" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("host", ["256.1.1.1", "203.0.113.7", "no.such.name.invalid", "a" * 300], ids=lambda host: host[:20])
def test_a_host_that_is_not_ours_is_refused_as_a_host(host):
    done = subprocess.run([sys.executable, "app.py", "--host", host], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and "is no address of this machine" in done.stderr
    assert "port" not in done.stderr and "Traceback" not in done.stderr


def test_a_worker_may_hold_a_quarter_of_the_memory(running, client):
    job = client.submit({"model": "ae", "dataset": "digits", "steps": 200_000}, api_name="/train")
    run = next(iter(job))["run"]
    while not (limits := {pid: data_limit(pid) for pid in running.workers()}) or None in limits.values():
        time.sleep(0.05)
        assert client.predict(run, api_name="/status")["status"] in ("starting", "running")
    client.predict(run, "stop", api_name="/command")
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert all(0 < limit <= max(3 * 2**29, total // 4) for limit in limits.values())


def data_limit(pid: int) -> int | None:
    """Bytes of data that a process may hold; None before it has set its limit, or where it has ended."""
    try:
        lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    except OSError:
        return None
    value = next(line for line in lines if line.startswith("Max data size")).split()[3]
    return None if value == "unlimited" else int(value)


def test_the_web_process_needs_no_torch():
    program = """
import json, sys
from playground.runtimes import InProcessRuntime
from playground.page.page import build_page, launch_settings
from playground.page.service import Service
from playground.page.frames import static_views
service = Service(InProcessRuntime(), sweep_seconds=None)
build_page(service)
launch_settings(service)
for dataset in ("digits", "fashion_mnist"):
    static_views({"model": "vae", "dataset": dataset, "map_points": 1000})
static_views({"model": "diffusion", "dataset": "moons"})
print(json.dumps(sorted(name for name in sys.modules if "." not in name)))
"""
    modules = set(json.loads(python("-c", program)))
    assert "gradio" in modules and not modules & set(HEAVY)


@pytest.fixture
def pair(tmp_path):
    """Two servers side by side."""
    servers = [Server(tmp_path / f"{name}.txt", "--device", "cpu") for name in ("first", "second")]
    try:
        yield [server.wait() for server in servers]
    finally:
        for server in servers:
            server.end(signal.SIGKILL)


@pytest.mark.slow
def test_two_servers_live_side_by_side_and_take_their_workers_with_them(pair):
    assert pair[0].port != pair[1].port
    settings = {"model": "ae", "dataset": "digits", "steps": 200_000}
    runs = [next(iter(Client(server.url, verbose=False).submit(settings, api_name="/train")))["run"] for server in pair]
    assert runs[0] != runs[1]
    for server, how in zip(pair, (signal.SIGINT, signal.SIGKILL)):
        with urllib.request.urlopen(server.url, timeout=30) as page:
            assert page.status == 200 and b"Generative models, live" in page.read()
        deadline = time.monotonic() + 60  # the first answer comes before the worker, which waits for the forkserver
        while not server.workers() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(server.workers()) == 1
        assert server.end(how) == []
        assert "Traceback" not in server.output(), server.output()


def test_without_the_flag_there_is_no_teachers_page_and_no_page_asks_for_messages(server):
    for address in ("/teacher?token=x", "/teacher/runs", "/teacher-says", "/class-task"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(server + address, timeout=30)
    with urllib.request.urlopen(server, timeout=30) as page:
        said = page.read().decode()
        assert "teacher/word.js" not in said and "teacher/task.js" not in said


def test_a_token_that_is_too_short_is_refused_in_a_sentence():
    short = os.environ | {"PLAYGROUND_TEACHER": "short"}
    done = subprocess.run([sys.executable, "app.py"], cwd=ROOT, capture_output=True, text=True, timeout=120, env=short)
    assert done.returncode == 1 and "at least 16" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("path", ["/etc/passwd", "app.py", f"{ROOT}/app.py", "playground/config/runs.py", ".gitignore"])
def test_the_server_hands_out_no_files_of_its_own(server, path):
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{server}/gradio_api/file={path}", timeout=30)
    assert caught.value.code == 403
