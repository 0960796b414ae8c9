"""Makes the runs that are kept with the project, so that no tab is empty when the page opens: one real run a tab, in `assets/kept_*.npz`.

    python assets/make_kept.py [ae vae diffusion]

Each has default settings, but for the width of the autoencoders, so that their weights are small. Kept are a few moments of its pictures, all its
curves, and its averaged weights in half precision, with which the last pictures are made; the errors of its pixels are in half precision, too. A few minutes on two cores.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from playground import train
from playground.config import AutoencoderConfig, DiffusionConfig, RunConfig, VAEConfig
from playground.data import load_dataset
from playground.runs.checkpoint import pack, unpack
from playground.runs.events import Snapshot
from playground.runs.generation import load_model
from playground.runs.tasks import TASKS
from playground.runtimes.kept import path_of, write
from playground.runtimes.moments import MomentHistory, thinned
from playground.runtimes.records import History, RunRecord, advance

RUNS: dict[str, RunConfig] = {
    "ae": AutoencoderConfig(width=96, device="cpu"),
    "vae": VAEConfig(width=96, device="cpu"),
    "diffusion": DiffusionConfig(device="cpu"),
}
MOMENTS = 4
"""Pictures of its past that are kept of each."""


def trained(config: RunConfig) -> RunRecord:
    """What the server would know of a run with these settings."""
    record, history = RunRecord("new", moments=MomentHistory()), History()
    for event in train(config):
        record = advance(record, event, history)
    assert record.status == "finished", record.message
    return record


def halved(checkpoint: bytes) -> bytes:
    """Its averaged weights alone, in half precision."""
    loaded = unpack(checkpoint)
    weights = {name: value.half() for name, value in loaded.group("ema").items()}
    return pack(loaded.config, loaded.step, loaded.seconds, loaded.data_shape, {"ema": weights})


def lightened(record: RunRecord) -> RunRecord:
    """With a few of its moments, the last of them made by the weights that are kept."""
    assert record.checkpoint is not None and record.moments is not None
    weights = halved(record.checkpoint)
    config = unpack(weights).config
    task = TASKS[config.model](config, load_dataset(config.dataset), torch.device("cpu"))
    with torch.no_grad():
        arrays = task.snapshot(load_model(weights, "cpu"), lambda: False)
    assert arrays is not None
    last = Snapshot(record.step, arrays)
    moments = tuple(map(smaller, thinned((*record.moments.until(record.step - 1).snapshots, last), MOMENTS)))
    return replace(record, checkpoint=weights, moments=MomentHistory(moments))


def smaller(moment: Snapshot) -> Snapshot:
    """With errors of pixels, of which colours are made, in half precision."""
    return replace(
        moment, arrays={name: array.astype("f2") if name == "errors" else array for name, array in moment.arrays.items()}
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    today = date.today()
    for tab in sys.argv[1:] or RUNS:
        write(path_of(tab), lightened(trained(RUNS[tab])), f"{today.day} {today:%b %Y}")
        print(f"{path_of(tab).name}: {path_of(tab).stat().st_size:,} bytes", flush=True)
