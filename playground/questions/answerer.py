"""Who answers the questions of the catalogue: with exceptions, or as an `Answer`."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import torch

from playground.config import ConfigError
from playground.questions.catalogue import QUESTIONS, Kind, Question, find
from playground.questions.diffusion import Diffusion
from playground.questions.space import Space
from playground.runs.checkpoint import pack
from playground.runs.events import Answer
from playground.runs.tasks import Task
from playground.vae.autoencoder import VAE, Autoencoder

Arrays = dict[str, np.ndarray]


def answering(question: Question) -> Callable[[Any, Any], Arrays]:
    """The function that answers it from a `Space` or a `Diffusion`, and its arguments."""
    module, _, function = question.answer.partition(":")
    return getattr(importlib.import_module(f"playground.questions.{module}"), function)


ANSWERS = {name: answering(question) for name, question in QUESTIONS.items()}
"""By the name of the question; all looked up at once, so that none is missing later."""
WEIGHTS = "weights"
"""What the server asks a training for, and nobody else: the averaged weights alone, as a checkpoint that can be asked."""


class Answerer:
    """Answers questions to a model with one set of weights. What was worked out for one and is of use to another (the codes of the
    map, the ideal denoiser) is kept as long as this is, so whoever changes the weights makes another."""

    def __init__(self, task: Task, model: torch.nn.Module, step: int = 0) -> None:
        self.task, self.model, self.step = task, model, step
        self.of: Kind = "latent" if isinstance(model, (Autoencoder, VAE)) else "diffusion"

    @cached_property
    def place(self) -> Space | Diffusion:
        """What answers are made from."""
        made: Any = Space if self.of == "latent" else Diffusion
        return made(self.task, self.model)

    @torch.no_grad()
    def answer(self, name: str, args: dict[str, Any]) -> Arrays:
        """The answer to a question. Raises `ConfigError` with a sentence."""
        question = find(name, self.of)
        return ANSWERS[name](self.place, question.parse(args))

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
