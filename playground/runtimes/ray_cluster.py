"""Runs on a Ray cluster: an actor each, which Ray places where there is room. Needs the extra `ray`; imported only by `--ray ADDRESS`.

- Events are asked for and acknowledged (`ray_host.py`), so none is lost and none comes twice, and a reader that stalls stops the loop.
- Checkpoints to go on from and data that were brought travel as arguments, so through Ray's own object store: nodes need not share a disk.
- The code travels, too: it is the cluster's working folder, so nodes need the packages of requirements.txt and nothing of this project.
- Ray itself retries nothing. A training whose actor died goes on from its newest checkpoint in another one, with what was said to it since;
  the curves are cut back to that step, as by Continue. One that dies again before it has kept a newer checkpoint is given up.
- Trainings that are kept on the disk of this process outlast it: their actors are detached, have the run's name, keep what is not on the disk yet,
  and go on for some minutes. The next process that has the same folder finds them and goes on with their events where the disk ends. All
  other actors end with this process, and so does a cluster that it began (`local`).
- All else, such as measurements, what reads a file that somebody sent, and answers to questions, is done by workers of this machine.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Container, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayActorError, RayError
from ray.util import list_named_actors

from playground.data.own import shelf
from playground.runs.control import Message, check_message
from playground.runs.events import Checkpoint, Event, Failed, Finished
from playground.runtimes.base import IF_AGAIN, TRAININGS, Mark, RegistryError, Run, WorkerDied
from playground.runtimes.elsewhere import Elsewhere, wants_gpu
from playground.runtimes.ray_host import ALONE_SECONDS, Host, Parcel
from playground.runtimes.standing import Standing
from playground.runtimes.worker import WorkerRuntime

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = (".git", ".ci", "tests", "**/__pycache__", "assets/*.png", "assets/*.webp")
NAMESPACE = "playground"
NONE = (
    "No Ray cluster answers at {!r} ({}). Start one by: ray start --head; where it asks for a token, set RAY_AUTH_MODE=token and "
    "RAY_AUTH_TOKEN."
)
KNOCK_SECONDS = 10.0
GPU_SHARE = 0.25
"""Of a GPU for one run, and of its memory."""


class RayRun:
    """A task in an actor, and in the next one where that died. `begin` makes one, with its name where the run is to outlast us; `found` is one
    that was there before us, of whose events the first `arrived` are here."""

    def __init__(
        self,
        begin: Callable[[Parcel], tuple[str, Any]],
        parcel: Parcel,
        found: tuple[str, Any] | None = None,
        arrived: int = 0,
        standing: Standing | None = None,
        checkpoint: Checkpoint | None = None,
    ) -> None:
        self._begin, self._parcel, self._lock = begin, parcel, threading.Lock()
        self._cancelled, self._over, self._left = False, False, False
        self._step, self._checkpoint, self._resumed = 0, checkpoint, None
        self._standing = standing or Standing()
        self._arrived, self._written = arrived, arrived
        self._name, self._host = found or begin(parcel)

    def events(self) -> Iterator[Event]:
        """The actor's events as they come; a last `Failed` if it died and cannot go on."""
        try:
            while not self._cancelled:
                try:
                    events, over = ray.get(self._host.take.remote(self._arrived, self._written))
                except RayError as error:
                    if self._cancelled or self._left:
                        return
                    if not (isinstance(error, RayActorError) and self._again()):
                        yield self._death(error)
                        return
                    continue
                for number, event in events:
                    if self._left:
                        return
                    self._arrived = number
                    self._note(event)
                    yield event
                    if self._cancelled or isinstance(event, (Finished, Failed)):
                        return
                if self._left or (over and not events):
                    return
        finally:
            self._end()

    def send(self, message: Message) -> None:
        check_message(message)
        with self._lock:
            self._standing.take(message)
            if not self._over:
                self._host.send.remote(message)

    def cancel(self) -> None:
        self._cancelled = True
        self._end()

    @property
    def mark(self) -> Mark:
        """The actor, and the number of its event that came last."""
        return self._name, self._arrived

    @property
    def settings(self) -> dict[str, Any]:
        """Those that were changed."""
        return self._standing.values

    def written(self, mark: Mark) -> None:
        """All up to there is on the disk."""
        if mark[0] == self._name:
            self._written = max(self._written, mark[1])

    def leave(self) -> bool:
        """Lets it go on without us, where that can be; whether it does."""
        with self._lock:
            self._left = bool(self._name) and not self._over
        return self._left

    @property
    def pid(self) -> int:
        """Of the actor's process, on its node."""
        return ray.get(self._host.pid.remote())

    def _note(self, event: Event) -> None:
        self._step = getattr(event, "step", self._step)
        if isinstance(event, Checkpoint):
            self._checkpoint = event

    def _again(self) -> bool:
        """Goes on from the newest checkpoint in another actor, where there is a newer one than the last time."""
        kept = self._checkpoint
        if kept is None or kept is self._resumed:
            return False
        parcel = replace(self._parcel, kwargs=self._parcel.kwargs | {"resume": kept.data})
        with self._lock:
            if self._over:
                return False
            self._name, self._host = self._begin(parcel)
            self._resumed, self._arrived, self._written = kept, 0, 0
            for message in self._standing.messages():
                self._host.send.remote(message)
        return True

    def _death(self, error: RayError) -> WorkerDied:
        """What is said of an actor that is gone."""
        why = "could not be started" if self._step == 0 and not isinstance(error, RayActorError) else "ended unexpectedly"
        return WorkerDied(self._step, f"The worker on the cluster {why} at step {self._step}.", IF_AGAIN)

    def _end(self) -> None:
        with self._lock:
            if not self._over and not self._left:
                self._over = True
                ray.kill(self._host)


class RayRuntime(Elsewhere):
    """Starts `trainings` as actors in the cluster at `address`, `local` for one of its own on this machine, and all else in `workers`. `threads` is the
    most for one training, `cpus` what Ray reckons one to take; one that is to outlast us goes on for `alone` seconds. Raises `RegistryError` where
    no cluster answers."""

    def __init__(
        self,
        address: str,
        workers: WorkerRuntime,
        threads: int = 1,
        cpus: float = 1.0,
        gpu_share: float = GPU_SHARE,
        trainings: Container[str] = TRAININGS,
        alone: float = ALONE_SECONDS,
    ) -> None:
        super().__init__(workers, trainings)
        self._threads, self._cpus, self._gpu_share, self._alone = threads, cpus, gpu_share, alone
        self._outlasts_us = address != "local"
        if not ray.is_initialized():
            connect(address)

    @property
    def places(self) -> int:
        """How many tasks the cluster has processors for."""
        return max(1, int(ray.cluster_resources().get("CPU", 0.0) / self._cpus))

    def start(self, task: str, *args: Any, **kwargs: Any) -> Run:
        """An actor that runs `task`, which Ray starts when there is room, or a worker."""
        return self.start_lasting("", task, *args, **kwargs)

    def start_lasting(self, run: str, task: str, *args: Any, **kwargs: Any) -> Run:
        """The same; the actor outlasts this process where `run` is not empty, and is found again by it."""
        if task not in self._trainings:
            return self._workers.start(task, *args, **kwargs)
        share = self._gpu_share if wants_gpu(args) and ray.cluster_resources().get("GPU", 0.0) > 0.0 else 0.0
        name = run if self._outlasts_us else ""
        return RayRun(self._begin, Parcel(task, args, kwargs, self._threads, share, brought(args), name, self._alone))

    def find(self, run: str, mark: Mark | None, checkpoint: Checkpoint | None) -> RayRun | None:
        """A run of a process before this one that goes on in the cluster: its events after `mark` follow. None where there is none."""
        *past, name = sorted(name for name in list_named_actors() if name.rpartition("-")[0] == run) or [""]
        for each in filter(None, past):  # which died a moment ago
            end(each)
        if not name:
            return None
        try:
            host = ray.get_actor(name)
            parcel, standing = ray.get(host.about.remote(), timeout=KNOCK_SECONDS)
        except (RayError, ValueError):
            end(name)
            return None
        arrived = mark[1] if mark is not None and mark[0] == name else 0
        return RayRun(self._begin, parcel, (name, host), arrived, standing, checkpoint)

    def _begin(self, parcel: Parcel) -> tuple[str, Any]:
        """An actor, and its name where it has one: that of the run, and what no other actor of it has."""
        name = f"{parcel.run}-{time.time_ns()}" if parcel.run else ""
        lasting = {"name": name, "lifetime": "detached"} if name else {}
        needs = {"num_cpus": self._cpus, "num_gpus": parcel.gpu_share}
        actors = ray.remote(Host).options(**needs, max_concurrency=4, max_restarts=0, max_task_retries=0, **lasting)
        return name, actors.remote(parcel)


def end(name: str) -> None:
    """Ends an actor, if there is one of this name."""
    try:
        ray.kill(ray.get_actor(name))
    except (RayError, ValueError):
        pass


def connect(address: str) -> None:
    """Joins the cluster at `address`, with the code of this project. Raises `RegistryError`."""
    knock(address)
    code = {"working_dir": str(ROOT), "excludes": list(LEFT_OUT)}
    where: dict[str, Any] = {"include_dashboard": False} if address == "local" else {"address": address}
    try:
        ray.init(namespace=NAMESPACE, runtime_env=code, log_to_driver=False, **where)
    except (ConnectionError, RuntimeError, ValueError, RayError) as error:
        raise RegistryError(NONE.format(address[:80], str(error).strip().splitlines()[0][:200])) from None


def knock(address: str) -> None:
    """Raises `RegistryError` where nothing listens at `address`, if it is one: Ray would end the program instead."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not port.isdecimal():  # `local`, or `auto`
        return
    try:
        socket.create_connection((host, int(port)), KNOCK_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise RegistryError(NONE.format(address[:80], error)) from None


def brought(args: tuple) -> dict[str, bytes]:
    """The file of the data that a task's settings name, where somebody brought them: other nodes do not have it."""
    name = getattr(args[0], "dataset", None) if args else None
    if not (isinstance(name, str) and shelf.NAME.fullmatch(name)):
        return {}
    try:
        return {name: shelf.path_of(name).read_bytes()}
    except OSError:  # the task says that they are gone
        return {}
