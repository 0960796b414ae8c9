"""The shapes of the payloads of reflow."""

from typing import NotRequired

from typing_extensions import TypedDict

from playground.views.shapes import Q16, View


class ReflowSide(TypedDict):
    """A flow before or after: `straightness` with its standard error; by the number of steps a distance with its spread."""

    straightness: list[float]
    relative: float
    distance: dict[str, list[float]]
    frechet: NotRequired[dict[str, list[float]]]


class Reflow(TypedDict):
    """All that is known so far; a floor is a mean with its spread."""

    phase: str
    kind: str
    unit: str
    images: bool
    pairs: int
    ode_steps: int
    training_steps: int
    n: int
    repeats: int
    floor: list[float] | None
    floor_frechet: NotRequired[list[float] | None]
    before: ReflowSide | None
    after: ReflowSide | None
    network: NotRequired[str]
    step: int


class ReflowPaths(TypedDict):
    """Paths from the same noise between `lo` and `hi`: T*n*2 numbers before and after, and m*2 of the data."""

    T: int
    n: int
    before: Q16
    after: NotRequired[Q16]
    data: Q16
    lo: list[float]
    hi: list[float]
    view: View
    step: int
