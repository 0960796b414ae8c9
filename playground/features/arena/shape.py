"""The shape of the payload of the scheduler arena."""

from typing import NotRequired

from typing_extensions import TypedDict

from playground.views.shapes import F32, U8


class Spread(TypedDict):
    """Mean and standard deviation of n numbers, as far as there are enough of them."""

    mean: float | None
    std: float | None
    n: int


class SeenByClassifier(TypedDict):
    """What a classifier sees in some images."""

    frechet: float
    frechet_std: float
    precision: float
    recall: float


class ArenaRow(TypedDict):
    """One scheduler at one number of evaluations; `mean`, `std` and `n` are of its `distances`, one for each seed."""

    name: str
    title: str
    target: int
    nfe: int | None
    steps: int | None
    distances: list[float | None]
    mean: float | None
    std: float | None
    n: int
    seen: list[SeenByClassifier]
    frechet: Spread
    seconds: list[float]
    seconds_mean: float | None
    difference: float | None
    ours: str | None
    reason: str


class ArenaScheduler(TypedDict):
    """Who takes part."""

    name: str
    title: str
    noise: bool
    ours: str | None
    convention: str
    distance: float | None
    grid: str


class LeftOut(TypedDict):
    """Who does not, and why."""

    name: str
    title: str
    reason: str


class ArenaPicture(TypedDict):
    """Samples of a row: images as `data`, n*h*w bytes; or points as `dots`, k*2 numbers, and the `ways` of n of them, T*n*2."""

    n: int
    h: NotRequired[int]
    w: NotRequired[int]
    data: NotRequired[U8]
    T: NotRequired[int]
    dots: NotRequired[F32]
    ways: NotRequired[F32]


class Arena(TypedDict):
    """The results so far; `pictures` by the index of a row."""

    rows: list[ArenaRow]
    floor: Spread
    floor_seen: SeenByClassifier | None
    left_out: list[LeftOut]
    schedulers: list[ArenaScheduler]
    evaluations: list[int]
    unit: str
    reference: str
    n_samples: int
    seeds: int
    image: bool
    looked_at: int
    time_grid: str
    network: NotRequired[str]
    pictures: dict[str, ArenaPicture]
    step: int
