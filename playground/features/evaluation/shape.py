"""The shape of what an evaluation found."""

from typing_extensions import TypedDict

from playground.views.shapes import Bytes


class Beside(TypedDict):
    """What a measure says of something known: real data in the place of samples, the mean image, no model at all."""

    label: str
    value: float
    sd: float | None


class EvaluationRow(TypedDict):
    """One measure. `sd` is the spread that `spread` names; `value` is null where `why` says why."""

    name: str
    label: str
    unit: str
    better: str
    value: float | None
    sd: float | None
    spread: str
    beside: Beside | None
    note: str
    why: str


class Evaluation(TypedDict):
    """All measures so far of the weights of a step, and the first samples; `now` is the one that is being made."""

    rows: list[EvaluationRow]
    now: str
    of_step: int
    n: int
    drawn: str
    samples: Bytes
