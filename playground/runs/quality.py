"""How good samples are while a model trains: their Fréchet distance, precision and recall, of as many samples as the run can afford."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from playground.data import Dataset
from playground.measures.features import Gallery, gallery_of
from playground.runs.tasks import Task

SIZES = (500, 250, 100, 50)
"""Samples in a reading: the most that is affordable, the same all through a run, for the distance depends on it."""
AFFORDABLE = 1e10
"""Arithmetic operations of drawing them, at most: about half a second of a core."""
FEWEST = 20
"""Held-out images below which nothing is measured."""


class Quality:
    """Reads it for one run, of the images of `dataset`; of data that are no images, nothing."""

    def __init__(self, task: Task, dataset: Dataset) -> None:
        self.task, self.dataset, self.n = task, dataset, 0
        self.gallery: Gallery | None = None
        self.measures = dataset.is_image and task.draws_images and len(dataset.test) >= FEWEST

    @torch.no_grad()
    def read(self, model: nn.Module, interrupted: Callable[[], bool] = lambda: False) -> dict[str, float]:
        """`frechet` with its spread, `precision` and `recall` of `n` samples. Nothing where it was told to give up."""
        samples = self.task.fresh(model, self.n, interrupted)
        if self.gallery is None or samples is None or not bool(samples.isfinite().all()):
            return {}
        return self.gallery.measure(samples) | {"n": self.n}

    @torch.no_grad()
    def begin(self, model: nn.Module) -> dict[str, float]:
        """Looks at the real images, chooses `n`, and returns what as many held-out images are in the place of samples: `floor_frechet` and
        so on."""
        self.gallery = gallery_of(self.dataset.name, str(self.task.device))
        self.n = self.gallery.size(affordable(lambda n: self.task.fresh(model, n, lambda: False)))
        return {f"floor_{name}": value for name, value in self.gallery.floor(self.n).items()}


def affordable(draw: Callable[[int], object]) -> int:
    """The number of samples whose drawing is affordable, from the arithmetic of drawing a few: a count, and no timing, so that the same
    settings mean the same number on every machine."""
    two, four = (operations(lambda: draw(n)) for n in (2, 4))
    return next((n for n in SIZES if two + (n - 2) * (four - two) / 2 <= AFFORDABLE), SIZES[-1])


def operations(work: Callable[[], object]) -> int:
    """Additions and multiplications in the products and convolutions of some work."""
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()
