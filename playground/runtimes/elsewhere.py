"""What runtimes have in common that run trainings elsewhere: all else stays with the workers of this machine, which read its files and are there at
once."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from playground.runtimes.base import TRAININGS
from playground.runtimes.worker import WorkerRuntime


class Elsewhere:
    """Runs `trainings` elsewhere, by its own `start`, and all else in `workers`."""

    def __init__(self, workers: WorkerRuntime, trainings: Container[str] = TRAININGS) -> None:
        self._workers, self._trainings = workers, trainings

    @property
    def memory_limit(self) -> int | None:
        """That of a worker: what a training may be expected to take, wherever it runs."""
        return self._workers.memory_limit

    def warm_up(self) -> None:
        """The workers."""
        self._workers.warm_up()

    def for_answers(self) -> WorkerRuntime:
        """Workers: a question is no reason to ask for a GPU or a node."""
        return self._workers.for_answers()


def wants_gpu(args: tuple[Any, ...]) -> bool:
    """Whether the settings of a training, its first argument, let it use a GPU, as they do unless they say otherwise."""
    return getattr(args[0] if args else None, "device", "auto") in ("auto", "cuda")
