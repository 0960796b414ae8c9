"""Whoever waits, on an event loop, for news that threads bring."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable


class Waiters:
    """Those who wait for what changes under the lock `changed`."""

    def __init__(self, changed: threading.Condition) -> None:
        self._changed = changed
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    async def wait(self, come: Callable[[], bool], timeout: float) -> None:
        """Returns at once where it has `come`, else at the next `wake`, or after `timeout` seconds."""
        waiter = (asyncio.get_running_loop(), asyncio.Event())
        with self._changed:
            if come():
                return
            self._waiting.add(waiter)
        try:
            await asyncio.wait_for(waiter[1].wait(), timeout)
        except TimeoutError:
            pass
        finally:
            with self._changed:
                self._waiting.discard(waiter)

    def wake(self) -> None:
        """Something has changed. With the lock held."""
        self._changed.notify_all()
        for loop, event in self._waiting:
            try:
                loop.call_soon_threadsafe(event.set)
            except RuntimeError:  # that loop has ended
                pass
