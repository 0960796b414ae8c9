"""What a task for a class asks of a worker: the arithmetic of one step of a training, and how good a finished one is on held-out data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from playground.config import RunConfig, encodes, has_bound, unit_of, words_for
from playground.data import load_dataset
from playground.features.evaluation.measures import MEASURES, Found
from playground.features.evaluation.run import Evaluation, mean_and_error
from playground.features.evaluation.settings import EvaluationConfig
from playground.measures.units import bits_per_dimension, unmodelled
from playground.measures.work import whole
from playground.runs.checkpoint import unpack
from playground.runs.control import Control
from playground.runs.driver import Step, Study, drive
from playground.runs.events import Event, json_array
from playground.runs.generation import load_model
from playground.runs.precision import operations
from playground.runs.tasks import TASKS, Task, pick_device
from playground.runs.tasks.diffusion import QUICK
from playground.runs.training import Trainer
from playground.vae.bounds import draw_log_weights

IMAGES, OTHERS, DRAWS = 200, 500, 5
"""Samples in a draw of images, and of all else; and draws, between which the spread is."""
LATENTS = 8
"""Draws of z for each held-out example in a bound."""


def cost_run(config: RunConfig, control: Control | None = None) -> Iterator[Event]:
    """`step_operations` as a job: one snapshot, `operations` an int64."""

    def counting() -> Study:
        counted = np.array(step_operations(config), np.int64)
        yield Step(1, 1, lambda: {"operations": counted})

    return drive(counting(), control)


def step_operations(config: RunConfig) -> int:
    """Additions and multiplications in the products and convolutions of one optimiser step, forward and backward, as torch counts them: the same
    for the same settings on every machine. `config` takes no source: it is no diffusion in latents."""
    run = Trainer(config, Control(), None)
    return operations(lambda: run.task.loss(run.model, run.task.batch(run.generator), run.generator).total.backward())


def measure_run(checkpoint: bytes, device: str, control: Control | None = None) -> Iterator[Event]:
    """`measured` as a job: one snapshot, `found` its fields as JSON, and `scores`."""

    def measuring() -> Study:
        found, scores = measured(checkpoint, device)
        yield Step(1, 1, lambda: {"found": json_array(asdict(found)), "scores": scores})

    return drive(measuring(), control)


@torch.no_grad()
def measured(checkpoint: bytes, device: str) -> tuple[Found, np.ndarray]:
    """What counts of a model, the lower the better, and where it is a mean over held-out examples that of each, float64 (n,), else (0,): of an
    autoencoder their squared error; of a VAE the bound on their -log p(x); of a diffusion the Fréchet distance of its samples, or where the data are
    no images the energy distance."""
    about, where = unpack(checkpoint), pick_device(device)
    where = torch.device("cpu") if where.type == "mps" else where  # which has no numbers in double precision
    config, data = about.config, load_dataset(about.config.dataset)
    if not encodes(config):
        return sampled(checkpoint, device, data.is_image), np.zeros(0)
    model, task = load_model(checkpoint, str(where), nn.Module), TASKS[config.model](config, data, where)
    spread = f"standard error over {min(task.n_held_out, len(data.test)):,} held-out {words_for(config.dataset)[0]}s"
    scores: Any = bounds(model, task) if has_bound(config) else errors(model, task)
    unit, beside = "nats per example", None
    if not has_bound(config):
        unit, beside = unit_of(config.model_dump()), (f"the mean {words_for(config.dataset)[0]}", task.baseline()["mse"], None)
    elif data.is_image:
        unit, beside = "bits per dimension", ("no model", float(unmodelled(config.likelihood)), None)
        scores = bits_per_dimension(scores, int(np.prod(about.data_shape)), config.likelihood)
    return Found(*mean_and_error(scores), spread, beside, unit=unit), scores.cpu().numpy()


def errors(model: Any, task: Task) -> Tensor:
    """The squared error of each held-out example, a mean over its numbers, float64 (n,)."""
    parts = [x for _, x in task.held_out_batches(torch.Generator(task.device).manual_seed(1))]
    return torch.cat([(model.decode(model.encode(x)) - x).square().flatten(1).double().mean(1) for x in parts])


def bounds(model: Any, task: Task) -> Tensor:
    """The negative ELBO of each held-out example in nats, a mean over draws of z, float64 (n,)."""
    generator = torch.Generator(task.device).manual_seed(1)
    return -torch.cat([draw_log_weights(model, x, LATENTS, generator).mean(1) for _, x in task.held_out_batches(generator)])


def sampled(checkpoint: bytes, device: str, image: bool) -> Found:
    """How far fresh samples are from the data, as an evaluation measures it, but all drawn in the same few steps: what those cost is not counted."""
    settings = EvaluationConfig.model_validate({"n_samples": IMAGES if image else OTHERS, "draws": DRAWS, "device": device})
    evaluation, name = Evaluation(settings, checkpoint), "frechet" if image else "energy"
    evaluation.task.drawing = QUICK
    parts: list[Any] = [evaluation.drawing(), evaluation.distances()]
    found = [whole(part) for part in parts][1][name]
    return replace(found, unit=found.unit or MEASURES[name].unit)
