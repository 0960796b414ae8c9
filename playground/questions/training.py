"""A training that can be asked: the heart knows no question, so it is handed somebody who answers them."""

from __future__ import annotations

from collections.abc import Iterator

from playground.config import RunConfig
from playground.questions.answerer import Answerer
from playground.runs import training
from playground.runs.control import Control
from playground.runs.events import Event


def train(
    config: RunConfig, control: Control | None = None, resume: bytes | None = None, source: bytes | None = None
) -> Iterator[Event]:
    """`training.train`, with an `Answer` to each question that comes: a few between two steps, all of them in a pause."""
    return training.train(config, control, resume, source, Answerer)
