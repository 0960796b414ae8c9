"""What an evaluation found, for pages."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from playground.data.sheets import pixels_of
from playground.features.feature import Memory
from playground.runs.events import read_json
from playground.runtimes.records import RunRecord
from playground.views import answers
from playground.views.payloads import Payload


def evaluation_view(memory: Memory, record: RunRecord) -> dict[str, Payload]:
    """`evaluation`, as in `shape.py`."""
    return {"evaluation": payload(record.newest.arrays)}


def payload(arrays: Mapping[str, np.ndarray]) -> Payload:
    """The same from the arrays of a snapshot; of points there are no samples to be shown."""
    samples = arrays["samples"]
    images = pixels_of(samples) if samples.ndim == 4 else np.zeros((0, 1, 1), np.uint8)
    return read_json(arrays["table"]) | answers.answer({"samples": images})
