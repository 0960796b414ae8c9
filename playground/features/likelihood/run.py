"""The study of a diffusion model's likelihood: held-out examples one part after another, by the ODE and by the bound.

The mathematics stands in `diffusion/likelihood.py`; here are the loop, the progress and the partial results.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from playground.config import ConfigError, diffuses_data
from playground.data import load_dataset
from playground.diffusion.denoiser import Denoiser
from playground.diffusion.likelihood import PIXEL_STEP, OdeLikelihood, bounding, pixel_start, rademacher, with_pixel_noise
from playground.features.likelihood.settings import LikelihoodConfig
from playground.measures.units import bits_per_dimension, unit_density
from playground.runs.checkpoint import unpack
from playground.runs.control import Control
from playground.runs.driver import DIVERGED, Step, Study, StudyFailed, drive
from playground.runs.events import Event, Started, json_array
from playground.runs.generation import load_model
from playground.runs.tasks import DiffusionTask, pick_device

EXACT = 16
"""Dimensions up to which the divergence is exact: one derivative each; of more, as of images, it is estimated with random probes."""
PART = {True: 16, False: 256}
"""Images, or points, that are measured together."""
TOLERANCE = {True: 1e-4, False: 1e-5}
"""Of the ODE's solver; for images the trace estimate is noisier than this by far."""
LABELS = {"ode": "probability-flow ODE", "bound": "variational bound", "true": "true density"}
ARRAYS = {"ode": "log_p", "bound": "bound", "true": "true"}


def likelihood_run(config: LikelihoodConfig, checkpoint: bytes, control: Control | None = None) -> Iterator[Event]:
    """`likelihood` as a run."""
    return drive(likelihood(config, checkpoint), control)


def likelihood(config: LikelihoodConfig, checkpoint: bytes) -> Study:
    """`log p(x)` of `config.n_examples` held-out examples, in an order that the seed decides.

    A step is an example; there are results after each part. Arrays, all in nats (of images in the unit of `units.py`) and (k,):
    `log_p` and `log_p_std` (its standard error over the probes; 0 where the divergence is exact), `bound` and `bound_std` (its
    standard error over noise levels), for the Gaussian mixture `true`; `summary`: JSON as bytes, see `summarise`. Raises
    `ConfigError` for a model that is no diffusion model.
    """
    about = unpack(checkpoint)
    settings = about.config
    if not diffuses_data(settings):
        raise ConfigError("This likelihood is that of a diffusion model in the space of the data: train one, then measure it.")
    if settings.conditional == "on" and settings.label_dropout == 0.0:
        raise ConfigError("This model always saw the class (label dropout 0), so it has no distribution without one to measure.")
    model = load_model(checkpoint, config.device, Denoiser)
    task = DiffusionTask(settings, load_dataset(about.config.dataset), pick_device(config.device))
    generator = torch.Generator(task.device).manual_seed(config.seed)
    shuffled = np.random.default_rng(config.seed).permutation(
        len(task.test_x)
    )  # the examples of which a VAE's bound is measured, too
    order = torch.from_numpy(shuffled[: config.n_examples])
    yield Started(
        config.model_dump() | {"dataset": about.config.dataset, "steps": len(order)}, about.n_parameters, str(task.device)
    )
    done, parts = 0, []

    def results() -> dict[str, np.ndarray]:
        arrays = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        return arrays | {"summary": summarise(arrays, math.prod(about.data_shape), task.dataset.is_image)}

    for index in order.split(PART[task.dataset.is_image]):
        try:
            found: dict[str, np.ndarray] = {}
            for share in measure(model, task, task.scale(task.test_x[index.to(task.device)]), config, generator):
                if isinstance(share, dict):
                    found = share
                else:
                    yield None if share is None else Step(done + int(share * len(index)), len(order))
        except ArithmeticError as error:  # the solver's own sentence
            raise StudyFailed(str(error), DIVERGED) from None
        done += len(index)
        parts.append(found)
        new = {f"log p(x) of an example by the {LABELS[name]}": found[key] for name, key in ARRAYS.items() if key in found}
        yield Step(done, len(order), results, new)


def measure(
    model: Denoiser, task: DiffusionTask, x: Tensor, config: LikelihoodConfig, generator: torch.Generator
) -> Iterator[float | dict[str, np.ndarray] | None]:
    """The results for examples `x` (n, ...), after how much of them is done, 0 to 1 (or nothing new), while it lasts."""
    image = task.dataset.is_image
    dimensions = math.prod(task.dataset.shape)
    probes = rademacher(config.probes, x, generator) if image or dimensions > EXACT else None
    start, entering = (pixel_start(model.schedule), with_pixel_noise(x, generator)) if image else (None, x)
    ode = OdeLikelihood(model, model.schedule, entering, start, probes, TOLERANCE[image])
    while ode.step():
        yield 0.9 * ode.done
    bound = yield from bounding(model, model.schedule, x, config.bound_draws, generator, pixels=image)
    log_p, elbo = ode.log_p(), bound.elbo
    if image:  # a density over pixels from -1 to 1, and a probability of grey levels: both to one over pixels from 0 to 1
        log_p, elbo = unit_density(log_p, dimensions, PIXEL_STEP), unit_density(elbo, dimensions, 1.0)
    spread = log_p.std(0) / math.sqrt(len(log_p)) if len(log_p) > 1 else torch.zeros(len(x))
    if probes is not None and config.probes == 1:
        spread = torch.full((len(x),), torch.nan)  # one probe says nothing about its own error
    found = {"log_p": log_p.mean(0), "log_p_std": spread, "bound": elbo, "bound_std": bound.std_error}
    if task.dataset.density is not None:
        found["true"] = torch.from_numpy(task.dataset.density.log_density(x.cpu().numpy()))
    yield {name: value.double().cpu().numpy() for name, value in found.items()}


def summarise(arrays: dict[str, np.ndarray], dimensions: int, image: bool) -> np.ndarray:
    """One row for each way, as JSON in bytes: `name` (`ode`, `bound`, `true`), `label`, `nats` (mean log p of an example) and `nats_se`, its
    standard error over examples; for images `bits` and `bits_se` per dimension, of 8-bit pixels, else null; where the truth is
    known `difference` and `difference_se`, of the mean difference to it on the same examples, else null."""
    rows = []
    for name, key in ARRAYS.items():
        if key not in arrays:
            continue
        mean, error = _mean(arrays[key])
        gap = _mean(arrays[key] - arrays["true"]) if "true" in arrays else (None, None)
        row = {"name": name, "label": LABELS[name], "nats": mean, "nats_se": error, "difference": gap[0], "difference_se": gap[1]}
        row["bits"] = bits_per_dimension(-mean, dimensions) if image else None
        row["bits_se"] = error / (dimensions * math.log(2.0)) if image and error is not None else None
        rows.append(row)
    return json_array(rows)


def _mean(values: np.ndarray) -> tuple[float, float | None]:
    """The mean, and its standard error."""
    return float(values.mean()), float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else None
