"""How a racer is timed: processor and wall seconds of its training, with its quality now and then; measuring is left out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import nn


class Reading(NamedTuple):
    """How good a racer was when: lower is better."""

    processor: float
    wall: float
    quality: float


Curve = list[Reading]


@dataclass(frozen=True)
class Racer:
    """A training that gives way after every step (or few), and what measures it then."""

    model: nn.Module
    steps: Iterator[object]
    quality: Callable[[], float]

    @property
    def size(self) -> int:
        """The number of weights that are trained."""
        return sum(p.numel() for p in self.model.parameters() if p.requires_grad)


class Watch:
    """Counts seconds while it runs."""

    def __init__(self) -> None:
        self.processor = self.wall = 0.0

    def __enter__(self) -> None:
        self.began = time.process_time(), time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.processor += time.process_time() - self.began[0]
        self.wall += time.perf_counter() - self.began[1]


def race(make: Callable[[], Racer], marks: list[float]) -> tuple[Racer, Curve]:
    """Makes a racer, which counts, and measures it after the step that passes each of `marks` (processor seconds), and where its steps
    end. A mark at 0 is the racer before any step."""
    watch, curve, ahead = Watch(), [], sorted(marks)
    with watch:
        racer = make()
    while ahead:
        if watch.processor >= ahead[0]:
            curve.append(read(racer, watch))
            ahead = [mark for mark in ahead if mark > watch.processor]
            continue
        with watch:
            goes_on = next(racer.steps, racer) is not racer
        if not goes_on:
            curve.append(read(racer, watch))
            break
    return racer, curve


@torch.no_grad()
def read(racer: Racer, watch: Watch) -> Reading:
    """Its quality now; the training goes on from the random state it had."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return Reading(watch.processor, watch.wall, racer.quality())


def reached(curve: Curve, goal: float, clock: str = "processor") -> float | None:
    """Seconds until a curve is at most at `goal`: on the straight line between two readings where both axes are logarithmic."""
    seconds, before = 0.0, math.inf
    for reading in curve:
        now, quality = getattr(reading, clock), reading.quality
        if quality <= goal:
            share = math.log(before / goal) / math.log(before / quality) if before < math.inf and quality < before else 1.0
            return seconds * (now / seconds) ** share if seconds else now
        seconds, before = now, quality
    return None
