"""The shape of a run on the rate-distortion plane."""

from typing import NotRequired

from typing_extensions import TypedDict

from playground.views.shapes import F32


class Rate(TypedDict):
    """The way of a run, in nats per example; runs with the same `comparable` may be compared."""

    steps: F32
    rate: F32
    distortion: F32
    label: str
    comparable: str
    weight: NotRequired[F32]
    marker: NotRequired[int]
