"""The shapes of the payloads that the page's scripts draw, declared once.

Those of a feature alone stand in its `shape.py`. `.ci/payload_types.py` writes all of them to `ui/lib/payloads.d.ts`, against which the
scripts are checked; `tests/test_shapes.py` holds what the views really return against them. `U8`, `Q16` and `F32` are strings from
`codec.py`; `Bytes`, `Floats` and `Integers` are arrays of an answer to a question, which scripts see unpacked.
"""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

U8 = str
Q16 = str
F32 = str


class Bytes(TypedDict):
    """Small whole numbers, and their shape."""

    dtype: Literal["u8"]
    shape: list[int]
    data: str


class Floats(TypedDict):
    """Numbers, and their shape."""

    dtype: Literal["f32"]
    shape: list[int]
    data: str


class Integers(TypedDict):
    """Whole numbers, and their shape."""

    dtype: Literal["i32"]
    shape: list[int]
    data: str


class View(TypedDict):
    """What the axes show."""

    lo: list[float]
    hi: list[float]


class ImageRow(TypedDict):
    """A strip of tiles; `data` holds n*h*w bytes, or three times as many in colour."""

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


class Basis(TypedDict):
    """Where a place of the map is in latent space: z = origin + sum_k axes[k] place[k]."""

    origin: list[float]
    axes: list[list[float]]


class MapAbout(TypedDict):
    """A run in a few words, and the beginning of a file's name."""

    text: str
    file: str


class LatentMap(TypedDict):
    """The dots of a latent map between `lo` and `hi`: `method` is the chosen projection, `shown` that of the dots."""

    step: int
    n: int
    points: Q16
    lo: list[float]
    hi: list[float]
    view: View
    dims: int
    prior: bool
    axes: list[str]
    title: str
    method: str
    shown: str
    of_step: int
    pending: bool
    perplexity: float
    seed: int
    methods: list[str]
    choices: dict[str, list[int]]
    explained: list[float]
    invertible: bool
    basis: Basis | None
    about: MapAbout


class MapFactor(TypedDict):
    """A known factor of variation, or a column of a table, with a value for each dot."""

    name: str
    unit: str
    values: F32


class LatentMapStatic(TypedDict):
    """What the dots are; `sheet` holds their images, `columns` of `tile` (width, height) side by side; of `rows` of a table the `factors` are
    its columns, in their units."""

    labels: U8
    label_names: list[str]
    factors: NotRequired[list[MapFactor]]
    rows: NotRequired[bool]
    sheet: NotRequired[str]
    tile: NotRequired[list[int]]
    columns: NotRequired[int]
    indices: NotRequired[list[int]]


class Term(TypedDict):
    """A term of a loss."""

    name: str
    label: str
    value: float | None
    text: str
    role: str


class Total(TypedDict):
    """What the terms add up to."""

    label: str
    value: float | None
    text: str


class LineTerm(TypedDict):
    """A term of a smaller sum."""

    label: str
    text: str
    role: str


class LineTotal(TypedDict):
    """What these add up to."""

    label: str
    text: str


class TermLine(TypedDict):
    """A smaller sum, and what it says; without terms the note alone."""

    title: str
    total: LineTotal
    terms: list[LineTerm]
    note: str


class Terms(TypedDict):
    """The terms of a loss, as numbers and as texts that add up; of a VAE also bits per dimension, and smaller sums."""

    terms: list[Term]
    total: Total
    unit: str
    step: int
    bits: NotRequired[str]
    raw_bits: NotRequired[int]
    lines: NotRequired[list[TermLine]]


class Moments(TypedDict):
    """Steps of the past that can be shown, and those that a new run can go on from; of the `light` ones the averaged weights are kept alone."""

    steps: list[int]
    checkpoints: list[int]
    light: NotRequired[list[int]]


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
    kept: bool
    place: int
    wait: float | None
    watch: str
    steers: bool
    of: list[Origin]
