"""Trainings that outlast the program that began them: the next one finds them where they run, and goes on with them from where the disk ends."""

from __future__ import annotations

from playground.runs.events import Checkpoint
from playground.runtimes.admission import Admission
from playground.runtimes.base import Lasting, RegistryError, Runtime
from playground.runtimes.live import LiveRun
from playground.runtimes.log import reported
from playground.runtimes.memory import Memory
from playground.runtimes.store import RunStore

GOING = ("starting", "running", "paused")


def take_up(runtime: Runtime, task: str, memory: Memory, admission: Admission) -> None:
    """All runs of the store, if there is one, that still go on in `runtime`, and that no other program follows: they are in memory then, and hold a
    place. `task` is what Continue starts. May take some seconds where there are any."""
    store = memory.store
    if store is None or not isinstance(runtime, Lasting):
        return
    for entry in store.shelf.entries():
        if entry.status in GOING and not entry.trouble:
            with reported():
                take_one_up(entry.run, runtime, task, memory, store, admission)


def take_one_up(run: str, runtime: Lasting, task: str, memory: Memory, store: RunStore, admission: Admission) -> None:
    """One of them, if it still goes on."""
    try:
        store.claim(run)
    except RegistryError:  # another program follows it
        return
    record, history, *_ = store.read(run)
    checkpoint = Checkpoint(record.checkpoint_step, record.checkpoint) if record.checkpoint else None
    found = runtime.find(run, record.mark, checkpoint)
    if found is None:
        store.forget(run)
        return
    live = memory.runs[run] = LiveRun.opened(record, history, memory.clock(), memory.noted)
    admission.rejoin(live)
    live.take_up(found, task, memory.clock())
