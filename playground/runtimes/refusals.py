"""What may be refused with a sentence: an exception of one of these kinds is the caller's to read, any other is a mistake of ours."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

from playground.config import ConfigError
from playground.data import DataError
from playground.runtimes.base import RegistryError, UnknownRun

REFUSALS = (ConfigError, DataError, RegistryError, UnknownRun, ValueError)


def answering(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` for a page, to which an exception would be nothing at all: a refusal is its answer, `{"error": sentence}`."""
    if inspect.iscoroutinefunction(function):

        @wraps(function)
        async def awaited(*args: Any, **kwargs: Any) -> Any:
            try:
                return await function(*args, **kwargs)
            except REFUSALS as error:
                return refusal(error)

        return awaited

    @wraps(function)
    def answer(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except REFUSALS as error:
            return refusal(error)

    return answer


def refusal(error: Exception) -> dict[str, Any]:
    """What a page is told: the sentence, and the settings that would be right where the error knows them (`ConfigError.way`)."""
    way = getattr(error, "way", None)
    return {"error": str(error)} | ({"way": way} if way else {})
