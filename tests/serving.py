"""A playground server as a subprocess, and what a test wants to know about its processes (read from /proc)."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 120
END_SECONDS = 15


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def stat(pid: int) -> tuple[int, str, str] | None:
    """Parent, state and start time of a process, or None where there is none (any more)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return int(fields[1]), fields[0], fields[19]


def children(parent: int) -> list[int]:
    """The living children of a process."""
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if (facts := stat(pid)) and facts[0] == parent and facts[1] != "Z"]


def alive(process: tuple[int, str]) -> bool:
    """Whether the very process (pid, start time) still runs."""
    facts = stat(process[0])
    return facts is not None and facts[1] != "Z" and facts[2] == process[1]


class Server:
    """`python app.py --port PORT`, its output, and its workers."""

    def __init__(self, log: Path, *flags: str, port: int | None = None) -> None:
        self.port, self.log = port or free_port(), log
        self.url = f"http://127.0.0.1:{self.port}"
        with open(log, "wb") as output:
            kept = () if "--runs" in flags else ("--runs", str(log.parent / "runs"))
            command = [sys.executable, "-u", "app.py", "--port", str(self.port), *kept, *flags]
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)

    def wait(self) -> Server:
        """Returns once the server says that it is running."""
        deadline = time.monotonic() + START_SECONDS
        while "To create a public link" not in self.output():  # said once Gradio has found its own page
            assert self.process.poll() is None, f"The server ended with code {self.process.returncode}:\n{self.output()}"
            assert time.monotonic() < deadline, f"The server was not up after {START_SECONDS} s:\n{self.output()}"
            time.sleep(0.05)
        return self

    def output(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def workers(self) -> list[int]:
        """Worker processes: the children of its forkserver, which is the only child that has any."""
        return sorted(pid for child in children(self.process.pid) for pid in children(child))

    def family(self) -> list[tuple[int, str]]:
        """All processes that this server started, as (pid, start time)."""
        pids = [*children(self.process.pid), *self.workers()]
        return [(pid, facts[2]) for pid in pids if (facts := stat(pid))]

    def end(self, how: signal.Signals = signal.SIGTERM) -> list[int]:
        """Ends the server; returns the processes that it left behind, after ending them too."""
        family = self.family()
        self.process.send_signal(how)
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        deadline = time.monotonic() + END_SECONDS
        while (left := [process for process in family if alive(process)]) and time.monotonic() < deadline:
            time.sleep(0.05)
        for pid, _ in left:
            os.kill(pid, signal.SIGKILL)
        return [pid for pid, _ in left]
