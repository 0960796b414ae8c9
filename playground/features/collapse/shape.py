"""The shapes of the payload of the collapse doctor, and of the answer that takes the KL apart."""

from typing_extensions import TypedDict

from playground.views.shapes import F32, U8, Floats


class Mismatch(TypedDict):
    """What is said where the answer `Information` has a mismatch of `above` nats and more, for certain, and its information lies `known` nats
    below `most`."""

    above: float
    known: float
    so: str
    suggestion: str


class Collapse(TypedDict):
    """What each of d latent dimensions carries; `mean` and `std` are of the aggregated posterior. `total` is in nats."""

    step: int
    d: int
    kl: F32
    mean_variance: F32
    mean: F32
    std: F32
    active: U8
    n_active: int
    threshold: float
    total: float | None
    sentence: str
    suggestion: str
    well: bool
    settled_at: int
    n: int
    mismatch: Mismatch


class Information(TypedDict):
    """The KL of n training images in its two parts, of all dimensions and of each, in nats."""

    kl: float | None
    kl_per_dimension: Floats
    most: float | None
    information: float | None
    information_se: float | None
    information_per_dimension: Floats
    information_se_per_dimension: Floats
    mismatch: float | None
    mismatch_se: float | None
    mismatch_per_dimension: Floats
    mismatch_se_per_dimension: Floats
    n: int
