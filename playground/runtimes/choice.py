"""Where this server's runs run, and how many at once: on workers of this machine, on GPUs that ZeroGPU lends, or on a Ray cluster."""

from __future__ import annotations

import os
from dataclasses import replace

from playground.runtimes.base import RegistryError, Runtime
from playground.runtimes.capacity import limits
from playground.runtimes.line import Limits
from playground.runtimes.worker import WorkerRuntime

ZEROGPU = "SPACES_ZERO_GPU"
"""A ZeroGPU Space sets it."""
NO_RAY = "Ray is not installed here. Install it by: pip install ray"
NO_SPACES = "This says that it is a ZeroGPU Space, and has no package `spaces`. Install it by: pip install spaces"


def choose(
    workers: WorkerRuntime, own: bool, a_visitor: int | None, ray: str | None = None, threads: int = 1
) -> tuple[Runtime, Limits]:
    """The runtime, and the limits of a server that has it. `ray` is the address of a cluster. Raises `RegistryError` with a sentence where
    one that is asked for cannot be had."""
    usual = limits(own, a_visitor)
    if ray is not None:
        try:
            from playground.runtimes.ray_cluster import RayRuntime
        except ImportError:
            raise RegistryError(NO_RAY) from None
        cluster = RayRuntime(ray, workers, threads)
        return cluster, replace(usual, trainings=max(usual.trainings, cluster.places), memory=None, gpu_memory=None)
    if os.environ.get(ZEROGPU, "").lower() in ("1", "t", "true"):
        try:
            from playground.runtimes.zerogpu import ZeroGPURuntime
        except ImportError:
            raise RegistryError(NO_SPACES) from None
        return ZeroGPURuntime(workers), usual
    return workers, usual
