"""What a server holds after a thousand runs: memory, descriptors, threads and processes, which must not grow with them.

    python -m tests.benchmarks.thousand --runs 1000 --minutes 15

Starts `python app.py` on a free port and lets four visitors train on it, again and again, small runs of all three kinds: half of them are stopped on their
way, half go to their end, some are paused, and some are asked for a point of the map. After 0, 10, 100, 300 and 1,000 runs all rest for a moment, and a row
is printed. Ends earlier where the minutes are over, and says after how many runs.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from pathlib import Path

from tests.benchmarks.load import ENDED, Seen, Server, Visitor, functions_of, held

TINY = {"dataset": "digits", "width": 16, "depth": 1, "batch_size": 16, "warmup_steps": 5}
ROWS = (10, 100, 300, 1000)
AT_ONCE = 4
REST = 10.0
"""Seconds between the last run of a row and its reading."""


async def one(visitor: Visitor, number: int) -> None:
    """A run from its start to its end."""
    model = ("ae", "vae", "diffusion")[number % 3]
    stopped = number % 2 == 0
    run = await visitor.train({**TINY, "model": model, "steps": 200_000 if stopped else 20, "seed": number})
    if run is None:
        raise RuntimeError(f"A training was refused: {dict(visitor.seen.counts)}")
    version = 0
    while True:
        frame = await visitor.ask("pull", [run, version, version > 0, True])
        if not frame:  # `seen` counts why
            continue
        if "error" in frame:
            raise RuntimeError(frame["error"])
        version = frame["version"]
        if frame["status"] in ENDED:
            visitor.seen.counts[frame["status"]] += 1
            return
        if stopped and frame["status"] == "running" and frame["step"] > 0:
            if number % 10 == 0:
                await visitor.ask("command", [run, "pause"])
            if model != "diffusion" and number % 4 == 0:
                await visitor.ask("ask", [run, "decode", {"z": [[0.0, 0.0]]}])
            await visitor.ask("command", [run, "stop"])


async def some(visitors: list[Visitor], first: int, last: int, until: float) -> int:
    """Runs `first` to `last`, four at a time, until the time is over; how many there are then in all."""
    numbers = iter(range(first, last))

    async def follow(visitor: Visitor) -> int:
        done = 0
        while time.monotonic() < until and (number := next(numbers, None)) is not None:
            await one(visitor, number)
            done += 1
        return done

    return first + sum(await asyncio.gather(*map(follow, visitors)))


async def rows(server: Server, runs: int, minutes: float) -> Seen:
    """Prints the table."""
    began, seen = time.monotonic(), Seen()
    functions, chance = functions_of(server.url), random.Random(0)
    visitors = [Visitor(server.url, functions, seen, chance.randrange(10**6)) for _ in range(AT_ONCE)]
    print("| runs | minutes | memory, MB | descriptors | threads | processes |\n|---|---|---|---|---|---|")
    done = 0
    for row in (0, *(row for row in ROWS if row < runs), runs):
        reached = done = await some(visitors, done, row, began + 60.0 * minutes)
        await asyncio.sleep(REST)
        memory, descriptors, threads = held(server)
        cells = f"{memory:.0f} | {descriptors} | {threads} | {len(server.family())}"
        print(f"| {reached:,} | {(time.monotonic() - began) / 60:.1f} | {cells} |", flush=True)
        if reached < row:
            break
    for visitor in visitors:
        await visitor.client.aclose()
    return seen


def main() -> None:
    """Runs it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=60.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "log.txt", "--empty", "--device", "cpu").wait()
        try:
            seen = asyncio.run(rows(server, options.runs, options.minutes))
        finally:
            left = server.end()
        print(dict(seen.counts))
        print(f"processes left behind: {len(left)}; tracebacks: {server.output().count('Traceback')}")


if __name__ == "__main__":
    main()
