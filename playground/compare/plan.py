"""Several runs that are begun together and go one after another: their places in line, how far all of it is, and how it is stopped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any

from playground.runtimes import RegistryError, RegistryFull, RunRecord, RunRegistry
from playground.runtimes.records import ACTIVE, Status, new_id
from playground.runtimes.refusals import REFUSALS

TICK = 0.2
UNSEEN = 45.0
"""Seconds after which a plan that nobody asks about is no longer looked after, where others use the server, too: its runs pause then, like all that
nobody watches."""
MOST_WAITING, KEPT = 8, 64
"""Plans in line, and plans that are remembered."""
FULL = f"{MOST_WAITING} comparisons are in line here already: please try again later."


def nothing(record: RunRecord) -> None:
    """What is done with a run that has ended."""


@dataclass
class Job:
    """One run of a plan. `begin` starts it and returns its id, or raises a refusal; `work` is what runs that take as long a step have in
    common; `of` is the run that is trained, or measured."""

    title: str
    begin: Callable[[], str]
    steps: int
    work: str = ""
    trains: bool = True
    ended: Callable[[RunRecord], None] = nothing
    needs: Job | None = None
    """Another, without which this one cannot be."""
    state: Status = "waiting"
    run: str = ""
    of: str = ""
    message: str = ""
    pace: float | None = None
    """Seconds a step, as far as it is known."""


@dataclass
class Plan:
    """Jobs in their order."""

    title: str
    jobs: Sequence[Job]
    id: str = field(default_factory=new_id)
    stopping: bool = False
    over: bool = False
    context: Context = field(default_factory=copy_context)
    """Who began it: the runs of a plan stand in line for that visitor."""
    asked: float = field(default_factory=time.monotonic)
    """When somebody asked last how far it is."""


class Conductor:
    """Does one plan after another, in a thread of its own. `own`: nobody else uses this server, so that a plan goes on with no page open.
    Every public method may be called from any thread."""

    def __init__(self, registry: RunRegistry, own: bool) -> None:
        self.registry, self.own = registry, own
        self._plans: dict[str, Plan] = {}
        self._paces: dict[str, float] = {}
        self._lock, self._thread = threading.Lock(), threading.Thread()

    def begin(self, plan: Plan) -> str:
        """Puts a plan in line and returns its id. Raises `RegistryFull` where there are too many."""
        with self._lock:
            if sum(not each.over for each in self._plans.values()) > MOST_WAITING:
                raise RegistryFull(FULL)
            ended = [each.id for each in self._plans.values() if each.over]
            for each in ended[: max(0, len(self._plans) - KEPT)]:
                del self._plans[each]
            self._plans[plan.id] = plan
            if not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="conductor", daemon=True)
                self._thread.start()
        return plan.id

    def find(self, plan: Any) -> Plan:
        """Raises `RegistryError` for one that is not known."""
        if not isinstance(plan, str) or plan not in self._plans:
            raise RegistryError("This comparison is not known here: the server was restarted since. Its runs are in the library.")
        return self._plans[plan]

    def command(self, plan: Any, name: str) -> None:
        """`stop` ends all of it; `pause` and `resume` are for the run that goes on."""
        found = self.find(plan)
        if name == "stop":
            found.stopping = True
            return
        for job in found.jobs:
            if job.state in ACTIVE and job.run:
                (self.registry.pause if name == "pause" else self.registry.resume)(job.run)

    def status(self, plan: Any) -> dict[str, Any]:
        """`ComparePlan` in `shape.py`."""
        found = self.find(plan)
        found.asked = time.monotonic()
        ahead = [each for each in self._plans.values() if not each.over]
        jobs = [self._told(job) for job in found.jobs]
        left = [job["left"] for job in jobs if job["left"] is not None]
        unknown = sum(job["left"] is None and not ended(job["state"]) for job in jobs)
        return {
            "plan": found.id,
            "title": found.title,
            "state": "over" if found.over else "stopping" if found.stopping else "in line" if ahead.index(found) else "going on",
            "place": 0 if found.over else ahead.index(found),
            "jobs": jobs,
            "left": sum(left) if not found.over else 0.0,
            "unknown": unknown,
        }

    def _told(self, job: Job) -> dict[str, Any]:
        """A job as a page sees it."""
        step, seconds, left = 0, 0.0, None
        if job.run and (record := self._record(job.run)) is not None:
            step, progress = record.step, record.progress
            seconds = progress.seconds if progress else 0.0
            if record.active and progress and progress.steps_per_second > 0:
                left = max(0.0, job.steps - step) / progress.steps_per_second
        elif job.state == "waiting" and (pace := self._paces.get(job.work, job.pace)) is not None:
            left = pace * job.steps
        told = {name: getattr(job, name) for name in ("title", "state", "run", "of", "steps", "trains", "message")}
        return told | {"step": step, "seconds": seconds, "left": 0.0 if ended(job.state) else left}

    def _record(self, run: str) -> RunRecord | None:
        try:
            return self.registry.get(run)
        except REFUSALS:
            return None

    # --- the thread -----------------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        while True:
            with self._lock:
                plan = next((each for each in self._plans.values() if not each.over), None)
                if plan is None:
                    self._thread = threading.Thread()  # the next plan starts another
                    return
            for job in plan.jobs:
                self._do(plan, job)
            plan.over = True

    def _do(self, plan: Plan, job: Job) -> None:
        """One job from its beginning to its end, whatever becomes of it."""
        try:
            if job.needs is not None and job.needs.state != "finished" and not plan.stopping:
                job.state, job.message = "failed", f"It needs “{job.needs.title}”, which has not finished."
                return
            if self._start(plan, job):
                self._follow(plan, job)
        except (*REFUSALS, OSError) as error:
            job.state, job.message = "failed", str(error)

    def _start(self, plan: Plan, job: Job) -> bool:
        """Starts it as soon as there is a place; False where the plan is stopped before."""
        while not plan.stopping:
            try:
                job.state, job.run, job.message = "starting", plan.context.run(job.begin), ""
                job.of = job.of or job.run
                return True
            except RegistryFull:
                job.state, job.message = "waiting", "Waits for a place: other runs go on here."
                time.sleep(5 * TICK)
        job.state = "stopped"
        return False

    def _follow(self, plan: Plan, job: Job) -> None:
        """Watches a run until it has ended."""
        told = False
        while (record := self.registry.get(job.run)).active:
            job.state, job.message = record.status, record.message
            if self.own or time.monotonic() - plan.asked < UNSEEN:
                self.registry.touch(job.run)
            if plan.stopping and not told:
                self.registry.stop(job.run)
                told = True
            time.sleep(TICK)
        job.state, job.message = record.status, f"{record.message} {record.suggestion}".strip()
        if record.progress and record.step:
            self._paces[job.work] = record.progress.seconds / record.step
        job.ended(record)


def ended(state: str) -> bool:
    """Whether nothing more comes of a job."""
    return state not in ACTIVE
