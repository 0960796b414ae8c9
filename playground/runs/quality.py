"""How good samples are while a model trains: their Fréchet distance, precision and recall, of as many samples as the run can afford."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch import nn

from playground.data import Dataset
from playground.measures.features import Gallery, gallery_of
from playground.runs.tasks import Task

SIZES = (500, 250, 100, 50)
"""Samples in a reading: the most that is affordable, the same all through a run, for the distance depends on it."""
SHARE = 0.011
"""Of the time that a run will take, for drawing them once. Steps and samples are as slow on a busy machine: so it is the same number there."""
LEAST, MOST = 0.5, 2.0
"""Processor seconds that drawing them may always take, and never more."""
FEWEST = 20
"""Held-out images below which nothing is measured."""


class Quality:
    """Reads it for one run, of the images of `dataset`; of data that are no images, nothing."""

    def __init__(self, task: Task, dataset: Dataset) -> None:
        self.task, self.dataset, self.n = task, dataset, 0
        self.gallery: Gallery | None = None
        self.began = time.perf_counter(), time.process_time()
        self.measures = dataset.is_image and task.draws_images and len(dataset.test) >= FEWEST

    @torch.no_grad()
    def read(self, model: nn.Module, interrupted: Callable[[], bool] = lambda: False) -> dict[str, float]:
        """`frechet` with its spread, `precision` and `recall` of `n` samples. Nothing where it was told to give up."""
        samples = self.task.fresh(model, self.n, interrupted)
        if self.gallery is None or samples is None or not bool(samples.isfinite().all()):
            return {}
        return self.gallery.measure(samples) | {"n": self.n}

    @torch.no_grad()
    def begin(self, model: nn.Module, expected: float) -> dict[str, float]:
        """Looks at the real images, chooses `n` for a run that will take `expected` seconds, and returns what as many held-out images are in
        the place of samples: `floor_frechet` and so on."""
        self.gallery = gallery_of(self.dataset.name, str(self.task.device))
        budget = min(MOST, max(LEAST, SHARE * expected * self.busy()))
        self.n = self.gallery.size(affordable(lambda n: self.task.fresh(model, n, lambda: False), budget))
        return {f"floor_{name}": value for name, value in self.gallery.floor(self.n).items()}

    def busy(self) -> float:
        """Processor seconds in a second so far, at most 1."""
        wall, processor = (now - began for now, began in zip((time.perf_counter(), time.process_time()), self.began))
        return min(1.0, processor / max(wall, 1e-9))


def affordable(draw: Callable[[int], object], budget: float) -> int:
    """The number of samples that can be drawn in `budget` processor seconds, by how long the fewest take after an even smaller trial."""
    first = SIZES[-1] // 5
    if processor_seconds(lambda: draw(first)) * SIZES[-1] / first > 2.0 * budget:
        return SIZES[-1]
    each = processor_seconds(lambda: draw(SIZES[-1])) / SIZES[-1]
    return next((n for n in SIZES if n * each <= budget), SIZES[-1])


def processor_seconds(work: Callable[[], object]) -> float:
    """What some work takes of all threads of this process, whoever else is busy."""
    began = time.process_time()
    work()
    return time.process_time() - began
