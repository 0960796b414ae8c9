"""The shape of the payload of the quality of samples."""

from typing import NotRequired

from typing_extensions import TypedDict

from playground.views.shapes import F32


class QualityReading(TypedDict):
    """What a classifier sees in so many images."""

    frechet: float | None
    frechet_std: float | None
    precision: float | None
    recall: float | None


class Quality(TypedDict):
    """Fréchet distances by step, the newest reading, and that of as many held-out images."""

    steps: F32
    values: F32
    now: QualityReading
    floor: QualityReading
    n: int
    drawn: str
    network: str
    step: int
    marker: NotRequired[int]
