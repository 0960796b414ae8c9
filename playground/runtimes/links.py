"""Two names of a run. Its id is what steers it; its watch id is made of that one, and lets one look, and no more.

    watch = "watch-" + first 22 characters of base64url(SHA-256("watch " + run))

An id is 128 random bits, so nobody who has the watch id finds it (a preimage of SHA-256), and no secret is to be kept on the server: a link that was given
away holds after a restart.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable, Iterable
from typing import Any

from playground.runtimes.base import RegistryError

WATCH, KEPT = "watch-", "kept-"
"""How watch ids begin, and the ids of runs that came with the project, which nobody steers. No other id has a hyphen."""
EVERY = 1.0
ONLY_WATCHED = "This link is for watching: it does not steer the run. Train, or Continue from here, starts one of your own."


def watch_id(run: str) -> str:
    """That of a run; of a watch id, and of a run that came with the project, itself."""
    if run.startswith((WATCH, KEPT)):
        return run
    digest = hashlib.sha256(b"watch " + run.encode()).digest()
    return WATCH + base64.urlsafe_b64encode(digest).decode()[:22].replace("-", "_")


def is_watch(run: Any) -> bool:
    """Whether this could be a watch id."""
    return isinstance(run, str) and run.startswith(WATCH)


def to_steer(run: Any) -> Any:
    """The same id. Raises `RegistryError` for a watch id."""
    if is_watch(run):
        raise RegistryError(ONLY_WATCHED)
    return run


class Links:
    """Which run a watch id is of; `here()` are the ids of all runs in memory, where new ones begin, and `stored()` of those on the disk, which are listed
    once in `EVERY` seconds at most, however many unknown names are asked for."""

    def __init__(
        self, here: Callable[[], Iterable[str]], stored: Callable[[], Iterable[str]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._here, self._stored, self._clock = here, stored, clock
        self._known: dict[str, str] = {}
        self._listed = float("-inf")

    def run_of(self, name: Any) -> Any:
        """The id of the run that a watch id is of; anything else as it came."""
        if not is_watch(name) or len(name) > 64:
            return name
        if name not in self._known:
            found = {watch_id(run): run for run in self._here()}
            if name not in found and self._clock() - self._listed >= EVERY:
                self._known, self._listed = {watch_id(run): run for run in self._stored()}, self._clock()
            self._known |= found
        return self._known.get(name, name)
