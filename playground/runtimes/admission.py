"""Lets runs in: each waits in line until there is a place for it, says which it is there, and gives its place up when it must, never what it learned.

A run that is paused holds no place that others need: it is set aside, that is, it ends with a checkpoint, and Continue puts it in line again. A training
whose turn is over while others wait gets in line again by itself.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from playground.config import RunConfig
from playground.runtimes.base import RegistryError, Runtime
from playground.runtimes.footprint import BASE, estimate, on_gpu
from playground.runtimes.line import USUAL, Limits, Ticket, at_limit, has_room, in_order, may_join, minutes, sentence, waits
from playground.runtimes.live import LiveRun
from playground.runtimes.log import note

UNWATCHED_SECONDS = 30.0
"""After which a run in line that no page asks about goes last."""
REMEMBERED = 20
"""Runs that have ended, of which the mean says how long the next will take."""
LEAVE = "You may leave this page: it starts by itself."
BEHIND_OWN = "Waits for another run of yours, {} at a time here: it starts when that ends."
HELD = "The teacher has paused all: it starts when all go on."
IN_LINE = "This run waits in line, so there is nothing to pause: it can be stopped."
AGAIN = "Continue puts it in line again."
ENDED = "What it found so far is kept."


class Admission:
    """The line of a registry. Every method may be called from any thread; our lock comes before that of a run."""

    def __init__(
        self,
        runs: dict[str, LiveRun],
        runtime: Runtime,
        limits: Limits,
        stop: Callable[[str, str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limits = limits
        self._runs, self._runtime, self._stop, self._clock = runs, runtime, stop, clock
        self._lock = threading.RLock()
        self._tickets: dict[str, Ticket] = {}
        self._served: dict[str, float] = {}
        self._turns = 0.0
        self._took = {kind: deque[float](maxlen=REMEMBERED) for kind in (True, False)}
        self.closed = False
        self.held = False  # nobody is let in, and nobody gives way

    def join(self, live: LiveRun, visitor: str, begin: Callable[[], None]) -> None:
        """Puts a run in line, and lets it in where there is a place. `begin` readies it once it may wait.

        Raises `RegistryFull` with a sentence where no more may wait.
        """
        run = live.record.run_id
        with self._lock:
            ticket = self._ticket(live, visitor)
            going = self._going()
            if at_limit(ticket, going, self.limits) or not has_room(ticket, going, self.limits):
                may_join(ticket, self._waiting(), self.limits)
            begin()
            live.over, live.visitor = self.over, visitor
            self._tickets[run] = ticket
            note("asked", run, task="training" if ticket.trains else "study or samples")
            self._let_in()

    def rejoin(self, live: LiveRun) -> None:
        """A run holds a place already, that goes on since before this program began; whose it was is not known."""
        with self._lock:
            live.over = self.over
            self._tickets[live.record.run_id] = self._ticket(live, live.record.run_id)
            note("goes on", live.record.run_id, step=live.record.step)

    def _ticket(self, live: LiveRun, visitor: str) -> Ticket:
        config, size = live.config, estimate(live.config) if isinstance(live.config, RunConfig) else int(BASE)
        return Ticket(live.record.run_id, visitor, live.trains, self._clock(), size, on_gpu(getattr(config, "device", "cpu")))

    def leave(self, live: LiveRun, reason: str) -> bool:
        """Takes a run out of the line, at once; whether it was there."""
        with self._lock:
            if not live.record.waiting:
                return False
            self._tickets.pop(live.record.run_id, None)
            live.leave_line(reason)
            live.ended = self._clock()
            self._let_in()
        return True

    def over(self, live: LiveRun) -> None:
        """An attempt has ended: the next run comes. One that goes on nonetheless is in line again."""
        with self._lock:
            ticket = self._tickets.get(live.record.run_id)
            if ticket is not None and live.record.waiting:
                self._tickets[ticket.run] = replace(ticket, joined=self._clock())
            elif ticket is not None and not live.record.active:
                del self._tickets[ticket.run]
                live.ended = self._clock()
                note("ended", ticket.run, status=live.record.status, step=live.record.step)
                if live.record.status == "finished":
                    self._took[ticket.trains].append(self._clock() - live.began)
            self._let_in()

    def sweep(self) -> None:
        """Lets go of places that are held for too long, and tells those who wait where they are."""
        with self._lock:
            for ticket in self._going():
                if live := self._runs.get(ticket.run):  # it may have left the memory meanwhile
                    self._sweep_one(live, ticket)
            self._let_in()

    def known(self) -> list[LiveRun]:
        """All runs in memory, in the order in which they came."""
        return list(self._runs.values())

    def relimit(self, **changes: int | float | None) -> None:
        """Other limits from now on; whoever has a place by them is let in at once."""
        with self._lock:
            self.limits = replace(self.limits, **changes)
            self._let_in()

    def hold(self, held: bool) -> None:
        """Lets nobody in and lets nobody give his place away, or both again: so all can stand still together, and go on as they were."""
        with self._lock:
            self.held = held
            self._let_in()

    def close(self) -> None:
        """Nobody is let in any more."""
        with self._lock:
            self.closed = True

    def counts(self) -> dict[str, int]:
        """How many runs go on, and how many wait."""
        with self._lock:
            return {"running": len(self._going()), "waiting": len(self._waiting())}

    def _going(self) -> list[Ticket]:
        self._tickets = {run: ticket for run, ticket in self._tickets.items() if run in self._runs}
        return [ticket for run, ticket in self._tickets.items() if not self._runs[run].record.waiting]

    def _waiting(self) -> list[Ticket]:
        now = self._clock()

        def unwatched(live: LiveRun) -> bool:
            return not live.watched and now - live.touched > UNWATCHED_SECONDS

        return [
            replace(ticket, unwatched=unwatched(self._runs[run]))
            for run, ticket in self._tickets.items()
            if run in self._runs and self._runs[run].record.waiting
        ]

    def _let_in(self) -> None:
        if self.closed:
            return
        for trains in (True, False):
            waiting = in_order([ticket for ticket in self._waiting() if ticket.trains == trains], self._served)
            going = self._going()
            for ticket in waiting if not self.held else ():
                if at_limit(ticket, going, self.limits):
                    continue
                if not has_room(ticket, going, self.limits):
                    break
                self._turns += 1.0
                self._served[ticket.visitor] = self._turns
                self._runs[ticket.run].launch(self._runtime, self._clock())
                going.append(ticket)
                note("begins", ticket.run, waited=round(self._clock() - ticket.joined, 1), going=len(going))
            self._tell(trains)
        known = {ticket.visitor for ticket in self._tickets.values()}
        if len(self._served) > 4 * len(known) + 1000:
            self._served = {visitor: turn for visitor, turn in self._served.items() if visitor in known}

    def _tell(self, trains: bool) -> None:
        """Says to each in line where it is, and for how long."""
        waiting = in_order([ticket for ticket in self._waiting() if ticket.trains == trains], self._served)
        going = [ticket for ticket in self._going() if ticket.trains == trains]
        line: list[Ticket] = []
        behind: list[Ticket] = []
        for ticket in waiting:
            (behind if at_limit(ticket, going, self.limits) else line).append(ticket)
        left = [self._left(self._runs[ticket.run], trains) for ticket in going]
        times = waits(self.limits.trainings if trains else self.limits.others, left, [self._takes(trains)] * len(line))
        for place, (ticket, seconds) in enumerate(zip(line, times), 1):
            live = self._runs[ticket.run]
            if self.held:
                live.stand(place, None, HELD)
                continue
            then = f"It goes on from step {live.record.step:,}." if live.record.step else LEAVE
            live.stand(place, seconds, f"{sentence(place, seconds)} {then}")
        for ticket in behind:
            many = "one" if self.limits.a_visitor == 1 else f"{self.limits.a_visitor}"
            self._runs[ticket.run].stand(0, None, BEHIND_OWN.format(many))

    def _takes(self, trains: bool) -> float:
        """Seconds that a run is thought to hold a place."""
        took = self._took[trains]
        mean = sum(took) / len(took) if took else USUAL[trains]
        return min(mean, self.limits.turn or mean) if trains else mean

    def _left(self, live: LiveRun, trains: bool) -> float:
        """Seconds for which a run that goes on is thought to hold its place while others wait."""
        if live.record.status == "paused":
            return self.limits.pause_in_need
        ran, left = self._clock() - live.began, live.seconds_left()
        left = max(0.0, self._takes(trains) - ran) if left is None else left
        return min(left, self.limits.turn - ran) if trains and self.limits.turn is not None else left

    def _sweep_one(self, live: LiveRun, ticket: Ticket) -> None:
        limits, now, need = self.limits, self._clock(), "" if self.held else self._in_need(ticket)
        if live.attempt.stopping or not live.record.active:
            return
        stands = live.record.status == "paused" and not self.held
        live.stood = (live.stood if live.stood is not None else now) if stands else None
        ran, stood = now - live.began, 0.0 if live.stood is None else now - live.stood
        end = AGAIN if ticket.trains else ENDED
        if limits.longest is not None and ran >= limits.longest:
            self._stop(ticket.run, f"Set aside after {minutes(limits.longest)}, the longest that a run may take here. {end}")
        elif live.stood is not None and need and (need == "own" or stood >= limits.pause_in_need):
            self._stop(ticket.run, f"Set aside, for it was paused and another run waited for its place. {end}")
        elif live.stood is not None and limits.pause is not None and stood >= limits.pause:
            self._stop(ticket.run, f"Set aside after a pause of {minutes(limits.pause)}. {end}")
        elif ticket.trains and need and limits.turn is not None and ran >= limits.turn:
            live.returns = True
            self._stop(ticket.run, f"Its turn of {minutes(limits.turn)} is over, since others wait.")

    def _in_need(self, ticket: Ticket) -> str:
        """Whether some run waits for the place of this one, "own" where that is one of the same visitor; as many give way as wait. A run that would still
        wait for its own visitor's others does not count."""
        going = [other for other in self._going() if other.run != ticket.run]
        waiting = [other for other in self._waiting() if other.trains == ticket.trains and not at_limit(other, going, self.limits)]
        giving = sum(self._runs[other.run].attempt.stopping for other in going if other.trains == ticket.trains)
        if len(waiting) <= giving:
            return ""
        return "own" if any(other.visitor == ticket.visitor for other in waiting) and self.limits.a_visitor else "others"


def no_pause(live: LiveRun) -> None:
    """Raises `RegistryError` for a run that waits: it stands still already."""
    if live.record.waiting:
        raise RegistryError(IN_LINE)
