"""The study of reflow: paths before and after, how straight they are, and how good samples are with few Euler steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from playground.data import load_dataset
from playground.features.feature import Memory
from playground.measures.networks import described
from playground.runs.events import read_json
from playground.runtimes.records import RunRecord
from playground.views.codec import q16
from playground.views.images import ImageRow, Payload, image_table
from playground.views.ranges import coding_range, data_range

PHASES = {
    "measuring before": "measuring the flow as it is",
    "pairs": "drawing pairs of noise and sample",
    "training": "training on the pairs",
    "measuring after": "measuring the flow after reflow",
    "done": "",
    "stopped": "stopped: what was measured so far",
}
FEW = 3
"""Of the numbers of steps, those whose images are shown."""


def reflow_views(memory: Memory, record: RunRecord) -> dict[str, Payload]:
    """`reflow`; of points also `reflow_paths`, both as in `shape.py`; of images `reflow_tiles`, laid out as an image table."""
    arrays, step = record.newest.arrays, record.newest.step
    numbers = read_json(arrays["numbers"])
    images = numbers["kind"] == "images"
    units = {"images": "pixel values (−1 to 1)", "points": "units of the data", "table": "standard deviations of the columns"}
    unit = f"energy distance, in {units[numbers['kind']]}"
    views: dict[str, Payload] = {
        "reflow": numbers | {"phase": PHASES.get(numbers["phase"], ""), "unit": unit, "images": images, "step": step}
    }
    if images:
        views["reflow"]["network"] = described(record.config["dataset"])
    if "paths_before" in arrays:
        views["reflow_paths"] = paths(record, arrays, step)
    if "tiles_before" in arrays:
        views["reflow_tiles"] = image_table(tile_rows(numbers, arrays), step)
    return views


def paths(record: RunRecord, arrays: dict[str, np.ndarray], step: int) -> Payload:
    """The paths from the same noise, before and after, in one picture with the data. Its axes do not move: they fit the
    first."""
    before, data = arrays["paths_before"], load_dataset(record.config["dataset"]).test.x[:800]
    view = data_range(np.concatenate([before[[0, -1]].reshape(-1, 2), data]))
    coding = coding_range(view, np.concatenate([before.reshape(-1, 2), arrays.get("paths_after", before).reshape(-1, 2)]))
    payload = {
        "T": before.shape[0],
        "n": before.shape[1],
        "before": q16(before, coding.lo, coding.hi),
        "data": q16(data, coding.lo, coding.hi),
        "lo": list(coding.lo),
        "hi": list(coding.hi),
        "view": {"lo": list(view.lo), "hi": list(view.hi)},
        "step": step,
    }
    if "paths_after" in arrays:
        payload["after"] = q16(arrays["paths_after"], coding.lo, coding.hi)
    return payload


def tile_rows(numbers: dict[str, Any], arrays: dict[str, np.ndarray]) -> list[ImageRow]:
    """Images of 1, 2 and 4 steps from the same noise, before above after."""
    rows = []
    for k in range(FEW):
        for when in ("before", "after"):
            tiles = arrays.get(f"tiles_{when}", ())
            if k < len(tiles):
                steps = list(numbers[when]["distance"])[k] if k < len(numbers[when]["distance"]) else ""
                title = f"{steps} Euler step{'' if steps == '1' else 's'}"
                rows.append(ImageRow(title, tiles[k], f"{when} reflow"))
    return rows
