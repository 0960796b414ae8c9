"""The script of a run with its weights and data, as one zip: made in a worker."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import safetensors.numpy
import torch

from playground.config import MODELS
from playground.data import Dataset, load_dataset
from playground.features.take_away.script import check_writable, script_of
from playground.runs.checkpoint import Loaded, unpack
from playground.runs.control import Control
from playground.runs.driver import file_run
from playground.runs.events import Event
from playground.runs.generation import model_in
from playground.runs.tasks import TASKS

ASSETS = Path(__file__).resolve().parents[3] / "assets"
TERMS = ({"mse"}, {"neg_iwae", "neg_elbo", "reconstruction", "kl"}, {"denoising"})
"""Those of the held-out losses that the script measures, too: of an autoencoder, of what has a bound, of a diffusion."""


def script_run(checkpoint: bytes, control: Control | None = None) -> Iterator[Event]:
    """`script_zip` as a job: one `Snapshot` with `file`, u8 (bytes,)."""
    return file_run(lambda: script_zip(checkpoint), control)


def script_zip(checkpoint: bytes) -> bytes:
    """A folder with `run.py`, `weights.safetensors`, which is the checkpoint, and `data.safetensors`. Raises `ConfigError`, `DataError`."""
    loaded = unpack(checkpoint)
    check_writable(loaded.config)
    dataset, buffer = load_dataset(loaded.config.dataset), io.BytesIO()
    script = script_of(loaded, dataset, held_out_of(loaded, dataset))
    folder = f"{loaded.config.model}_{dataset.name}"
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(f"{folder}/run.py", script)
        archive.writestr(f"{folder}/weights.safetensors", checkpoint, zipfile.ZIP_STORED)
        archive.writestr(f"{folder}/data.safetensors", data_of(dataset))
        if dataset.name.startswith("fashion_mnist"):
            archive.write(ASSETS / "FASHION_MNIST_LICENSE.txt", f"{folder}/FASHION_MNIST_LICENSE.txt")
    return buffer.getvalue()


def data_of(dataset: Dataset) -> bytes:
    """What the script trains and measures on: safetensors, for an npz would ask for NumPy."""
    parts = {"train": dataset.train, "test": dataset.test}
    arrays = {f"{name}_x": split.x for name, split in parts.items()} | {
        f"{name}_labels": split.labels for name, split in parts.items()
    }
    return safetensors.numpy.save({name: np.ascontiguousarray(array) for name, array in arrays.items()})


@torch.no_grad()
def held_out_of(loaded: Loaded, dataset: Dataset) -> dict[str, float]:
    """The held-out loss of these very weights, on a processor."""
    model = model_in(loaded, "cpu")
    task = TASKS[loaded.config.model](loaded.config.replace(device="cpu"), dataset, torch.device("cpu"))
    task.step = loaded.step
    task.prepare(model)
    found = task.held_out(model)
    told = TERMS[1] if MODELS[loaded.config.model].has_bound else set().union(*TERMS)
    return {name: value for name, value in found.items() if name in told}
