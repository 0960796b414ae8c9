"""What this machine carries, from its cores, its memory and that of its GPU: the limits of a server of one's own, and of one that others reach."""

from __future__ import annotations

import shutil
import subprocess

from playground.runtimes.line import Limits
from playground.runtimes.machine import cores, machine_memory

FOR_RUNS = 0.75
"""Of the memory: the rest is for the web process, workers that answer questions, and the machine."""
FOR_GPU = 0.9
"""Of its memory: the rest is for what its driver keeps for each process."""
QUERY = ("nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits")
QUERY_SECONDS = 10


def gpu_memory() -> int | None:
    """Bytes of the first GPU, as its driver says; None where there is none, or none that says."""
    if shutil.which(QUERY[0]) is None:
        return None
    try:
        said = subprocess.run(QUERY, capture_output=True, text=True, timeout=QUERY_SECONDS, check=True).stdout
        return int(said.split()[0]) * 2**20
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None


def gpu_share(own: bool) -> float:
    """Of the GPU's memory, what each training may hold where others reach the server; 0, all of it, on one's own."""
    return 0.0 if own else FOR_GPU / cores()


def limits(own: bool, a_visitor: int | None = None) -> Limits:
    """Those of a server here. On one's own, four trainings at once, as many of them as their memory allows; where others reach it, one a core, one for each
    visitor, or `a_visitor`, and none for ever."""
    there, gpu = machine_memory(), gpu_memory()
    memory = None if there is None else int(FOR_RUNS * there)
    gpu = None if gpu is None else int(FOR_GPU * gpu)
    if own:
        return Limits(a_visitor=a_visitor, memory=memory, gpu_memory=gpu)
    return Limits(
        trainings=cores(),
        others=max(1, cores() // 2),
        a_visitor=a_visitor or 1,
        waiting=200,
        waiting_a_visitor=4,
        memory=memory,
        gpu_memory=gpu,
        pause=600.0,
        turn=300.0,
        longest=3600.0,
    )
