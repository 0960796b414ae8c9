"""Does t-SNE slow down the training beside it? One run, watched with and without t-SNE in turns.

    python tests/benchmarks/projecting.py [--latent 16] [--seconds 8] [--turns 6] [--rest 3]

Prints steps a second in both, the median of the ratios of neighbouring turns, and the seconds that an embedding took. The
training runs in a worker with priority 10, the embeddings in a process with priority 15, as on the server.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from playground.config import AutoencoderConfig
from playground.measures.projection import ProjectionSettings
from playground.runs.events import Progress, Snapshot
from playground.runtimes import WorkerRuntime
from playground.runtimes.projector import REST, Projector


class Watcher:
    """Follows one training; hands its latents to the projector while `projecting`."""

    def __init__(self, projector: Projector, dims: int, latent: int) -> None:
        self.step, self.projecting, self.projector = 0, False, projector
        self.settings = ProjectionSettings("tsne", dims)
        config = AutoencoderConfig(dataset="fashion_mnist", latent_dim=latent, steps=200_000, device="cpu")
        self.run = WorkerRuntime().start("playground.questions.training:train", config)
        threading.Thread(target=self.follow, daemon=True).start()

    def follow(self) -> None:
        for event in self.run.events():
            if isinstance(event, Progress):
                self.step = event.step
            if isinstance(event, Snapshot) and self.projecting:
                self.projector.submit("run", event.step, event.arrays["latent"], self.settings)

    def rate(self, seconds: float) -> float:
        """Steps a second during the next seconds."""
        before, began = self.step, time.perf_counter()
        time.sleep(seconds)
        return (self.step - before) / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latent", type=int, default=16)
    parser.add_argument("--dims", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--turns", type=int, default=6)
    parser.add_argument("--rest", type=float, default=REST)
    options = parser.parse_args()
    took: list[float] = []
    projector = Projector(lambda run: took.append(projector.newest(run).seconds), rest=options.rest)
    watcher = Watcher(projector, options.dims, options.latent)
    while watcher.step < 200 or not took:  # warm, with the first picture made
        watcher.projecting = True
        time.sleep(0.1)
    del took[:]
    rates: list[tuple[float, float]] = []
    for turn in range(options.turns):
        pair = {}
        for projecting in ((False, True), (True, False))[turn % 2]:
            watcher.projecting = projecting
            time.sleep(1.5)
            pair[projecting] = watcher.rate(options.seconds)
        rates.append((pair[False], pair[True]))
        print(f"without {pair[False]:6.1f}/s   with t-SNE {pair[True]:6.1f}/s   {pair[True] / pair[False]:.3f}", flush=True)
    ratios = [after / before for before, after in rates]
    print(
        f"median ratio {np.median(ratios):.3f}; {len(took)} embeddings of {np.median(took or [0]):.2f} s (median), rest {options.rest:g}"
    )
    projector.close()
    watcher.run.cancel()


if __name__ == "__main__":
    main()
