"""The panel of numbers as a table: one column for each group of runs that differ by nothing but the seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Column = Mapping[str, Any]


def table(columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Of the columns (`CompareColumn`) of one group, a row for each measure: `{name, label, unit, value, sd, spread, n, beside, note, why}`. Of several runs
    `value` is the mean and `sd` the standard deviation between them; nothing where none was evaluated."""
    measured = [column["evaluation"]["rows"] for column in columns if "evaluation" in column]
    names = dict.fromkeys(row["name"] for rows in measured for row in rows)
    return [together([row for rows in measured for row in rows if row["name"] == name]) for name in names]


def together(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One row of several."""
    values = [row["value"] for row in rows if row["value"] is not None]
    first = dict(next((row for row in rows if row["value"] is not None), rows[0]))
    if len(values) < 2:
        return first | {"n": len(values)}
    spread = f"over {len(values)} seeds"
    return first | {"value": float(np.mean(values)), "sd": float(np.std(values, ddof=1)), "spread": spread, "n": len(values)}


def lines(groups: Sequence[tuple[str, list[dict[str, Any]]]]) -> list[str]:
    """The tables of all groups beside each other, as text. The last column is what real data have of a measure."""
    measures = list(dict.fromkeys((row["name"], f"{row['label']} ({row['unit']})") for _, rows in groups for row in rows))
    found = [["", *(title for title, _ in groups), "beside it"]]
    for name, label in measures:
        of = [
            next((row for row in rows if row["name"] == name and f"{row['label']} ({row['unit']})" == label), None)
            for _, rows in groups
        ]
        every = [row["beside"] for row in of if row and row["beside"]]
        same = all((each["label"], each["value"]) == (every[0]["label"], every[0]["value"]) for each in every)
        real = ["" if same or not row or not row["beside"] else f" ({beside(row)})" for row in of]
        cells = [number(row["value"], row["sd"]) + said if row else "" for row, said in zip(of, real)]
        found.append([label, *cells, beside({"beside": every[0]}) if every and same else ""])
    widths = [max(len(line[k]) for line in found) for k in range(len(found[0]))]
    return ["  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip() for line in found]


def beside(row: Mapping[str, Any]) -> str:
    """What real data have of a measure, where something is known of them."""
    real = row["beside"]
    return f"{real['label']} {number(real['value'], real['sd'])}" if real else ""


def number(value: float | None, sd: float | None) -> str:
    """`0.0384 ± 0.0009`, `99,650`; a dash where it is not defined."""
    if value is None:
        return "–"
    return (f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:.4g}") + (f" ± {sd:.2g}" if sd is not None else "")
