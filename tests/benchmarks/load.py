"""Fifty visitors at one public server: they train, pause, go on, drag over the map, change a setting, reload and stop.

    python -m tests.benchmarks.load --sessions 50 --seconds 120 [--workers 2]

Starts `python app.py --public` on a free port, and prints a table: how long a control takes to be answered while trainings go on, how long one waits in line,
what was refused and what broke, whether anybody saw another's run, steps a second of all trainings together, and what the server holds before and after. Each
visitor is a program with a cookie of its own that calls what the page calls. With `--workers` the trainings are on a Ray cluster on this machine, of so many processors.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import ExitStack
from pathlib import Path

import httpx
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from elsewhere import ray_cluster
from serving import Server

TRAINING = {"model": "ae", "dataset": "digits", "width": 32, "depth": 1, "steps": 2000}
ENDED = ("finished", "stopped", "failed")


class Seen:
    """What all visitors met."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.counts: Counter[str] = Counter()


class Visitor:
    """One of them, with a browser's cookie."""

    def __init__(self, url: str, functions: dict[str, int], seen: Seen, seed: int) -> None:
        self.client = httpx.AsyncClient(base_url=url, timeout=120.0, limits=httpx.Limits(keepalive_expiry=2.0))
        self.functions, self.seen, self.chance, self.name = functions, seen, random.Random(seed), f"visitor{seed}"

    async def ask(self, name: str, data: object, timed: str = "") -> dict:
        """A server function of the page."""
        body = {"data": data, "component_id": self.functions[name], "fn_name": name, "session_hash": self.name}
        began = time.perf_counter()
        try:
            answer = await self.client.post("/gradio_api/component_server", json=body)
        except httpx.HTTPError as error:
            self.seen.counts[f"broken: {type(error).__name__}"] += 1
            return {}
        if timed:
            self.seen.seconds[timed].append(time.perf_counter() - began)
        self.seen.counts[f"{answer.status_code}"] += 1
        return answer.json() if answer.status_code == 200 else {}

    async def train(self, settings: dict = TRAINING) -> str | None:
        """Starts a training through the endpoint, of whose stream the first line says the run."""
        called = await self.client.post("/gradio_api/call/train", json={"data": [settings], "session_hash": self.name})
        if called.status_code != 200:
            self.seen.counts[f"{called.status_code}"] += 1
            return None
        async with self.client.stream("GET", f"/gradio_api/call/train/{called.json()['event_id']}") as stream:
            async for line in stream.aiter_lines():
                if '"run": "' in line:
                    return line.partition('"run": "')[2].partition('"')[0]
        return None

    async def live(self, until: float) -> None:
        """Trains again and again, and does with each run what people do."""
        await self.client.get("/")
        while time.monotonic() < until:
            began, run = time.perf_counter(), await self.train()
            if run is None:
                await asyncio.sleep(1.0)
                continue
            await self.follow(run, began, until)
        await self.client.aclose()

    async def follow(self, run: str, began: float, until: float) -> None:
        version, waited, step = 0, False, 0
        while time.monotonic() < until:
            frame = await self.ask("pull", [run, version, version > 0, True])
            if not frame or "error" in frame:
                break
            self.seen.counts["another's run"] += frame["run"] != run
            version, status = frame["version"], frame["status"]
            self.seen.counts["steps"] += max(0, frame["step"] - step)
            step = frame["step"]
            if status == "running" and not waited:
                waited = True
                self.seen.seconds["in line"].append(time.perf_counter() - began)
            if status in ENDED:
                self.seen.counts[f"runs {status}"] += 1
                return
            if status == "running":
                await self.touch(run)
            if self.chance.random() < 0.02:  # a reload
                await self.client.get("/")
                version = 0
            await asyncio.sleep(0.2)
        await self.ask("command", [run, "stop"], "control")

    async def touch(self, run: str) -> None:
        """One of the things that a person does while it trains."""
        what = self.chance.random()
        if what < 0.1:
            await self.ask("command", [run, "pause"], "control")
            await asyncio.sleep(0.5)
            await self.ask("command", [run, "resume"], "control")
        elif what < 0.2:
            await self.ask("change", [run, {"learning_rate": 10 ** self.chance.uniform(-4, -2)}], "control")
        elif what < 0.7:
            await self.ask("ask", [run, "decode", {"z": [[self.chance.gauss(0, 1), self.chance.gauss(0, 1)]]}], "drag")
        elif what < 0.72:
            await self.ask("command", [run, "stop"], "control")


def held(server: Server) -> tuple[float, int, int]:
    """MB, descriptors and threads of the server's process."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    value = {line.partition(":")[0]: line.split()[1] for line in status.splitlines() if line.startswith(("VmRSS", "Threads"))}
    return int(value["VmRSS"]) / 1024, len(list(Path(f"/proc/{server.process.pid}/fd").iterdir())), int(value["Threads"])


def functions_of(url: str) -> dict[str, int]:
    """The server functions of a page, and the component that each is of."""
    functions: dict[str, int] = {}
    for component in httpx.get(f"{url}/config", timeout=60.0).json()["components"]:
        for name in component["props"].get("server_fns") or ():
            functions.setdefault(name, component["id"])
    return functions


async def crowd(url: str, sessions: int, seconds: float) -> Seen:
    """All visitors, for so long."""
    functions = functions_of(url)
    seen, until = Seen(), time.monotonic() + seconds
    await asyncio.gather(*(Visitor(url, functions, seen, seed).live(until) for seed in range(sessions)))
    return seen


def main() -> None:
    """Runs it and prints what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--workers", type=int, help="processors of a Ray cluster on this machine, where the trainings are to be")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        where = ("--ray", stack.enter_context(ray_cluster(nodes=1, cpus=options.workers))) if options.workers else ()
        server = Server(Path(folder) / "log.txt", "--public", "--empty", *where).wait()
        before = held(server)
        try:
            seen = asyncio.run(crowd(server.url, options.sessions, options.seconds))
            time.sleep(15.0)
            after, workers = held(server), len(server.workers())
        finally:
            left = server.end()
        print("| what | times | p50, ms | p95, ms |\n|---|---|---|---|")
        for name, found in seen.seconds.items():
            low, high = np.percentile(found, [50, 95]) * 1000
            print(f"| {name} | {len(found):,} | {low:,.0f} | {high:,.0f} |")
        print(f"steps a second of all trainings together: {seen.counts.pop('steps') / options.seconds:,.0f}")
        print(dict(seen.counts))
        for name, value in (("before", before), ("after", after)):
            print(f"{name}: {value[0]:.0f} MB, {value[1]} descriptors, {value[2]} threads")
        print(
            f"workers after (those that answer questions stay for two minutes): {workers}; processes left behind: {len(left)}; tracebacks: {server.output().count('Traceback')}"
        )


if __name__ == "__main__":
    main()
