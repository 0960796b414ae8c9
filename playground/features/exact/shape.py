"""The shapes of answers that hold a model against the exact one."""

from typing import NotRequired

from typing_extensions import TypedDict

from playground.views.shapes import Bytes, Floats


class ErrorCurves(TypedDict):
    """Mean squared errors at `times`, in the unit of the loss; `exact_held_out` where the density is known."""

    times: Floats
    exact_known: int
    against_exact: Floats
    zero: Floats
    net_train: Floats
    net_held_out: Floats
    ideal_train: Floats
    ideal_held_out: Floats
    exact_held_out: NotRequired[Floats]


class Field(TypedDict):
    """What is learned and what is exact, (n, 2), at `places` (n, 2) of the box `extent`, and how far they are apart."""

    places: Floats
    learned: Floats
    exact: Floats
    distance: Floats
    extent: Floats
    exact_known: int


class Density(TypedDict):
    """`log p_t` in nats on a grid over the box `extent`."""

    log_density: Floats
    extent: Floats
    exact_known: int


class Conditional(TypedDict):
    """Shares in bins between `edges`, and total variations from the exact ones, where these are known."""

    edges: Floats
    model: Floats
    exact_known: int
    exact: NotRequired[Floats]
    repaint: NotRequired[Floats]
    model_distance: NotRequired[float | None]
    repaint_distance: NotRequired[float | None]
    floor: NotRequired[float | None]


class Memorisation(TypedDict):
    """Images with those nearest to them; distances of several sets; the share of each that counts as memorised, with its interval."""

    samples: Bytes
    nearest: Bytes
    ideal: Bytes
    ideal_nearest: Bytes
    to_train: Floats
    to_held_out: Floats
    share: float | None
    interval: Floats
    ideal_to_train: Floats
    ideal_to_held_out: Floats
    ideal_share: float | None
    ideal_interval: Floats
    shifted_to_train: Floats
    shifted_to_held_out: Floats
    shifted_share: float | None
    shifted_interval: Floats
    blurred_to_train: Floats
    blurred_to_held_out: Floats
    blurred_share: float | None
    blurred_interval: Floats
    held_out_to_train: Floats
    held_out_to_held_out: Floats
    threshold: float | None
    floor_share: float
