"""`sample(checkpoint, config)`: fresh samples from a trained model, as a generator of events."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from playground.config import MODELS, NOT_GENERATIVE, ConfigError, DiffusionConfig, RunConfig, SampleConfig
from playground.data import DATASETS, Dataset, load_dataset
from playground.diffusion.denoiser import Denoiser
from playground.diffusion.latent_denoiser import LatentDenoiser
from playground.diffusion.sampling import initial_noise, reverse, time_grid
from playground.runs.checkpoint import CheckpointError, Loaded, load_weights, unpack
from playground.runs.control import Control
from playground.runs.driver import Step, Study, drive
from playground.runs.events import Event, SampleStep, Started
from playground.runs.tasks import STRIP_FRAMES, TASKS, as_pixels, data_range, film, guided, thin, way_as_pictures
from playground.runs.training import pick_device
from playground.vae.autoencoder import VAE

TRAJECTORY_FRAMES = 65
"""States of points that are kept of their way, at most."""
DRAWN_ROWS = 256
"""Rows of a table that are drawn as pictures, at most; their way is kept of the first `BATCH`."""
AnyModel = TypeVar("AnyModel", bound=nn.Module)
BATCH = 64
"""Images that are drawn at once, and whose way is kept: 1,000 at once take twice as long each, since they leave the processor's cache."""


def load_model(checkpoint: bytes, device: str = "auto", kind: type[AnyModel] = nn.Module) -> AnyModel:
    """The averaged (EMA) weights of a checkpoint as an `Autoencoder`, a `VAE` or a `Denoiser`, ready to use. Raises `CheckpointError`
    for one of another `kind`."""
    return model_in(unpack(checkpoint), device, kind)


def model_in(loaded: Loaded, device: str = "auto", kind: type[AnyModel] = nn.Module) -> AnyModel:
    """The same of a checkpoint that has been taken apart already."""
    where, known = pick_device(device), DATASETS[loaded.config.dataset]
    if known.available() and loaded.data_shape != known.shape:
        raise CheckpointError("This checkpoint's data shape is not that of the data set it names.")
    model = TASKS[loaded.config.model].build(loaded.config, loaded.data_shape)
    if not isinstance(model, kind):
        raise CheckpointError(f"This checkpoint is of another kind of model: {type(model).__name__}.")
    load_weights(model, loaded)
    return model.to(where).eval().requires_grad_(False)


def sample(checkpoint: bytes, config: SampleConfig | None = None, control: Control | None = None) -> Iterator[SampleStep]:
    """Draws `config.n_samples` samples.

    A diffusion model yields one `SampleStep` a step, from noise at `t = 1` to data at `t = 0`; of more than `BATCH` images the first go
    ahead, the others are still noise, and one `SampleStep` comes for each further batch that is done. A VAE decodes `z ~ N(0, I)` and
    yields one: `x_0` is the mean `E[x|z]`, `x` that or a draw from `p(x|z)`, as `config.pixels` says. Images come in [0, 1], but draws
    from a Gaussian may lie outside; points in the units of the data. Deterministic by `config.sampling_seed`.
    Raises `ConfigError` for an autoencoder, which defines no distribution to sample from, and for a class or guidance where
    the model knows no classes.
    """
    return (state for state in states(checkpoint, config or SampleConfig(), control or Control()) if isinstance(state, SampleStep))


def states(checkpoint: bytes, config: SampleConfig, control: Control) -> Iterator[SampleStep | int]:
    """The same, and in between how many steps are done."""
    about = unpack(checkpoint).config
    if not MODELS[about.model].is_generative:
        raise ConfigError(NOT_GENERATIVE)
    sample_labels(about, config)
    if MODELS[about.model].diffuses:
        return _denoise(load_model(checkpoint, config.device, Denoiser), about, config, control)
    return _from_prior(load_model(checkpoint, config.device, VAE), config)


def sample_labels(about: RunConfig, config: SampleConfig) -> np.ndarray | None:
    """The classes of the samples that `config` asks of a model trained as `about` says, (n,) int64: `config.label`, or every class
    in turn, as many of each, in their order; None where the model knows no classes. Raises `ConfigError` for what it cannot do."""
    if not isinstance(about, DiffusionConfig) or about.conditional == "off":
        if config.label >= 0:
            raise ConfigError(f"label = {config.label} is refused: this model was trained without classes; train one with them.")
        if config.guidance_scale != 1.0:
            raise ConfigError(
                f"guidance_scale = {config.guidance_scale:g} is refused: this model was trained without classes, so it must be 1."
            )
        return None
    if about.label_dropout == 0.0 and config.guidance_scale != 1.0:
        raise ConfigError(
            f"guidance_scale = {config.guidance_scale:g} is refused: this model always saw the class (label dropout 0), so it must be 1."
        )
    names = DATASETS[about.dataset].label_names
    if config.label >= len(names):
        raise ConfigError(f"label = {config.label} is refused: it must be a whole number from -1 to {len(names) - 1}.")
    if config.label >= 0:
        return np.full(config.n_samples, config.label)
    return np.arange(config.n_samples) * len(names) // config.n_samples


@torch.no_grad()
def _from_prior(model: VAE, config: SampleConfig) -> Iterator[SampleStep]:
    generator = torch.Generator().manual_seed(config.sampling_seed)
    z = torch.randn(config.n_samples, model.latent_dim, generator=generator).to(next(model.parameters()).device)
    mean = model.decode(z)
    x = model.draw(z, generator) if config.pixels == "draw" else mean
    yield SampleStep(1, 1, 0.0, x.cpu().numpy(), mean.cpu().numpy())


def _denoise(model: Denoiser, about: RunConfig, config: SampleConfig, control: Control) -> Iterator[SampleStep | int]:
    """Images in batches that stay in the processor's cache: the states of the first, then one for each batch that is done, and on the way
    to it how many steps are."""
    data, labels = load_dataset(about.dataset), sample_labels(about, config)
    generator = torch.Generator(next(model.parameters()).device).manual_seed(config.sampling_seed)
    shape, span, to_data = workspace(model, data)
    times = time_grid(model.schedule, config.sampling_steps, grid=config.time_grid)
    noise = initial_noise(model.schedule, (config.n_samples, *shape), generator, float(times[0]))
    label = None if labels is None else torch.from_numpy(labels).to(noise.device)
    total, parts = steps_of(about, config), torch.arange(len(noise)).split(BATCH if data.is_image else len(noise))
    x, x_0 = (to_data(value).cpu().numpy() for value in (noise, torch.zeros_like(noise)))
    for k, part in enumerate(parts):
        denoiser = guided(model, None if label is None else label[part], config.guidance_scale, span)
        for state in reverse(denoiser, model.schedule, noise[part], times, config.sampler, config.eta, generator):
            control.update()
            if control.stopped:
                return
            done = k * config.sampling_steps + state.index
            if k == 0 or state.index == config.sampling_steps:
                x, x_0 = x.copy(), x_0.copy()
                x[part], x_0[part] = (to_data(value).cpu().numpy() for value in (state.x, state.x_0))
                yield SampleStep(done, total, state.t, x, x_0)
            else:
                yield done


def steps_of(about: RunConfig, config: SampleConfig) -> int:
    """Steps of all batches of a drawing; of a VAE's, which only decodes, one."""
    if not MODELS[about.model].diffuses:
        return 1
    return config.sampling_steps * (math.ceil(config.n_samples / BATCH) if DATASETS[about.dataset].is_image else 1)


def workspace(model: Denoiser, data: Dataset) -> tuple[tuple[int, ...], tuple[float, float], Callable[[Tensor], Tensor]]:
    """Where a denoiser works: the shape of one example there, the range of its `x_0`, and the way from there to data."""
    if isinstance(model, LatentDenoiser):
        return (model.latent_dim,), (-float(model.bound), float(model.bound)), model.decode
    to_data = (lambda x: as_pixels(x).clamp(0.0, 1.0)) if data.is_image else (lambda x: x)
    return data.shape, data_range(data), to_data


def sampling_run(config: SampleConfig, checkpoint: bytes, control: Control | None = None) -> Iterator[Event]:
    """`sample` as a run, so that whatever follows and steers trainings can do so with this: its results are the way so far, and
    at the end all samples; rows of a table also as `values`, float64 in its units."""
    return drive(sampling(config, checkpoint), control)


def sampling(config: SampleConfig, checkpoint: bytes) -> Study:
    """The study behind `sampling_run`; a step is one of the sampler's."""
    about = unpack(checkpoint)
    found, total = states(checkpoint, config, Control()), steps_of(about.config, config)
    drawn = {"dataset": about.config.dataset, "steps": total}
    yield Started(config.model_dump() | drawn, about.n_parameters, str(pick_device(config.device)))
    way: list[SampleStep] = []
    labels, points = sample_labels(about.config, config), DATASETS[about.config.dataset].kind == "points"
    columns = load_dataset(about.config.dataset).columns
    known, latent = (
        {} if labels is None or config.guidance_scale == 0.0 else {"sample_labels": labels},
        MODELS[about.config.model].diffuses == "latents",
    )

    def results() -> dict[str, np.ndarray]:
        found = pictures(way, points, latent) | known
        return found | {"values": columns.values(found["rows"])} if columns and "rows" in found else found

    for state in found:
        if isinstance(state, int):
            yield Step(state, total)
        else:
            add_to(way, state, config.sampling_steps, TRAJECTORY_FRAMES if points else STRIP_FRAMES)
            yield Step(state.index, total, results, {"a sample": state.x})


def add_to(way: list[SampleStep], state: SampleStep, steps: int, at_most: int) -> None:
    """Another state at the end of `way`, which keeps the newest and at most `at_most` more of the first `steps`, spread evenly; of many
    images on the way the first batch. In `way` the `x_0` of a state is what the model made of that very state, which the next one brings."""
    if way:
        before = way.pop()
        if before.index < steps and before.index in thin(steps + 1, at_most):
            few = len(state.x) if state.x.shape[1:] == (2,) else BATCH
            way.append(replace(before, x=before.x[:few], x_0=state.x_0[:few]))
    way.append(state)


def pictures(way: list[SampleStep], points: bool, latent: bool = False) -> dict[str, np.ndarray]:
    """The arrays of a diffusion snapshot (see `DiffusionTask.snapshot`), from the states so far; of more than `BATCH` images or
    rows the way of the first few. Of a table all `rows`, and pictures of `DRAWN_ROWS` of them."""
    times, few = np.array([state.t for state in way], "f4"), len(way[0].x)
    x, x_0 = np.stack([state.x[:few] for state in way]), np.stack([*(state.x_0[:few] for state in way[:-1]), way[-1].x[:few]])
    if points:
        return {"trajectory": x, "times": times}
    end = way[-1].x
    drawn = film(times, shown(x), shown(x_0), latent) | {
        "samples": shown(end[None, : len(end) if end.ndim == 4 else DRAWN_ROWS])[0]
    }
    return drawn if end.ndim == 4 else drawn | {"rows": end}


def shown(x: np.ndarray) -> np.ndarray:
    """Examples (k, n, ...) as pictures, uint8 (k, n, C, H, W)."""
    return way_as_pictures(torch.from_numpy(x))
