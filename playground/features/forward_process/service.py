"""The server function behind the forward process: examples of a data set, and the schedules, which a worker computes once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from playground.config import DiffusionConfig, field_specs
from playground.features.forward_process.view import forward_payload, schedule_tables
from playground.runtimes import RunRegistry
from playground.runtimes.jobs import first_arrays
from playground.runtimes.refusals import answering

TASK = "playground.features.forward_process.run:forward_run"
SCHEDULES = field_specs(DiffusionConfig)["schedule"].choices


class ScheduleTables:
    """The tables of all schedules, from one short job of the registry; kept from the first page on."""

    def __init__(self, registry: RunRegistry) -> None:
        self._registry, self._lock, self._arrays = registry, threading.Lock(), None

    def arrays(self) -> dict[str, np.ndarray]:
        """As `run.tables` says. Blocks for the first who asks, and whoever comes meanwhile. Raises a refusal with a sentence."""
        with self._lock:
            if self._arrays is None:
                self._arrays = first_arrays(self._registry.run_job(TASK))
            return self._arrays

    def tables(self) -> dict[str, Any]:
        """The same for a page."""
        return schedule_tables(self.arrays(), SCHEDULES)

    def server_function(self) -> Callable:
        """`forward_process(dataset)` -> the payload of `features/forward_process/view.py`, or `{"error": sentence}`."""

        @answering
        def forward_process(dataset: Any) -> dict[str, Any]:
            return forward_payload(self.tables(), dataset)

        return forward_process
