"""The payloads of the columns of a table; numbers are in its units."""

from typing_extensions import TypedDict

from playground.views.shapes import F32


class Columns(TypedDict):
    """Rows that a model makes, n*D numbers, `what` they are and the role whose colour they have; mean and standard deviation of each column."""

    rows: F32
    n: int
    mean: list[float]
    std: list[float]
    what: str
    role: str
    step: int


class ColumnsStatic(TypedDict):
    """Held-out rows, alike, and where the axis of each column begins and ends."""

    names: list[str]
    rows: F32
    n: int
    mean: list[float]
    std: list[float]
    lo: list[float]
    hi: list[float]
