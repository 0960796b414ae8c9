"""The board of a task: the best run of each person, and their places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

CLEARLY = 2.0
"""Standard errors of a difference from which on it is one."""


@dataclass(frozen=True)
class Entry:
    """A run that was entered and measured: `value` is the lower the better, `sd` its spread (0 where there is none), `share` of the budget."""

    number: int
    """Of the person."""
    name: str
    run: str
    """Its watch id."""
    steps: int
    share: float
    settings: tuple[str, ...]
    value: float = 0.0
    sd: float = 0.0
    scores: np.ndarray = field(default_factory=lambda: np.zeros(0), repr=False, compare=False)
    """Of each held-out example, the same for every entry, where `value` is their mean."""


def better(one: Entry, other: Entry) -> bool:
    """Whether `one` is better than `other` beyond chance: on the same examples by twice the standard error of the mean difference, which is much
    smaller than that of each mean; of random samples, by more than both spreads together."""
    n = len(one.scores)
    if n > 1 and n == len(other.scores):
        apart = other.scores - one.scores
        return bool(apart.mean() > CLEARLY * apart.std(ddof=1) / np.sqrt(n))
    return one.value + one.sd < other.value - other.sd


def ranked(entries: Sequence[Entry]) -> list[tuple[int, Entry]]:
    """With their places, the best first: the place of an entry is one more than there are before it, unless the first of the place before is not
    `better`, which it then shares."""
    found: list[tuple[int, Entry]] = []
    for entry in sorted(entries, key=lambda one: (one.value, one.number)):
        place, first = next(((place, first) for place, first in found if place == found[-1][0]), (0, entry))
        found.append((place if place and not better(first, entry) else len(found) + 1, entry))
    return found
