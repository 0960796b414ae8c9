"""All questions by name, and who answers them: with exceptions, or as an `Answer`."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import torch

from playground.config import ConfigError
from playground.questions import (
    answers,
    conditioning,
    disentangling,
    editing,
    exact,
    fields,
    generative,
    gradients,
    informing,
    memory,
)
from playground.questions.arguments import Arguments
from playground.questions.lab import CONDITION, Lab
from playground.questions.space import Space
from playground.runs.checkpoint import pack
from playground.runs.events import Answer
from playground.runs.tasks import Task
from playground.vae.autoencoder import VAE, Autoencoder

Arrays = dict[str, np.ndarray]
Question = tuple[Callable[[Any, Arguments], Arrays], tuple[str, ...]]
LATENT: dict[str, Question] = {
    "decode": (answers.decode, ("z",)),
    "point": (answers.point, ("index",)),
    "values": (answers.values, ("what",)),
    "table": (answers.table, ()),
    "posterior": (answers.posterior, ()),
    "neighbours": (answers.neighbours, ("index", "k")),
    "interpolate": (answers.interpolate, ("a", "b", "n", "mode")),
    "holes": (generative.holes, ("lo", "hi", "n", "origin", "axes")),
    "generate": (generative.generate, ("how", "n", "seed", "pixels")),
    "grid": (answers.grid, ("n",)),
    "traversals": (answers.traversals, ("index", "n")),
    "encode_train": (answers.encode_train, ("n",)),
    "exact": (exact.exact, ("index", "n")),
    "reparametrisation": (gradients.reparametrisation, ("index", "n", "seed")),
    "disentanglement": (disentangling.disentanglement, ()),
    "information": (informing.information, ()),
}
"""To an autoencoder or a VAE, answered from a `Space`: name -> the function that answers, and the arguments that it takes."""

DIFFUSION: dict[str, Question] = {
    "field": (fields.field, ("t", "what", "n", "extent", *CONDITION)),
    "density": (fields.density, ("t", "what", "n", "extent", *CONDITION)),
    "errors": (fields.errors, ("n", "label")),
    "conditional": (conditioning.conditional, ("known", "n", "seed", "steps", "resample")),
    "memorisation": (memory.memorisation, ("n", "seed", "steps", *CONDITION)),
    "interpolate_noise": (editing.interpolate_noise, ("a", "b", "n", "mode", "steps", *CONDITION)),
    "invert": (editing.invert, ("index", "steps", "sampler", *CONDITION)),
    "edit": (editing.edit, ("index", "t", "n", "seed", "steps", *CONDITION)),
    "inpaint": (editing.inpaint, ("index", "mask", "n", "seed", "steps", "resample", *CONDITION)),
}
"""To a diffusion model, answered from a `Lab`."""

ONLY_LATENT = "Only an autoencoder or a VAE has a latent space to ask about."
ONLY_DIFFUSION = "Only a diffusion model can be asked this."
WEIGHTS = "weights"
"""What the server asks a training for, and nobody else: the averaged weights alone, as a checkpoint that can be asked."""


class Answerer:
    """Answers questions to a model with one set of weights. What was worked out for one and is of use to another (the codes of the
    map, the ideal denoiser) is kept as long as this is, so whoever changes the weights makes another."""

    def __init__(self, task: Task, model: torch.nn.Module, step: int = 0) -> None:
        self.task, self.model, self.step = task, model, step
        self.latent = isinstance(model, (Autoencoder, VAE))

    @cached_property
    def place(self) -> Space | Lab:
        """What answers are made from."""
        return (Space if self.latent else Lab)(self.task, self.model)

    @torch.no_grad()
    def answer(self, name: str, args: dict[str, Any]) -> Arrays:
        """The answer to a question. Raises `ConfigError` with a sentence."""
        questions = LATENT if self.latent else DIFFUSION
        if name not in questions:
            if name in LATENT or name in DIFFUSION:
                raise ConfigError(ONLY_DIFFUSION if self.latent else ONLY_LATENT)
            raise ConfigError(f"There is no question {str(name)[:40]!r}: known ones are {', '.join(questions)}.")
        function, known = questions[name]
        return function(self.place, Arguments(name, args, known))

    def reply(self, ident: int, name: str, args: dict[str, Any]) -> Answer:
        """The same as an event, with the `step` of the weights among the arrays. Never raises: a question must not end a run."""
        try:
            if name == WEIGHTS:
                return Answer(ident, pack_weights(self.task, self.model, self.step))
            return Answer(ident, self.answer(name, args) | {"step": np.asarray(self.step)})
        except ConfigError as error:
            return Answer(ident, None, str(error))
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            return Answer(ident, None, f"This question could not be answered: {type(error).__name__}.")


def answer(task: Task, model: torch.nn.Module, name: str, args: dict[str, Any]) -> Arrays:
    """The answer to a single question; `model` holds the averaged weights. Raises `ConfigError` with a sentence."""
    return Answerer(task, model).answer(name, args)


def pack_weights(task: Task, model: torch.nn.Module, step: int) -> Arrays:
    """`checkpoint`, uint8 (n,): the averaged weights alone, a fourth of a checkpoint and as much quicker to make."""
    data = pack(task.config, step, 0.0, task.data_shape, {"ema": model.state_dict()})
    return {"checkpoint": np.frombuffer(data, np.uint8)}
