"""The shape of what the forward process is drawn from."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from playground.views.shapes import F32


class ScheduleTable(TypedDict):
    """A noise schedule at `times`."""

    name: str
    alpha: F32
    sigma: F32
    log_snr: F32


class ForwardProcess(TypedDict):
    """All schedules and some examples: `data` is F32 of n*2 numbers for points, U8 of n*h*w for images."""

    times: F32
    schedules: list[ScheduleTable]
    dataset: str
    title: str
    variance: float
    kind: Literal["points", "images"]
    n: int
    data: str
    h: NotRequired[int]
    w: NotRequired[int]
    labels: NotRequired[list[str]]
