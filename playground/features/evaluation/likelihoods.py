"""The bound and log p(x) in an evaluation: the study that has them for a kind of model, told in one unit for all kinds."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator

import numpy as np

from playground.config import MODELS, ConfigError, has_bound
from playground.data import DATASETS
from playground.features.bounds.run import bounds
from playground.features.bounds.settings import BoundsConfig
from playground.features.evaluation.measures import NATS, Found
from playground.features.evaluation.settings import EvaluationConfig
from playground.features.likelihood.run import likelihood
from playground.features.likelihood.settings import LikelihoodConfig
from playground.measures.units import bits_per_dimension, unmodelled
from playground.runs.checkpoint import Loaded
from playground.runs.driver import Changes, Step, Study, StudyFailed
from playground.runs.events import read_json

NAMES = ("bound", "log_p")
NO_DENSITY = "An autoencoder defines no distribution, so there is no p(x)."
IN_LATENTS = "p(x) of a diffusion in latents is an integral over all latents that nobody computes here."
EXACT = "The integral itself, by quadrature."
SAMPLED = "Importance sampling, {:,} draws: too high on average."
BINARISED = "bits per dimension, binarised"

Part = Generator[Step | None, Changes, dict[str, Found]]
"""A part of an evaluation."""


def likelihoods(config: EvaluationConfig, about: Loaded, checkpoint: bytes, step: Callable[[float], Step]) -> Part:
    """`bound` and `log_p` of a model: of images in bits per dimension, of all else in nats per example; `step` makes a step from the share that is
    done."""
    kind = MODELS[about.config.model]
    if kind.has_bound:
        return (yield from of_bounds(config, about, checkpoint, step))
    if kind.diffuses != "data":
        return {name: Found(why=IN_LATENTS if kind.diffuses else NO_DENSITY) for name in NAMES}
    try:
        return (yield from of_ode(config, about, checkpoint, step))
    except (ConfigError, StudyFailed) as error:  # what it cannot measure costs the rest nothing
        return {name: Found(why=str(error)) for name in NAMES}


def of_bounds(config: EvaluationConfig, about: Loaded, checkpoint: bytes, step: Callable[[float], Step]) -> Part:
    """Of a VAE: the ELBO, and the integral where it can be done, else importance sampling."""
    settings = BoundsConfig(
        n_examples=config.n_examples, importance_samples=config.importance_samples, seed=config.seed, device=config.device
    )
    arrays = yield from within(bounds(settings, checkpoint), step)
    assert has_bound(about.config)
    words = about.config.likelihood
    image, dimensions, best = (
        DATASETS[about.config.dataset].is_image,
        int(arrays["dimensions"]),
        "exact" if "exact" in arrays else "importance",
    )
    beside = ("no model", float(unmodelled(words)), None) if image else None
    other = "" if unmodelled(words) == unmodelled() else " Of binarised pixels: not comparable with bits of grey levels."
    found = {}
    for name, key, note in zip(
        NAMES, ("elbo", best), ("−ELBO.", EXACT if best == "exact" else SAMPLED.format(config.importance_samples))
    ):
        value, error = -float(arrays[f"{key}_mean"]), float(arrays[f"{key}_se"])
        if image:
            value, error = bits_per_dimension(value, dimensions, words), error / (dimensions * math.log(2.0))
        found[name] = Found(
            value, error, over(len(arrays["elbo"])), beside, f"{note}{other}", unit=(BINARISED if other else "") if image else NATS
        )
    return found


def of_ode(config: EvaluationConfig, about: Loaded, checkpoint: bytes, step: Callable[[float], Step]) -> Part:
    """Of a diffusion of the data: the variational bound, and the probability-flow ODE; beside the true density where it is known."""
    settings = LikelihoodConfig(n_examples=config.n_examples, seed=config.seed, device=config.device)
    arrays = yield from within(likelihood(settings, checkpoint), step)
    rows, image = {each["name"]: each for each in read_json(arrays["summary"])}, DATASETS[about.config.dataset].is_image
    beside = ("no model", float(unmodelled()), None) if image else None
    if "true" in rows:
        beside = "the true density", -rows["true"]["nats"], rows["true"]["nats_se"]
    found = {}
    for name, key, note in zip(
        NAMES, ("bound", "ode"), ("Of the reverse SDE: it may lie on either side.", "Probability-flow ODE.")
    ):
        value, error = (rows[key]["bits"], rows[key]["bits_se"]) if image else (-rows[key]["nats"], rows[key]["nats_se"])
        found[name] = Found(value, error, over(len(arrays["log_p"])), beside, note, unit="" if image else NATS)
    return found


def over(n: int) -> str:
    """What the spread of a mean is."""
    return f"standard error over {n} examples"


def within(study: Study, step: Callable[[float], Step]) -> Generator[Step | None, Changes, dict[str, np.ndarray]]:
    """A study as a part of another: its results at the end. `step` makes a step of the other from the share that is done."""
    results: Callable[[], dict[str, np.ndarray]] | None = None
    for found in study:
        if isinstance(found, Step):
            results = found.results or results
            yield step(found.done / max(1, found.total))
        else:
            yield None
    if results is None:
        raise StudyFailed("Nothing could be measured.")
    return results()
