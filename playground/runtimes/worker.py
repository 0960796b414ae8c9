"""The local default: every run is a worker process of its own, forked from a warm forkserver, over a pipe.

- The forkserver has imported torch and made one optimiser step (`warm.py`), so a worker gives its first event after
  some hundredths of a second. Elsewhere than Linux, workers are spawned, and take seconds to start.
- A worker blocks when nobody reads its events: that is the back-pressure. Messages never wait: a thread in the worker
  takes them off the pipe at once, also while a step or a send goes on. The same thread ends the worker when the pipe
  breaks, that is, when the server died.
- A dead worker breaks the pipe, so `events()` ends at once and says what happened.
- Workers do not import the program's main module (`multiprocessing` would run app.py, and so import Gradio, in each).
"""

from __future__ import annotations

import multiprocessing as mp
import os
import select
import signal
import sys
import threading
import traceback
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import spawn
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from playground.runs.control import Control, Message, check_message
from playground.runs.events import Event
from playground.runtimes.base import IF_AGAIN, WorkerDied, events_of

PRELOAD = "playground.runtimes.warm"
PROCESS_NAME = "playground-worker"
FORKSERVER = sys.platform.startswith("linux")
ANSWERS_NICE = 4
"""Of workers that answer questions: between the web process, 0, and trainings."""
MAX_BACKLOG = 1000  # messages kept for a frozen worker
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class WorkerSettings:
    """How a worker behaves towards the rest of the machine."""

    nice: int = 10
    threads: int = 1
    """At most, and for a training alone, which finds out how many are worth it; everything else has one."""
    memory_limit: int | None = None
    """Bytes of data a worker may hold (RLIMIT_DATA), torch's own 200 MB included; above it, allocation fails. It counts what
    a process may write to and has for itself, so not a large file that is only read. Not for a worker that uses a GPU, whose
    driver maps many times what it uses."""
    gpu_share: float = 0.0
    """Of the GPU's memory, what a worker that uses it may hold; 0: all that there is."""


def work(pipe: Connection, task: str, args: tuple, kwargs: dict[str, Any], settings: WorkerSettings) -> None:
    """What a worker process does: send the events of its task, then None."""
    gpu = _takes_gpu(args)
    _settle(settings, unlimited=gpu)
    control = Control()
    threading.Thread(target=_listen, args=(pipe, control), daemon=True).start()
    if gpu:
        share_gpu(settings.gpu_share)  # which wakes it up, and takes a while
    try:
        for event in events_of(task, args, kwargs, control):
            pipe.send(event)
        pipe.send(None)
    except (BrokenPipeError, ConnectionResetError):  # nobody is left to tell
        os._exit(1)


def _takes_gpu(args: tuple) -> bool:
    """Whether the settings of a task, its first argument, put it on a GPU; asked in a way that does not wake one up."""
    device = getattr(args[0], "device", "cpu") if args else "cpu"
    if device != "auto":
        return device == "cuda"
    import torch

    return torch.cuda.is_available()


def share_gpu(share: float) -> None:
    """From now on this process may hold that share of the GPU's memory, where there is one; 0: all that there is."""
    import torch

    if share > 0.0 and torch.cuda.is_available():
        torch.cuda.set_per_process_memory_fraction(share)


def _settle(settings: WorkerSettings, unlimited: bool = False) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in the terminal is for the server, which ends its workers
    if hasattr(os, "nice"):
        os.nice(settings.nice)
    os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
    import torch

    from playground.runs import threads

    torch.set_num_threads(1)
    threads.most = settings.threads
    if settings.memory_limit is not None and not unlimited and sys.platform != "win32":
        import resource

        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        allowed = settings.memory_limit if hard == resource.RLIM_INFINITY else min(settings.memory_limit, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (allowed, hard))


def _listen(pipe: Connection, control: Control) -> None:
    """Bring messages to the loop; when the server is gone, end this process, whatever its loop is doing."""
    while True:
        try:
            control.send(pipe.recv())
        except (EOFError, OSError):
            os._exit(1)
        except Exception:
            traceback.print_exc(file=sys.stderr)


class WorkerRun:
    """A worker process, seen from the server."""

    def __init__(self, process: BaseProcess, pipe: Connection) -> None:
        self._process, self._pipe = process, pipe
        self._sending, self._reading = threading.Lock(), threading.Lock()
        self._backlog: deque[Message] = deque(maxlen=MAX_BACKLOG)
        self._cancelled = False
        self._step = 0
        self.pid: int = process.pid or 0
        self._exitcode: int | None = None
        self._ending, self._over = threading.Lock(), False

    def events(self) -> Iterator[Event]:
        """The worker's events as they come; a last `Failed` if it died."""
        with self._reading:
            try:
                while (event := self._receive()) is not None:
                    self._step = getattr(event, "step", self._step)
                    if self._backlog:
                        self._flush()
                    yield event
            finally:
                self._tidy()

    def send(self, message: Message) -> None:
        check_message(message)
        self._backlog.append(message)
        self._flush()

    def cancel(self) -> None:
        self._cancelled = True
        with self._ending:
            if not self._over:
                self._process.kill()
        if self._reading.acquire(blocking=False):  # else events() does it
            try:
                self._tidy()
            finally:
                self._reading.release()

    def _flush(self) -> None:
        """Send what fits into the pipe; the rest, if the worker is frozen, at the next chance."""
        with self._sending:
            try:
                while self._backlog and _writable(self._pipe):
                    self._pipe.send(self._backlog.popleft())
            except OSError:  # it has ended; events() tells how
                self._backlog.clear()

    def _receive(self) -> Event | None:
        """The next event; None at the end."""
        if self._pipe.closed:
            return None
        try:
            return self._pipe.recv()
        except (EOFError, OSError):
            return None if self._cancelled or self._pipe.closed else self._death()

    def _death(self) -> WorkerDied:
        self._tidy()
        code = self._exitcode
        how = f"was killed (signal {-code})" if code is not None and code < 0 else "ended unexpectedly"
        return WorkerDied(self._step, f"The worker process {how} at step {self._step}.", IF_AGAIN)

    def _tidy(self) -> None:
        with self._sending:
            self._pipe.close()  # a worker that still lives ends by this
        if self._over:
            return
        self._process.join(2)
        if self._process.is_alive():
            self._process.kill()
            self._process.join(2)
        with self._ending:
            self._exitcode, self._over = self._process.exitcode, True
            try:
                self._process.close()  # it holds two descriptors for as long as somebody holds the process
            except ValueError:  # it does not even die of being killed
                pass


class WorkerRuntime:
    """Starts worker processes. `nice`, `threads`, `memory_limit` (bytes, or None) and `gpu_share` are those of `WorkerSettings`."""

    def __init__(self, nice: int = 10, threads: int = 1, memory_limit: int | None = None, gpu_share: float = 0.0) -> None:
        self._settings = WorkerSettings(nice, threads, memory_limit, gpu_share)
        self._context = mp.get_context("forkserver") if FORKSERVER else mp.get_context("spawn")
        self._starting = threading.Lock()
        _keep_main_out_of_workers()

    @property
    def memory_limit(self) -> int | None:
        """Bytes that one worker may hold; None where there is no limit."""
        return self._settings.memory_limit

    def for_answers(self) -> WorkerRuntime:
        """The same, less nice, with one thread: a person waits for an answer, and for no single step of a training."""
        return WorkerRuntime(ANSWERS_NICE, 1, self._settings.memory_limit, self._settings.gpu_share)

    def warm_up(self) -> None:
        """Launch the forkserver: it takes milliseconds here, and some seconds in the background until it is warm."""
        if not FORKSERVER:
            return
        from multiprocessing import forkserver

        with self._starting, _on_python_path(ROOT):
            self._context.set_forkserver_preload([PRELOAD])
            forkserver.ensure_running()  # launches it again if it died

    def start(self, task: str, *args: Any, **kwargs: Any) -> WorkerRun:
        """A worker that runs `task`. The first start waits for the forkserver to be warm."""
        self.warm_up()
        ours, theirs = self._context.Pipe()
        try:
            process = self._context.Process(
                target=work, args=(theirs, task, args, kwargs, self._settings), name=PROCESS_NAME, daemon=True
            )
            process.start()
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()  # so that the pipe breaks when the worker dies
        return WorkerRun(process, ours)


def _writable(pipe: Connection) -> bool:
    """Whether a small message fits into the pipe without waiting."""
    if not hasattr(select, "poll"):
        return True
    poll = select.poll()
    poll.register(pipe.fileno(), select.POLLOUT)
    return bool(poll.poll(0))


def _keep_main_out_of_workers() -> None:
    """Let our processes start without the program's main module; all others start as ever.

    `multiprocessing` sends each child the name of the main module, and the child runs it again under another name. Our
    tasks are named by module, so workers have no use for it.
    """
    original = spawn.get_preparation_data
    if getattr(original, "keeps_main_out", False):
        return

    def get_preparation_data(name: str) -> dict[str, Any]:
        data = original(name)
        if name == PROCESS_NAME:
            data.pop("init_main_from_name", None)
            data.pop("init_main_from_path", None)
        return data

    get_preparation_data.keeps_main_out = True
    spawn.get_preparation_data = get_preparation_data


@contextmanager
def _on_python_path(folder: Path) -> Iterator[None]:
    """Let a Python that is started meanwhile import from `folder`, wherever this one was started from.

    The forkserver imports its preloads before it hears of our `sys.path`, and says nothing when that fails.
    """
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), *([before] if before else [])])
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
