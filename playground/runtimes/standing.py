"""What was said to a run and still holds: what the next process is told that goes on with it."""

from __future__ import annotations

from playground.runs.control import Message


class Standing:
    """Settings as they are now, whether the run stands still, and for how many pictures somebody watches. Not questions and
    requests: whoever asked hears that they are lost."""

    def __init__(self) -> None:
        self._values: dict = {}
        self._moving: Message | None = None
        self._watch: Message | None = None

    def take(self, message: Message) -> None:
        """Another message, checked already."""
        match message["kind"]:
            case "set":
                self._values |= message["values"]
            case "pause" | "resume" | "stop":
                self._moving = message if not self.stopped else self._moving
            case "watch":
                self._watch = message

    def messages(self) -> list[Message]:
        """To be sent again."""
        values = {"kind": "set", "values": dict(self._values)} if self._values else None
        return [message for message in (values, self._watch, self._moving) if message is not None]

    @property
    def values(self) -> dict:
        """Settings that were changed."""
        return dict(self._values)

    def rate(self, usual: float) -> float:
        """Pictures a second that are wanted; `usual` where nobody said."""
        return self._watch["rate"] if self._watch else usual

    @property
    def paused(self) -> bool:
        """Whether it stands still."""
        return self._moving is not None and self._moving["kind"] == "pause"

    @property
    def stopped(self) -> bool:
        """Whether it was told to stop."""
        return self._moving is not None and self._moving["kind"] == "stop"
