"""Questions answered in a process of its own, from a checkpoint: of runs that have ended, of moments that have passed, and
what takes too long to be answered between two training steps.

Always on the CPU: a GPU's context would take longer to make than most answers, and memory from the trainings.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import torch

from playground.data import load_dataset
from playground.questions.answerer import Answerer
from playground.runs.checkpoint import load_weights, unpack
from playground.runs.control import Control
from playground.runs.events import Answer, Event, Finished
from playground.runs.tasks import TASKS, Task

IDLE_SECONDS = 120.0
CPU = torch.device("cpu")
LOAD = "load"
"""Not a question: `{"checkpoint": bytes}` takes the place of the weights held so far. Its answer is empty, but has to be: a
pipe still full of weights may have kept back a question that follows, and goes on with the next event."""


def serve(checkpoint: bytes, control: Control | None = None, idle_seconds: float = IDLE_SECONDS) -> Iterator[Event]:
    """Yields an `Answer` to every question that `control` brings, and `Finished` after a stop, or `idle_seconds` without one.

    Raises `CheckpointError` for a checkpoint that cannot be read.
    """
    control, model = control or Control(), LoadedModel()
    model.load(checkpoint)
    asked = time.monotonic()
    while not control.stopped and time.monotonic() - asked < idle_seconds:
        for ident, name, args in control.pop_asks():
            asked = time.monotonic()
            if name == LOAD:
                model.load(args["checkpoint"])
                yield Answer(ident, {})
            else:
                yield model.answerer.reply(ident, name, args)
        control.wait(max(0.01, min(5.0, asked + idle_seconds - time.monotonic())))
    yield Finished(model.answerer.step, b"", stopped=control.stopped)


class LoadedModel:
    """The model of the newest checkpoint, and the data that it was trained on."""

    task: Task
    answerer: Answerer

    def load(self, checkpoint: bytes) -> None:
        """Take up the averaged weights of a checkpoint; the data is kept where it is the same."""
        loaded = unpack(checkpoint)
        kind, dataset = TASKS[loaded.config.model], load_dataset(loaded.config.dataset)
        model = kind.build(loaded.config, loaded.data_shape)
        load_weights(model, loaded)
        if not hasattr(self, "task") or self.task.config != loaded.config:
            self.task = kind(loaded.config, dataset, CPU)
        self.task.prepare(model)
        self.answerer = Answerer(self.task, model.eval().requires_grad_(False), loaded.step)
