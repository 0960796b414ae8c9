"""The shape of the payload of the comparison of six ways to draw latents."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from playground.views.shapes import U8


class ComparisonRow(TypedDict):
    """One way; all that was measured is there once it is `ready`. `best` is the distance of real codes through the same decoder."""

    name: str
    title: str
    how: str
    role: str
    reference: bool
    state: Literal["ready", "now", "waiting"]
    distance: NotRequired[float]
    std: NotRequired[float]
    best: NotRequired[float | None]
    seconds: NotRequired[float]
    tiles: NotRequired[U8]
    distance_of_means: NotRequired[float]
    std_of_means: NotRequired[float]
    frechet: NotRequired[float]
    frechet_std: NotRequired[float]
    precision: NotRequired[float]
    recall: NotRequired[float]


class Comparison(TypedDict):
    """All rows, with images of h*w pixels."""

    rows: list[ComparisonRow]
    h: int
    w: int
    unit: str
    n: int
    repeats: int
    looked_at: int
    network: str
    latent_dim: int
    summary: str
    step: int
