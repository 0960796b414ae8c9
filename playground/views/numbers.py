"""Loss curves, and the terms of a loss as numbers that add up as they are shown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from playground.views.codec import f32
from playground.views.images import Payload

ROLES_OF_SERIES = {
    "train": "train",
    "held_out": "held_out",
    "floor": "prior",
    "linear": "noise",
    "reconstruction": "reconstruction",
    "kl": "kl",
}
"""Last part of a loss name -> the role whose colour its curve has."""

MOST_MARKS = 40
SERIES_LABELS = {"train": "training", "held_out": "held-out", "floor": "irreducible", "linear": "best linear", "kl": "KL"}

Numbers = Sequence[float] | np.ndarray


def curves(history: Mapping[str, tuple[Numbers, Numbers]], *, unit: str, log: bool = False) -> Payload:
    """Loss curves: `history` maps a loss name (`held_out/kl`) to its steps and values.

    `Curves` in `shapes.py`, `step` that of the newest reading. A value that is not
    finite leaves a gap.
    """
    series, newest = [], 0
    for name, (steps, values) in history.items():
        steps, values = np.asarray(steps, np.float64), np.asarray(values, np.float64)
        if len(steps) != len(values):
            raise ValueError(f"{name}: {len(steps)} steps but {len(values)} values")
        newest = max(newest, int(steps[-1]) if len(steps) else 0)
        values = np.where(np.isfinite(values), values, np.nan)
        series.append(
            {
                "name": name,
                "label": _series_label(name),
                "role": ROLES_OF_SERIES.get(name.split("/")[-1], "train"),
                "steps": f32(steps),
                "values": f32(values),
            }
        )
    return {"series": series, "unit": unit, "log": bool(log), "step": newest}


def spikes(history: Mapping[str, tuple[Numbers, Numbers]]) -> Payload:
    """What to show first of curves of which a few readings lie far above all others, on a linear axis.

    `{focus: [lo, hi], above: [[step, value], ...]}`, the highest readings outside, at most `MOST_MARKS`, by step; nothing where
    all are worth showing. The axis reaches up to where each curve began, and up to twice the height of 95 % of all readings;
    what is higher than twice that is outside.
    """
    read = [(np.asarray(steps, np.float64), np.asarray(values, np.float64)) for steps, values in history.values()]
    read = [(steps[np.isfinite(values)], values[np.isfinite(values)]) for steps, values in read]
    read = [(steps, values) for steps, values in read if len(values)]
    if not read:
        return {}
    steps, values = (np.concatenate(parts) for parts in zip(*read))
    low, usual = float(values.min()), float(np.quantile(values, 0.95))
    high = max(low + 2.0 * (usual - low), *(float(curve[0]) for _, curve in read))
    outside = values > low + 2.0 * (high - low)
    if high <= low or not outside.any():
        return {}
    worst = sorted(np.flatnonzero(outside), key=lambda i: -values[i])[:MOST_MARKS]
    room = 0.05 * (high - low)
    return {"focus": [low - room, high + room], "above": sorted([int(steps[i]), float(values[i])] for i in worst)}


def _series_label(name: str) -> str:
    """`held_out/kl` -> `KL, held-out`."""
    split, _, term = name.partition("/")
    label = SERIES_LABELS.get(split, split.replace("_", " "))
    return f"{SERIES_LABELS.get(term, term.replace('_', ' '))}, {label}" if term else label


def terms(
    values: Mapping[str, float], *, unit: str, step: int, total_label: str = "−ELBO", labels: Mapping[str, str] | None = None
) -> Payload:
    """The terms of a loss and their sum, as numbers and as texts that add up as they are shown.

    `Terms` in `shapes.py`, without bits and lines; a value that is not a number
    is None with the text "not a number".
    """
    labels = {"kl": "KL"} | dict(labels or {})
    numbers = {name: float(value) for name, value in values.items()}
    total = sum(numbers.values())
    texts, total_text = texts_that_add_up(list(numbers.values()))
    items = [
        {"name": name, "label": labels.get(name, name), "value": _json(value), "text": text, "role": name}
        for (name, value), text in zip(numbers.items(), texts)
    ]
    return {
        "terms": items,
        "total": {"label": total_label, "value": _json(total), "text": total_text},
        "unit": unit,
        "step": int(step),
    }


def _json(value: float) -> float | None:
    return value if math.isfinite(value) else None


def texts_that_add_up(values: list[float], decimals: int | None = None, carrier: int | None = None) -> tuple[list[str], str]:
    """Each value and the sum with the same decimals (as many as the largest needs, unless given); the term `carrier`, or
    else the largest, carries the rounding error of the others."""
    if not all(map(math.isfinite, values)):
        return [f"{v:,.1f}" if math.isfinite(v) else "not a number" for v in values], "not a number"
    if decimals is None:
        largest = max(map(abs, values), default=0.0)
        decimals = 0 if largest >= 10_000 else 1 if largest >= 100 else 2 if largest >= 1 else 4
    whole = [round(v * 10**decimals) for v in values]
    total = round(sum(values) * 10**decimals)
    if values:
        largest_term = max(range(len(values)), key=lambda i: abs(values[i]))
        whole[largest_term if carrier is None else carrier] += total - sum(whole)
    texts = [f"{v / 10**decimals:,.{decimals}f}".replace("-", "−") for v in (*whole, total)]
    return texts[:-1], texts[-1]
