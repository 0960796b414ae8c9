"""A page's question to a model, before it is passed on: its form and its size checked."""

from __future__ import annotations

from typing import Any

from playground.config import ConfigError

MOST_VALUES = 6000
"""Numbers and words in all arguments together: 64 points of 64 dimensions, and some."""


def parse(request: Any) -> tuple[str, str, dict[str, Any], int | None]:
    """`[run, name, args]` -> run, name, args without `moment`, and `moment`. Raises `ConfigError`."""
    if not (
        isinstance(request, list)
        and len(request) == 3
        and all(isinstance(word, str) and len(word) <= 64 for word in request[:2])
        and isinstance(request[2], dict)
    ):
        raise ConfigError("A question is [run, name, args], with the arguments by name.")
    run, name, args = request
    if count(args) > MOST_VALUES:
        raise ConfigError(f"A question may hold {MOST_VALUES} values in all.")
    moment = args.get("moment")
    if moment is not None and (type(moment) is not int or not 0 <= moment < 2**31):
        raise ConfigError("The argument moment is refused: it must be the step of a moment of this run.")
    return run, name, {key: value for key, value in args.items() if key != "moment"}, moment


def count(value: Any, depth: int = 0) -> int:
    """How many values there are in nested lists and dicts; too many where they are nested deeper than any question needs."""
    if depth > 4:
        return MOST_VALUES + 1
    if isinstance(value, dict):
        return sum(1 + count(item, depth + 1) for item in value.values())
    if isinstance(value, list):
        return sum(count(item, depth + 1) for item in value[: MOST_VALUES + 1])
    return 1 + len(value) // 16 if isinstance(value, str) else 1
