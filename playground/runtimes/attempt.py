"""What is said to a run while its worker may not be there yet."""

from __future__ import annotations

import threading

from playground.runs.control import Message, check_message
from playground.runtimes.asking import Questions
from playground.runtimes.base import LastingRun, Mark, Run


class Attempt:
    """One worker's part in a run: `continue_` makes a further one. Messages wait here until the worker has started."""

    def __init__(self) -> None:
        self._run: Run | None = None
        self._lock = threading.Lock()
        self._pending: list[Message] = []
        self.cancelled = False
        self.left = False
        self.stopping = False
        self.questions = Questions(self.send)

    def adopt(self, run: Run) -> None:
        """The worker has started."""
        with self._lock:
            self._run = run
            for message in self._pending:
                run.send(message)
        if self.cancelled:
            run.cancel()

    def send(self, message: Message) -> None:
        check_message(message)
        with self._lock:
            if self._run is None:
                self._pending.append(message)
            else:
                self._run.send(message)

    def cancel(self) -> None:
        self.cancelled = True
        if self._run is not None:
            self._run.cancel()

    @property
    def mark(self) -> Mark | None:
        """How far the events of a run have come that may outlast this program."""
        return self._run.mark if isinstance(self._run, LastingRun) else None

    def written(self, mark: Mark | None) -> None:
        """All up to there is on the disk."""
        if mark is not None and isinstance(self._run, LastingRun):
            self._run.written(mark)

    def leave(self) -> bool:
        """Let it go on without this program, where it can; whether it does."""
        self.left = isinstance(self._run, LastingRun) and self._run.leave()
        return self.left
