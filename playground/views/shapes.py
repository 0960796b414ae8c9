"""The shapes of the payloads that the page's scripts draw, declared once.

`.ci/payload_types.py` writes them to `ui/lib/payloads.d.ts`, against which the scripts are checked; `tests/test_shapes.py` holds what the
views really return against them. `U8`, `Q16` and `F32` are strings from `codec.py`.
"""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

U8 = str
Q16 = str
F32 = str


class View(TypedDict):
    """What the axes show."""

    lo: list[float]
    hi: list[float]


class ImageRow(TypedDict):
    """A strip of tiles; `data` holds n*h*w bytes."""

    title: str
    note: str
    n: int
    data: U8
    scale: Literal["gray", "error"]
    limit: NotRequired[float]
    notes: NotRequired[list[str]]


class TilesFilm(TypedDict):
    """The tiles of the first row on their way, at `times`."""

    times: list[float]
    data: list[U8]


class ImageTable(TypedDict):
    """Rows of tiles below each other, of one size; a grid has one row, and `columns`."""

    rows: list[ImageRow]
    h: int
    w: int
    step: int
    columns: NotRequired[int]
    film: NotRequired[TilesFilm]
    whole: NotRequired[bool]


class Series(TypedDict):
    """One curve."""

    name: str
    label: str
    role: str
    steps: F32
    values: F32
    dash: NotRequired[str]
    gap: NotRequired[bool]


class Curves(TypedDict):
    """Curves over steps; `focus` is the part of the axis to show first, `above` what lies beyond it."""

    series: list[Series]
    unit: str
    log: bool
    step: int
    focus: NotRequired[list[float]]
    above: NotRequired[list[list[float]]]
    marker: NotRequired[int]


class Particles(TypedDict):
    """Samples on their way from noise to data at `times`: `frames` of T*n*2 numbers between `lo` and `hi`."""

    step: int
    T: int
    n: int
    frames: Q16
    lo: list[float]
    hi: list[float]
    view: View
    times: list[float]
    mode: str
    labels: NotRequired[U8]


class ParticlesStatic(TypedDict):
    """The data beside the particles: m*2 numbers between `lo` and `hi`."""

    m: int
    data: Q16
    lo: list[float]
    hi: list[float]
    labels: NotRequired[U8]
    label_names: list[str]


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


class Moments(TypedDict):
    """Steps of the past that can be shown, and those that a new run can go on from."""

    steps: list[int]
    checkpoints: list[int]


class Origin(TypedDict):
    """The run that a measurement is of."""

    about: str
    run: str
    model: str
    step: int


class Status(TypedDict):
    """The part of a frame that is about the run itself."""

    run: str
    version: int
    status: str
    message: str
    suggestion: str
    step: int
    steps: int
    seconds: float
    rate: float
    eta: float | None
    device: str
    n_parameters: int
    learning_rate: float
    diverged: str
    resumable: bool
    about: str
    of: list[Origin]
