"""Where a run runs: in this process, in a worker process; and the registry that pages ask about runs.

Nothing here imports torch: the web process never needs it.
"""

from playground.runtimes.base import RegistryError, RegistryFull, Run, Runtime, UnknownRun
from playground.runtimes.inprocess import InProcessRuntime
from playground.runtimes.records import RunRecord
from playground.runtimes.registry import RunRegistry
from playground.runtimes.worker import WorkerRuntime

__all__ = [
    "InProcessRuntime",
    "RegistryError",
    "RegistryFull",
    "Run",
    "RunRecord",
    "RunRegistry",
    "Runtime",
    "UnknownRun",
    "WorkerRuntime",
]
