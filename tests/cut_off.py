"""A program that trains three models into a folder of runs, and kills itself in the middle of them."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from playground.config import AutoencoderConfig, DiffusionConfig, RunConfig, VAEConfig
from playground.questions.training import train
from playground.runs.events import Checkpoint
from playground.runtimes import InProcessRuntime, RunRegistry
from playground.runtimes.folder import entries_of, read_about
from playground.runtimes.store import RunStore

TINY = {"steps": 40, "batch_size": 16, "warmup_steps": 5, "width": 16, "depth": 1, "device": "cpu"}
CONFIGS: dict[str, RunConfig] = {
    "ae": AutoencoderConfig(dataset="digits", **TINY),
    "vae": VAEConfig(dataset="digits", **TINY),
    "diffusion": DiffusionConfig(dataset="digits", **TINY),
}
HELD_AT = 18


def held(config, control=None):
    """A training that tells of its weights after each step, and stands still for good after step 18."""
    update = control.update

    def asking() -> None:
        control.send({"kind": "checkpoint"})
        update()

    control.update = asking
    for event in train(config, control):
        yield event
        if isinstance(event, Checkpoint) and event.step == HELD_AT:
            time.sleep(600)


def main(folder: Path) -> None:
    store = RunStore(folder, every=0.05)
    registry = RunRegistry(InProcessRuntime(), task="cut_off:held", sweep_seconds=None, store=store)
    for config in CONFIGS.values():  # one after another: models that are built in one process share its random numbers
        run = registry.start(config)
        while not holds(folder / run):
            time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGKILL)


def holds(folder: Path) -> bool:
    """Whether the weights of that step are on the disk, and count."""
    return (folder / "run.json").exists() and any(entry.step == HELD_AT for entry in entries_of(read_about(folder)))
