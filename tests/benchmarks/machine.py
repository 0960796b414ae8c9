"""How much of this machine a training uses: arithmetic of a step, its time, and the share of what the machine could do.

    python tests/benchmarks/machine.py [--only diffusion] [--set network=unet,width=128]

For the default run of every model on every kind of data: trained weights; millions of floating-point operations in a step, counted by torch in
products and convolutions, forward and backward; milliseconds of a step of our trainer, of a plain eager loop (the same network, loss and
batch, in float32, torch's Adam as it comes, no moving average), and the share of this machine's peak, which is what a large product of
matrices reaches here in float32. Blocks of steps take turns and the quickest block counts. On the CPU milliseconds are those of the
processor on one thread, so that a busy machine does not matter much; with `--threads`, on an idle machine, wall milliseconds on one and two
threads stand beside them. On a GPU they are wall milliseconds, synchronised. Prints Markdown.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from playground.config import RunConfig, parse_config
from playground.runs.checkpoint import Loaded, unpack
from playground.runs.control import Control
from playground.runs.precision import operations
from playground.runs.training import Trainer

IMAGES = ("fashion_mnist", "digits", "sprites")
RUNS = {"ae": IMAGES, "vae": IMAGES, "diffusion": ("mixture", *IMAGES), "latent_diffusion": ("fashion_mnist",)}
"""`mixture` stands for all points, `fashion_mnist` for its full set."""
ROUNDS, SECONDS = 5, 0.3
"""Turns, and about how long a block of steps takes."""
PRODUCT = 2048
"""Side of the matrices whose product tells the peak."""
HEADS = "| model, data | weights | MFLOP a step | ms, ours | ms, plain loop | share of peak |"
Clock = Callable[[], float]


def trainer(model: str, dataset: str, changes: dict[str, str]) -> Trainer:
    config = parse_config({"model": model, "dataset": dataset, "steps": 200_000, **changes})
    return Trainer(config, Control(), None, source(config) if model == "latent_diffusion" else None)


def source(config: RunConfig) -> Loaded:
    """An autoencoder in whose latent space to work: what it learned does not change what a step costs."""
    return unpack(trainer("ae", config.dataset, {})._checkpoint().data)


def ours(run: Trainer) -> Callable[[], None]:
    def step() -> None:
        run._advance()
        run.pending.clear()

    return step


def plain(run: Trainer) -> Callable[[], None]:
    """What a person writes who has the model, the loss and the data."""
    optimizer = torch.optim.Adam(run.weights, lr=run.config.learning_rate)

    def step() -> None:
        loss = run.task.loss(run.model, run.task.batch(run.generator), run.generator)
        optimizer.zero_grad()
        loss.total.backward()
        optimizer.step()

    return step


def settled(clock: Clock, device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return clock()


def block(step: Callable[[], None], n: int, clock: Clock, device: torch.device) -> float:
    """Seconds of one of `n` steps."""
    began = settled(clock, device)
    for _ in range(n):
        step()
    return (settled(clock, device) - began) / n


def quickest(steps: list[Callable[[], None]], clock: Clock, device: torch.device) -> list[float]:
    """Seconds of each kind of step: the quickest of its blocks, which take turns."""
    sizes = [max(1, round(SECONDS / max(block(step, 3, clock, device), 1e-5))) for step in steps]
    turns = [[block(step, n, clock, device) for step, n in zip(steps, sizes)] for _ in range(ROUNDS)]
    return [min(column) for column in zip(*turns)]


def peak(dtype: torch.dtype, clock: Clock, device: torch.device) -> float:
    """Operations a second in a large product."""
    a, b = (torch.randn(PRODUCT, PRODUCT, device=device).to(dtype) for _ in range(2))
    out = torch.empty_like(a)
    return 2.0 * PRODUCT**3 / quickest([lambda: torch.mm(a, b, out=out)], clock, device)[0]


def arithmetic(run: Trainer) -> int:
    """Operations of one step."""
    return operations(lambda: run.task.loss(run.model, run.task.batch(run.generator), run.generator).total.backward())


def walls(run: Trainer) -> Iterator[str]:
    """Wall milliseconds on one thread and on two."""
    for threads in (1, 2):
        torch.set_num_threads(threads)
        yield f"{1e3 * quickest([ours(run)], time.perf_counter, run.device)[0]:.2f}"
    torch.set_num_threads(1)


def row(model: str, dataset: str, changes: dict[str, str], most: float, clock: Clock, device: torch.device, walled: bool) -> str:
    run, other = trainer(model, dataset, changes), trainer(model, dataset, {**changes, "precision": "f32"})
    flop = arithmetic(run)
    mine, theirs = quickest([ours(run), plain(other)], clock, device)
    cells = [f"{model}, {dataset}", f"{sum(w.numel() for w in run.weights):,}", f"{flop / 1e6:.1f}", f"{1e3 * mine:.2f}"]
    cells += [f"{1e3 * theirs:.2f}", f"{flop / mine / most:.0%}", *(walls(run) if walled else ())]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=list(RUNS), choices=list(RUNS))
    parser.add_argument("--data", nargs="+", help="only these")
    parser.add_argument("--set", default="", metavar="NAME=VALUE,…", help="settings that differ from the defaults")
    parser.add_argument("--threads", action="store_true", help="also wall milliseconds, on one thread and on two")
    given = parser.parse_args()
    torch.set_num_threads(1)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    rates = {kind: peak(kind, clock, device) for kind in (torch.float32, torch.bfloat16)}
    print(f"Peak on {device}: " + ", ".join(f"{rate / 1e9:,.0f} GFLOP/s in {kind}" for kind, rate in rates.items()) + "\n")
    heads = HEADS + (" wall ms, 1 thread | 2 threads |" if given.threads else "")
    print(heads + "\n" + "|---" * (heads.count("|") - 1) + "|")
    changes = dict(pair.split("=") for pair in given.set.split(",") if pair)
    for model in given.only:
        for dataset in given.data or RUNS[model]:
            print(row(model, dataset, changes, rates[torch.float32], clock, device, given.threads), flush=True)


if __name__ == "__main__":
    main()
