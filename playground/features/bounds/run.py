"""The bounds of a VAE measured with care, as a run of its own: progress, results so far, pause and stop.

For each of some held-out images: the ELBO, IWAE-5, IWAE-50 and the importance-sampled `log p(x)` from the same draws. In one or two
latent dimensions also `log p(x)` itself and the best Gaussian's ELBO, which parts the gap in two; there the ELBO is integrated.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from playground.config import ConfigError, has_bound
from playground.data import load_dataset
from playground.features.bounds.settings import BoundsConfig
from playground.runs.checkpoint import unpack
from playground.runs.control import Control
from playground.runs.driver import Step, Study, drive
from playground.runs.events import Event, Started
from playground.runs.generation import load_model
from playground.runs.tasks import TASKS, pick_device
from playground.vae.autoencoder import VAE
from playground.vae.bounds import draw_log_weights, importance_estimate, iwae
from playground.vae.gaps import dissect

ESTIMATES = ("elbo", "iwae_5", "iwae_50", "importance", "exact", "best_elbo")
GAPS = {"gap": ("exact", "elbo"), "approximation_gap": ("exact", "best_elbo"), "amortisation_gap": ("best_elbo", "elbo")}
"""Name of a difference -> what is taken from what."""
Row = dict[str, float]


def bounds_run(config: BoundsConfig, checkpoint: bytes, control: Control | None = None) -> Iterator[Event]:
    """`bounds` as a run."""
    return drive(bounds(config, checkpoint), control)


def bounds(config: BoundsConfig, checkpoint: bytes) -> Study:
    """Started with `steps`, the images to come, and `of_step`, that of the weights; a step is an image, its results are all so
    far, as in `arrays_of`. Raises `ConfigError` for anything else than a VAE."""
    about = unpack(checkpoint)
    settings = about.config
    if not has_bound(settings):
        raise ConfigError("Only a VAE has a bound on log p(x) to measure.")
    device = pick_device(config.device)
    device = torch.device("cpu") if device.type == "mps" else device  # which has no numbers in double precision
    model = load_model(checkpoint, str(device), VAE)
    task = TASKS[about.config.model](about.config, load_dataset(about.config.dataset), device)
    order = np.random.default_rng(config.seed).permutation(len(task.test_x))[: config.n_examples]
    measured = {"dataset": about.config.dataset, "steps": len(order), "of_step": about.step, "likelihood": settings.likelihood}
    yield Started(config.model_dump() | measured, about.n_parameters, str(device))
    generator = torch.Generator(device).manual_seed(config.seed)
    double = copy.deepcopy(model).double() if model.latent_dim <= 2 else None
    rows: list[Row] = []

    def results() -> dict[str, np.ndarray]:
        return arrays_of(rows, config, len(order), int(np.prod(about.data_shape)))

    for index in order:
        x = task.scale(task.test_x[int(index)][None])
        row = measure(model, double, x, config.importance_samples, generator)
        rows.append(row | {"index": int(index)})
        found = {f"{name} of held-out image {index}": row[name] for name in ESTIMATES if name in row}
        yield Step(len(rows), len(order), results, found)


def measure(model: VAE, double: VAE | None, x: Tensor, draws: int, generator: torch.Generator) -> Row:
    """Everything about one image `x` (1, C, H, W), in nats; `double` is the model in float64 where log p(x) can be integrated.
    There the ELBO is integrated, too."""
    log_w = draw_log_weights(model, x, draws, generator)
    estimate = importance_estimate(log_w)
    row = {
        "elbo": float(log_w.mean()),
        "iwae_5": float(iwae(log_w, 5)),
        "iwae_50": float(iwae(log_w, 50)),
        "importance": float(estimate.log_p),
        "importance_error": float(estimate.error),
        "effective_samples": float(estimate.effective),
    }
    if double is None:
        return row
    found = dissect(model, double, x)
    return row | {"elbo": found.elbo, "exact": found.log_p, "exact_error": found.log_p_error, "best_elbo": found.best_elbo}


def arrays_of(rows: list[Row], config: BoundsConfig, total: int, dimensions: int) -> dict[str, np.ndarray]:
    """`index` (n,) of the held-out images; `elbo`, `iwae_5`, `iwae_50`, `importance` with its standard error `importance_error` and
    its `effective_samples`, and where it can be integrated `exact` with `exact_error`, and `best_elbo`, float32 (n,), of
    log p(x) in nats; `X_mean` and its standard error over the images `X_se` for every estimate X and the `GAPS`; `dimensions`
    of x, draws `k`, `total` images wanted."""
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    index = columns.pop("index")
    summary = {name: columns[name] for name in ESTIMATES if name in columns}
    summary |= {name: columns[a] - columns[b] for name, (a, b) in GAPS.items() if a in columns}
    arrays = {name: values.astype(np.float32) for name, values in columns.items()}
    for name, values in summary.items():
        spread = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
        arrays |= {f"{name}_mean": np.float32(values.mean()), f"{name}_se": np.float32(spread)}
    whole = {"index": index, "dimensions": dimensions, "k": config.importance_samples, "total": total}
    floats = {name: np.asarray(value, np.float32) for name, value in arrays.items()}
    return floats | {name: np.asarray(value, np.int64) for name, value in whole.items()}
