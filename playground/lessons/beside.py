"""Numbers that a bench measures beside a run: what the forward process leaves of its data, and its model in the scheduler arena."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from playground.data import load_dataset
from playground.features.forward_process.service import SCHEDULES
from playground.lessons.measured import COMPARED
from playground.runs.events import read_json
from playground.runtimes.records import RunRecord

ENTRANTS = {"DDPMScheduler": "ddpm", "HeunDiscreteScheduler": "heun", "UniPCMultistepScheduler": "unipc"}
"""Schedulers of diffusers by their names in readings."""
TIMES = {"forward/half": 0.5, "forward/end": 1.0}


def forward(config: Mapping[str, Any], tables: Mapping[str, np.ndarray]) -> dict[str, float]:
    """How much x_t tells of x_0 under the schedule of a run and on its data, at `TIMES`; `tables` are those of
    `features.forward_process.run`. Nothing for a run without a schedule."""
    if config.get("schedule") not in SCHEDULES:
        return {}
    row, data = SCHEDULES.index(config["schedule"]), load_dataset(config["dataset"])
    x = data.test.x[:COMPARED].astype(np.float64)
    x = (x / 127.5 - 1.0 if data.is_image else x).reshape(len(x), -1)
    at = {name: int(np.abs(tables["times"] - t).argmin()) for name, t in TIMES.items()}
    return {name: correlation(x, float(tables["alpha"][row, k]), float(tables["sigma"][row, k])) for name, k in at.items()}


def correlation(x: np.ndarray, alpha: float, sigma: float) -> float:
    """Of x_0, the rows of `x` (n, d), with `alpha x_0 + sigma eps`, over all entries, each about the mean of its dimension. Without
    sampling error it is `alpha s / sqrt(alpha² s² + sigma²)`, `s²` the mean variance of a dimension."""
    noised = alpha * x + sigma * np.random.default_rng(0).standard_normal(x.shape)
    a, b = (each - each.mean(0) for each in (x, noised))
    return float((a * b).sum() / np.sqrt(np.square(a).sum() * np.square(b).sum()))


def arena(record: RunRecord) -> dict[str, float]:
    """The mean distances of `ENTRANTS` at the fewest evaluations that an arena took, and that of real data to real data."""
    if record.snapshot is None or "board" not in record.snapshot.arrays:
        return {}
    board = read_json(record.snapshot.arrays["board"])
    fewest = min((row["target"] for row in board["rows"]), default=0)
    rows = {row["name"]: row["mean"] for row in board["rows"] if row["target"] == fewest}
    found = {f"arena/{short}": rows.get(name) for name, short in ENTRANTS.items()} | {"arena/floor": board["floor"]["mean"]}
    return {name: value for name, value in found.items() if value is not None}
