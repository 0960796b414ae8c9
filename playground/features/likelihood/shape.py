"""The shape of the payload of log p(x) under a diffusion model."""

from typing_extensions import TypedDict

from playground.views.shapes import F32


class LikelihoodRow(TypedDict):
    """One mean in nats per example, with its standard error; `difference` is that to the true density."""

    name: str
    label: str
    role: str
    nats: float | None
    nats_se: float | None
    bits: float | None
    bits_se: float | None
    difference: float | None
    difference_se: float | None


class Likelihood(TypedDict):
    """The means, and by the name of a row the value of each example and its standard error."""

    rows: list[LikelihoodRow]
    unit: str
    n: int
    step: int
    each: dict[str, F32]
    spread: dict[str, F32]
