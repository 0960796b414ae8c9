"""The measures of an evaluation, in their order: what each is called, its unit, and which way is better."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Measure:
    """One row of the panel."""

    label: str
    unit: str
    better: Literal["lower", "higher", ""] = "lower"


BITS, NATS = "bits per dimension", "nats per example"
MEASURES = {
    "reconstruction": Measure("Reconstruction error", "squared error per pixel"),
    "bound": Measure("Bound on −log p(x)", BITS),
    "log_p": Measure("−log p(x)", BITS),
    "frechet": Measure("Fréchet distance", "100 = variance of training images"),
    "precision": Measure("Precision", "share of samples", "higher"),
    "recall": Measure("Recall", "share of real images", "higher"),
    "energy": Measure("Energy distance", "root mean square"),
    "memorised": Measure("Memorised", "share of samples", ""),
    "parameters": Measure("Parameters", "trained", ""),
    "train_seconds": Measure("Training", "seconds"),
    "sample_seconds": Measure("1,000 samples", "seconds"),
}


@dataclass(frozen=True)
class Found:
    """What a measure says of a model; `sd` is the spread that `spread` names. Without a value, `why` says why."""

    value: float | None = None
    sd: float | None = None
    spread: str = ""
    beside: tuple[str, float, float | None] | None = None
    note: str = ""
    why: str = ""
    unit: str = ""
    """Where it is another than that of the measure."""


def row(name: str, found: Found) -> dict[str, Any]:
    """`EvaluationRow` in `shape.py`."""
    measure = asdict(MEASURES[name])
    values = {key: value for key, value in asdict(found).items() if key not in ("unit", "beside")}
    beside = found.beside and dict(zip(("label", "value", "sd"), found.beside))
    return {"name": name} | measure | values | {"beside": beside, "unit": found.unit or measure["unit"]}
