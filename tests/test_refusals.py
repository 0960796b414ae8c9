"""A refusal is the answer of what a page calls; a mistake of ours stays an exception."""

from __future__ import annotations

import asyncio
import inspect
import typing

import gradio as gr
import pytest

from playground.config import ConfigError
from playground.runtimes import UnknownRun
from playground.runtimes.refusals import answering


@answering
def pressed(run: str, event: gr.EventData | None = None) -> dict[str, str]:
    """What a button calls."""
    if run == "mistake":
        raise KeyError(run)
    if run != "known":
        raise ConfigError(f"{run} is refused.")
    return {"run": run}


@answering
async def asked(run: str) -> dict[str, str]:
    await asyncio.sleep(0)
    if run == "mistake":
        raise KeyError(run)
    if run != "known":
        raise UnknownRun(run)
    return {"run": run}


def test_a_refusal_is_the_answer() -> None:
    assert pressed("known") == asyncio.run(asked("known")) == {"run": "known"}
    assert pressed("it") == {"error": "it is refused."}
    assert asyncio.run(asked("it")) == {"error": str(UnknownRun("it"))}


def test_a_mistake_stays_an_exception() -> None:
    with pytest.raises(KeyError):
        pressed("mistake")
    with pytest.raises(KeyError):
        asyncio.run(asked("mistake"))


def test_gradio_still_reads_what_the_function_takes() -> None:
    """It hands over the event by the annotation, and awaits what is a coroutine."""
    assert typing.get_type_hints(pressed)["event"] == gr.EventData | None
    assert list(inspect.signature(pressed).parameters) == ["run", "event"] and pressed.__doc__ == "What a button calls."
    assert inspect.iscoroutinefunction(asked) and not inspect.iscoroutinefunction(pressed)
