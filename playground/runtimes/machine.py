"""How much memory and how many cores this machine has, what share of it one worker may hold, and how this process asks for its own. No torch in here."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

GIB = 2**30
LEAST = 3 * GIB // 2
"""A worker needs some 300 MB before it trains anything, and 1 GB for the largest of the trainings that the page proposes."""

SHARE = 0.25
"""Of the machine's memory for one worker, by default: as many trainings as are admitted then fit beside each other."""
CGROUP = tuple(Path("/sys/fs/cgroup") / name for name in ("memory.max", "memory/memory.limit_in_bytes"))
"""Where a container says how much of the machine is its own (versions 2 and 1)."""

QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""Microseconds of processor time in so many microseconds."""

M_ARENA_MAX = -8
"""What `mallopt` of glibc calls the number of arenas (malloc.h)."""


def machine_memory() -> int | None:
    """Bytes of memory that this machine, or the container, has; None where that cannot be found out."""
    try:
        there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not on Windows
        return None
    return min([there, *(limit for path in CGROUP if (limit := _number(path)))])


def worker_memory(share: float = SHARE) -> int | None:
    """Bytes that one worker may hold by default; None, no limit, where the machine does not say what it has."""
    there = machine_memory()
    return None if there is None else max(LEAST, int(share * there))


def cores() -> int:
    """Processor cores that this program may use at once: those that it may run on, or the whole ones of a container's quota if that is fewer."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = QUOTA.read_text().split()
        return max(1, min(there, int(quota) // int(period)))
    except (OSError, ValueError):  # no container, or "max"
        return there


def few_arenas(most: int = 2) -> bool:
    """Lets the threads of this process share `most` arenas of glibc's allocator, which makes eight a core by itself: a web process whose threads come and
    go keeps pages in each (338 MB after 300 runs, 368 after 1,000; with two 276 and 280). False where the C library is another."""
    try:
        return bool(ctypes.CDLL(None).mallopt(M_ARENA_MAX, most))
    except (AttributeError, OSError, TypeError):  # another C library; Windows has none by that name
        return False


def _number(path: Path) -> int | None:
    """The number in a file; None where there is no such file, or a word such as "max"."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None
