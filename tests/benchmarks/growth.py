"""What grows when more is asked: cost of a step and of a picture and memory of a run, by data, latent size and map; watchers; runs at once.

    OMP_NUM_THREADS=1 python tests/benchmarks/growth.py [data latent map watchers runs]

`data` repeats the training images once, 10 and 100 times, `latent` and `map` change a setting; each line is a run in a process of its own,
which nobody watches: processor milliseconds of a step and of a picture (the quickest of many), and the memory that the process takes beyond
what it had, with the data set itself, before the run. `watchers` pull the frames of one training from the service as pages do: milliseconds
of the server's processor for a frame and a watcher. `runs` are trainings in workers as on the server: steps a second of all together,
and the memory that belongs to each alone. Prints Markdown.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from playground.config import RunConfig, parse_config
from playground.data import Dataset, load_dataset
from playground.page.service import Service
from playground.runs import training
from playground.runs.checkpoint import Loaded, unpack
from playground.runs.control import Control
from playground.runs.training import Trainer
from playground.runtimes import WorkerRuntime
from playground.runtimes.line import Limits

MODELS = ("ae", "vae", "diffusion", "latent_diffusion")
STEPS, PICTURES = 20, 3
HEADS = "| {} | ms a step | ms a picture | memory of the run, MB | data set, MB |"
Kinds = Iterator[tuple[str, dict[str, Any], int]]
"""What a line is called, its settings, and how often the data are repeated."""


def repeated(dataset: Dataset, times: int) -> Dataset:
    train = dataset.train
    return replace(dataset, train=replace(train, x=np.concatenate([train.x] * times), labels=np.tile(train.labels, times)))


def memory(pid: int | str, name: str, file: str = "status") -> float:
    """Megabytes that the kernel counts for a process under `name`."""
    lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name + ":")) / 1024.0


def quickest(work: Callable[[], object], times: int) -> float:
    """Processor milliseconds."""
    found = []
    for _ in range(times):
        began = time.process_time()
        work()
        found.append(1e3 * (time.process_time() - began))
    return min(found)


def source(config: RunConfig) -> Loaded | None:
    if config.model != "latent_diffusion":
        return None
    return unpack(Trainer(parse_config({"model": "ae", "dataset": config.dataset}), Control(), None)._checkpoint().data)


def measured(values: dict[str, Any], times: int, answer: Any) -> None:
    """In a process of its own: what a run with these settings costs."""
    torch.set_num_threads(1)
    config = parse_config({"dataset": "fashion_mnist", "device": "cpu"} | values)
    other, dataset = source(config), repeated(load_dataset(config.dataset), times)
    training.load_dataset = lambda name: dataset
    before = memory("self", "VmRSS")
    run = Trainer(config, Control(), None, other)
    list(run._report(["held_out"]))
    step = quickest(run._advance, STEPS)
    with torch.no_grad():
        picture = quickest(lambda: run.task.snapshot(run.ema, lambda: False), PICTURES)
    answer.put((step, picture, memory("self", "VmHWM") - before, dataset.train.x.nbytes / 2**20))


def table(title: str, kinds: Kinds) -> None:
    heads = HEADS.format(title)
    print(heads + "\n" + "|---" * (heads.count("|") - 1) + "|")
    context = multiprocessing.get_context("spawn")
    for name, values, times in kinds:
        answer = context.SimpleQueue()
        process = context.Process(target=measured, args=(values, times, answer))
        process.start()
        step, picture, taken, data = answer.get()
        process.join()
        print(f"| {name} | {step:.1f} | {picture:.0f} | {taken:.0f} | {data:.0f} |", flush=True)
    print()


def by_data() -> Kinds:
    return ((f"{model}, {10_000 * times:,}", {"model": model}, times) for model in MODELS for times in (1, 10, 100))


def by_latent() -> Kinds:
    return ((f"{model}, {d}", {"model": model, "latent_dim": d}, 1) for model in ("ae", "vae") for d in (2, 16, 64))


def by_map() -> Kinds:
    return ((f"{model}, {n:,}", {"model": model, "map_points": n}, 1) for model in ("ae", "vae") for n in (100, 1_000, 2_000))


async def watch(service: Service, run: str, seconds: float) -> tuple[int, int]:
    """Frames that one page gets, and their bytes of JSON."""
    version, frames, size, until = 0, 0, 0, time.monotonic() + seconds
    while time.monotonic() < until:
        frame = await service.pull([run, version, version > 0, True])
        version, frames, size = frame["version"], frames + 1, size + len(json.dumps(frame))
    return frames, size


async def watched(service: Service, run: str, n: int, seconds: float) -> str:
    began, clock = time.process_time(), time.monotonic()
    found = await asyncio.gather(*(watch(service, run, seconds) for _ in range(n)))
    used, took = time.process_time() - began, time.monotonic() - clock
    frames, size = (sum(column) for column in zip(*found))
    held = memory("self", "VmRSS")
    return f"| {n} | {frames / n / took:.1f} | {1e3 * used / frames:.2f} | {size / frames / 1e3:.0f} | {held:.0f} |"


def watchers(seconds: float = 8.0) -> None:
    service = Service(WorkerRuntime())
    run = service.train({"model": "vae", "dataset": "fashion_mnist", "steps": 200_000, "device": "cpu"})
    while service.registry.get(run).snapshot is None:
        time.sleep(0.1)
    print("| watchers | frames a second, each | ms a frame | kB a frame | memory of the server, MB |\n|---|---|---|---|---|")
    for n in (1, 10, 100):
        print(asyncio.run(watched(service, run, n, seconds)), flush=True)
    print()
    service.registry.close()


def runs(seconds: float = 10.0) -> None:
    print("| runs at once | steps a second, all together | memory of each alone, MB |\n|---|---|---|")
    for n in (1, 4, 10):
        service = Service(WorkerRuntime(), limits=Limits(trainings=n))
        idents = [
            service.train({"model": "ae", "dataset": "fashion_mnist", "steps": 200_000, "seed": k, "device": "cpu"})
            for k in range(n)
        ]
        time.sleep(5.0 + n)
        before = sum(service.registry.get(ident).step for ident in idents)
        time.sleep(seconds)
        done = sum(service.registry.get(ident).step for ident in idents) - before
        alone = [memory(pid, "Private_Dirty", "smaps_rollup") for pid in workers()]
        print(f"| {n} | {done / seconds:.0f} | {sum(alone) / len(alone):.0f} |", flush=True)
        service.registry.close()


def workers() -> list[int]:
    """Children of this process's children: those of the server that workers are forked from."""
    parents = {
        int(path.parent.name): int(path.read_text().rpartition(")")[2].split()[1]) for path in Path("/proc").glob("[0-9]*/stat")
    }
    return [pid for pid, parent in parents.items() if parents.get(parent) == os.getpid()]


PARTS: dict[str, Callable[[], None]] = {
    "data": lambda: table("model, training images", by_data()),
    "latent": lambda: table("model, latent dimensions", by_latent()),
    "map": lambda: table("model, points on the map", by_map()),
    "watchers": watchers,
    "runs": runs,
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=list(PARTS), choices=list(PARTS))
    for part in parser.parse_args().parts:
        PARTS[part]()
