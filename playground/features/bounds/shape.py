"""The shape of the payload of bounds."""

from typing import NotRequired

from typing_extensions import TypedDict


class BoundRow(TypedDict):
    """One estimate of log p(x), in nats per example."""

    name: str
    label: str
    note: str
    role: str
    hollow: bool
    mean: float | None
    se: float | None
    text: str
    bits: str
    above: float | None
    above_se: float | None
    above_text: str


class GapPart(TypedDict):
    """One reason for the gap."""

    label: str
    mean: float
    se: float | None
    text: str
    role: str


class Gap(TypedDict):
    """log p(x) - ELBO."""

    mean: float
    se: float | None
    text: str
    parts: list[GapPart]


class Bounds(TypedDict):
    """The bounds of the images done so far."""

    rows: list[BoundRow]
    n: int
    total: int
    k: int
    unit: str
    of_step: int | None
    warning: NotRequired[str]
    gap: NotRequired[Gap]
