"""All questions by name, and the two ways to have one answered: with exceptions, and as an `Answer`."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from playground.checkpoint import pack
from playground.config import ConfigError
from playground.events import Answer
from playground.inspection import answers, generative
from playground.inspection.arguments import Arguments
from playground.inspection.space import Space
from playground.tasks import Task

ANSWERS: dict[str, tuple[Callable[[Space, Arguments], dict[str, np.ndarray]], tuple[str, ...]]] = {
    "decode": (answers.decode, ("z",)),
    "point": (answers.point, ("index",)),
    "values": (answers.values, ("what",)),
    "posterior": (answers.posterior, ()),
    "neighbours": (answers.neighbours, ("index", "k")),
    "interpolate": (answers.interpolate, ("a", "b", "n", "mode")),
    "holes": (generative.holes, ("lo", "hi", "n", "origin", "axes")),
    "generate": (generative.generate, ("how", "n", "seed")),
    "grid": (answers.grid, ("n",)),
    "traversals": (answers.traversals, ("index", "n")),
    "encode_train": (answers.encode_train, ("n",)),
}
"""Name -> the function that answers, and the arguments that it takes."""

WEIGHTS = "weights"
"""What the server asks a training for, and nobody else: the averaged weights alone, as a checkpoint that can be asked."""


@torch.no_grad()
def answer(task: Task, model: torch.nn.Module, name: str, args: dict[str, Any]) -> dict[str, np.ndarray]:
    """The answer to a question; `model` holds the averaged weights. Raises `ConfigError` with a sentence."""
    if name not in ANSWERS:
        raise ConfigError(f"There is no question {str(name)[:40]!r}: known ones are {', '.join(ANSWERS)}.")
    function, known = ANSWERS[name]
    return function(Space(task, model), Arguments(name, args, known))


def reply(ident: int, task: Task, model: torch.nn.Module, name: str, args: dict[str, Any], step: int) -> Answer:
    """The same as an event, with the `step` of the weights among the arrays. Never raises: a question must not end a run."""
    try:
        if name == WEIGHTS:
            return Answer(ident, pack_weights(task, model, step))
        return Answer(ident, answer(task, model, name, args) | {"step": np.asarray(step)})
    except ConfigError as error:
        return Answer(ident, None, str(error))
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        return Answer(ident, None, f"This question could not be answered: {type(error).__name__}.")


def pack_weights(task: Task, model: torch.nn.Module, step: int) -> dict[str, np.ndarray]:
    """`checkpoint`, uint8 (n,): the averaged weights alone, a fourth of a checkpoint and as much quicker to make."""
    data = pack(task.config, step, 0.0, task.dataset.shape, {"ema": model.state_dict()})
    return {"checkpoint": np.frombuffer(data, np.uint8)}
