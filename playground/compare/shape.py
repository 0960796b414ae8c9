"""The shapes of what the Compare tab is sent."""

from typing import NotRequired

from typing_extensions import TypedDict

from playground.features.evaluation.shape import Evaluation
from playground.views.shapes import F32, Q16, U8, Bytes, View


class CompareCurve(TypedDict):
    """Readings by step."""

    steps: F32
    values: F32


class CompareLoss(TypedDict):
    """The loss of a run; losses with the same `key` mean the same."""

    key: str
    unit: str
    term: str
    train: NotRequired[CompareCurve]
    held_out: NotRequired[CompareCurve]


class CompareFrechet(TypedDict):
    """The Fréchet distance of `n` samples while the run trained, and that of as many held-out images."""

    steps: F32
    values: F32
    n: int
    floor: float | None


class CompareMap(TypedDict):
    """Dots between `lo` and `hi`: held-out examples, the first of the data set in their order; `samples` are of the model, in the same plane."""

    n: int
    points: Q16
    lo: list[float]
    hi: list[float]
    view: View
    labels: U8
    title: str
    prior: bool
    held_out: bool
    samples: NotRequired[Q16]


class CompareColumn(TypedDict):
    """A run as a column. Images are uint8 (n, h, w) or (n, h, w, 3)."""

    run: str
    watch: str
    version: str
    model: str
    about: str
    name: str
    kind: str
    data: str
    dataset: str
    status: str
    goes_on: bool
    step: int
    steps: int
    seconds: float
    seed: int
    picture: str
    message: str
    kept: bool
    loss: CompareLoss
    frechet: NotRequired[CompareFrechet]
    map: NotRequired[CompareMap]
    originals: NotRequired[Bytes]
    reconstructions: NotRequired[Bytes]
    samples: NotRequired[Bytes]
    samples_are: str
    no_encoder: str
    evaluation: NotRequired[Evaluation]
    evaluated: bool


class CompareRow(TypedDict):
    """A setting, and what each run has of it."""

    name: str
    label: str
    values: list[str]


class CompareSettings(TypedDict):
    """Settings in which runs differ, and the rest."""

    differ: list[CompareRow]
    same: list[CompareRow]


class CompareColumns(TypedDict):
    """The runs that changed, and what holds of all: `order` are those that there are, `groups` indices into it."""

    runs: dict[str, CompareColumn]
    gone: dict[str, str]
    order: list[str]
    groups: list[list[int]]
    settings: CompareSettings


class CompareJob(TypedDict):
    """One run of a plan; `of` is the run that is trained, or measured. `left` is in seconds, null where nobody knows."""

    title: str
    state: str
    run: str
    of: str
    step: int
    steps: int
    seconds: float
    trains: bool
    left: float | None
    message: str


class ComparePlan(TypedDict):
    """Runs that go one after another. `place` is how many plans are before it, `left` the seconds of those jobs for which they can be told."""

    plan: str
    title: str
    state: str
    place: int
    jobs: list[CompareJob]
    left: float
    unknown: int
