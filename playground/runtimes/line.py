"""Who comes next when more want to train than the machine carries: what a server carries, the order of those who wait, and how long they will.

Pure arithmetic over tickets; `admission.py` acts on it. The order is a round-robin over visitors: of the first run of each, the one goes next whose
visitor was let in longest ago, so that ten runs of one never keep another's first waiting; runs that nobody watches come after all others.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from playground.runtimes.base import RegistryFull

USUAL = {True: 60.0, False: 15.0}
"""Seconds that a training, or anything else, is thought to take before any of them has ended here."""
NTH = ("First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth", "Ninth", "Tenth")


@dataclass(frozen=True)
class Limits:
    """What a server carries, and what one visitor may have of it; None is no limit, and all times are seconds.

    Studies and drawings of samples have places of their own, so that no training keeps a finished run from being asked.
    """

    trainings: int = 4
    others: int = 4
    """Studies and drawings at once."""
    a_visitor: int | None = None
    """Trainings at once of one visitor, and as many studies and drawings; who has more waits for himself alone."""
    waiting: int = 64
    waiting_a_visitor: int | None = None
    memory: int | None = None
    """Bytes that all workers together are thought to take; one run is let in always."""
    gpu_memory: int | None = None
    pause: float | None = None
    """A run that was paused for so long gives up its place, and is kept ..."""
    pause_in_need: float = 20.0
    """... and for so long where others wait."""
    turn: float | None = None
    """A training that went on for so long gets in line again where others wait."""
    longest: float | None = None
    """A run that went on for so long is set aside in any case."""


@dataclass(frozen=True)
class Ticket:
    """What is known of a run that waits or goes on. `joined` says when it began to wait."""

    run: str
    visitor: str
    trains: bool
    joined: float
    bytes: int = 0
    on_gpu: bool = False
    unwatched: bool = False


def may_join(ticket: Ticket, waiting: Sequence[Ticket], limits: Limits) -> None:
    """Raises `RegistryFull` with a sentence where no more may wait."""
    if len(waiting) >= limits.waiting:
        raise RegistryFull(
            f"{len(waiting)} runs wait here already, which is all that this server lets wait: try again in a few minutes."
        )
    mine = sum(other.visitor == ticket.visitor for other in waiting)
    if limits.waiting_a_visitor is not None and mine >= limits.waiting_a_visitor:
        raise RegistryFull(
            f"{mine} runs of yours wait here already, which is all that one visitor may have in line: stop one of them first."
        )


def in_order(waiting: Sequence[Ticket], served: Mapping[str, float]) -> list[Ticket]:
    """Those that wait, the next first; `served` says when each visitor was let in last."""
    left, last, ordered = sorted(waiting, key=lambda ticket: ticket.joined), dict(served), []
    turn = max(last.values(), default=0.0)
    while left:
        chosen = min(left, key=lambda ticket: (ticket.unwatched, last.get(ticket.visitor, float("-inf")), ticket.joined))
        turn += 1.0
        last[chosen.visitor] = turn
        left.remove(chosen)
        ordered.append(chosen)
    return ordered


def at_limit(ticket: Ticket, going: Sequence[Ticket], limits: Limits) -> bool:
    """Whether a visitor has as many runs of this kind going on as one may have."""
    mine = sum(other.visitor == ticket.visitor and other.trains == ticket.trains for other in going)
    return limits.a_visitor is not None and mine >= limits.a_visitor


def has_room(ticket: Ticket, going: Sequence[Ticket], limits: Limits) -> bool:
    """Whether there is a place for a run, and memory."""
    places = limits.trainings if ticket.trains else limits.others
    if sum(other.trains == ticket.trains for other in going) >= places:
        return False
    limit = limits.gpu_memory if ticket.on_gpu else limits.memory
    beside = [other.bytes for other in going if other.on_gpu == ticket.on_gpu]
    return limit is None or not beside or sum(beside) + ticket.bytes <= limit


def waits(places: int, left: Sequence[float], takes: Sequence[float]) -> list[float]:
    """Seconds until each of those in line is let in: `left` are the seconds for which the runs that go on will hold theirs of the `places`, `takes` those
    that each in line will hold one, in order. Every place goes to the next in line at the moment it is free."""
    free = [0.0] * max(0, places - len(left)) + [max(0.0, seconds) for seconds in left]
    heapq.heapify(free)
    found = []
    for seconds in takes:
        found.append(free[0])
        heapq.heapreplace(free, free[0] + seconds)
    return found


def sentence(place: int, seconds: float) -> str:
    """ "Third in line, about 2 min." """
    nth = NTH[place - 1] if place <= len(NTH) else f"Number {place}"
    return f"{nth} in line, {about(seconds)}."


def about(seconds: float) -> str:
    """A time to wait, no finer than it is known."""
    if seconds < 45:
        return "less than a minute"
    return f"about {round(seconds / 60)} min" if seconds < 5400 else f"about {round(seconds / 3600)} h"


def minutes(seconds: float) -> str:
    """A limit in words."""
    if seconds < 60:
        return f"{round(seconds)} s"
    n = round(seconds / 60)
    return "1 minute" if n == 1 else f"{n} minutes"
