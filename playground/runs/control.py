"""What may be said to a running loop between two of its steps: pause, go on, stop, change a setting, show less, answer.

Messages are plain picklable dicts, so the same words travel through a call, a pipe or a cluster:

    {"kind": "pause"}   {"kind": "resume"}   {"kind": "stop"}   {"kind": "checkpoint"}
    {"kind": "set", "values": {"learning_rate": 1e-4}}     live settings; the loop checks them
    {"kind": "watch", "rate": 6.0}                         snapshots a second wanted; 0: nobody looks
    {"kind": "ask", "id": 7, "name": "decode", "args": {"z": [[0.0, 1.0]]}}   a question to the model (`questions/`)

A loop reads them like this:

    while control.paused:       # a stop ends a pause
        control.wait(1.0)       # sleeps until a message or for a second, then applies what came
    control.update()            # once a step
    if control.stopped: ...
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

Message = dict[str, Any]
Question = tuple[int, str, dict[str, Any]]
KINDS = ("pause", "resume", "stop", "set", "checkpoint", "watch", "ask")
SNAPSHOT_RATE = 6.0  # snapshots a second, as long as nobody asks for another rate
MAX_RATE = 60.0
MAX_ASKS = 64  # questions kept for a busy loop; older ones are forgotten
POLL_SECONDS = 0.05  # how often `wait` looks when it was given a `poll` but nothing to wait on


def check_message(message: Any) -> None:
    """Raise `ValueError` with one sentence if `message` is none of the above."""
    kind = message.get("kind") if isinstance(message, dict) else None
    if kind not in KINDS:
        raise ValueError(f"A run does not understand {kind!r}: it must be one of {', '.join(KINDS)}.")
    if kind == "set":
        values = message.get("values")
        if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
            raise ValueError("A 'set' message needs 'values': a dict from names of settings to their new values.")
    if kind == "watch":
        rate = message.get("rate")
        if not isinstance(rate, (int, float)) or isinstance(rate, bool) or not math.isfinite(rate) or not 0 <= rate <= MAX_RATE:
            raise ValueError(f"A 'watch' message needs 'rate': a number from 0 to {MAX_RATE:g} snapshots a second.")
    if kind == "ask":
        types = {"id": int, "name": str, "args": dict}
        if not all(type(message.get(name)) is wanted for name, wanted in types.items()):
            raise ValueError("An 'ask' message needs 'id': a whole number, 'name': a text, and 'args': a dict.")


class Control:
    """The mailbox between a run and whoever steers it.

    Any thread may `send`; one thread, the loop's, calls everything else. `poll` brings further messages from elsewhere
    (it must not block); `wait_for_poll(timeout)` sleeps until `poll` would bring some - for a pipe, `connection.poll`.
    """

    def __init__(
        self, poll: Callable[[], Iterable[Message]] | None = None, wait_for_poll: Callable[[float], Any] | None = None
    ) -> None:
        self._poll, self._wait_for_poll = poll, wait_for_poll
        self._inbox: deque[Message] = deque()
        self._arrived = threading.Condition()
        self._changes: dict[str, Any] = {}
        self._checkpoint_wanted = False
        self._asks: deque[Question] = deque(maxlen=MAX_ASKS)
        self.paused = False
        self.stopped = False
        self.snapshot_rate = SNAPSHOT_RATE
        """Snapshots a second that somebody looks at; 0 means: make none."""

    def send(self, message: Message) -> None:
        """Leave `message` for the loop. Raises `ValueError` with a sentence when it makes no sense."""
        check_message(message)
        with self._arrived:
            self._inbox.append(message)
            self._arrived.notify_all()

    def update(self) -> bool:
        """Apply every message that has come; True if there was one."""
        messages = list(self._poll()) if self._poll else []
        while self._inbox:
            messages.append(self._inbox.popleft())
        for message in messages:
            check_message(message)
            self._apply(message)
        return bool(messages)

    def wait(self, timeout: float) -> bool:
        """Sleep until a message comes, at most `timeout` seconds; then `update`. True if there was one."""
        if self._poll is None:
            with self._arrived:
                self._arrived.wait_for(lambda: bool(self._inbox), timeout)
            return self.update()
        deadline = time.monotonic() + timeout
        while not self.update():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            if self._wait_for_poll:
                self._wait_for_poll(left)
            else:
                with self._arrived:
                    self._arrived.wait_for(lambda: bool(self._inbox), min(left, POLL_SECONDS))
        return True

    def pop_changes(self) -> dict[str, Any]:
        """The newest value of each setting changed since the last call. Unchecked: the loop knows its config."""
        changes, self._changes = self._changes, {}
        return changes

    def pop_checkpoint_request(self) -> bool:
        """Whether somebody asked for a checkpoint since the last call."""
        wanted, self._checkpoint_wanted = self._checkpoint_wanted, False
        return wanted

    def pop_asks(self, limit: int = MAX_ASKS) -> list[Question]:
        """Questions that came and were not popped yet, oldest first, at most `limit`: `(id, name, args)`, args unchecked."""
        if not self._asks:
            return []
        return [self._asks.popleft() for _ in range(min(limit, len(self._asks)))]

    def _apply(self, message: Message) -> None:
        match message["kind"]:
            case "pause":
                self.paused = not self.stopped
            case "resume":
                self.paused = False
            case "stop":
                self.stopped, self.paused = True, False
            case "set":
                self._changes.update(message["values"])
            case "checkpoint":
                self._checkpoint_wanted = True
            case "watch":
                self.snapshot_rate = float(message["rate"])
            case "ask":
                self._asks.append((message["id"], message["name"], message["args"]))
