"""Token buckets: what each of many may still do, which fills with time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable


class Buckets:
    """Of no more than `most`; the one that was used longest ago is forgotten first, and then is full again."""

    def __init__(self, most: int, clock: Callable[[], float]) -> None:
        self._most, self._clock = most, clock
        self._left: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def left(self, who: Hashable, a_second: float, burst: float) -> float:
        """How much is in it: at most `burst`, and `a_second` more each second."""
        now = self._clock()
        left, before = self._left.get(who, (burst, now))
        return min(burst, left + a_second * (now - before))

    def keep(self, who: Hashable, left: float) -> None:
        """So much is left in it now."""
        self._left[who] = left, self._clock()
        self._left.move_to_end(who)
        while len(self._left) > self._most:
            self._left.popitem(last=False)
