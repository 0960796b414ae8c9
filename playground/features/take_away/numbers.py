"""The measured numbers of a run for its report: each with its unit, its spread where it is random, and what it is to be held against."""

from __future__ import annotations

import math
from typing import NamedTuple

from playground.config import MODELS, words_for
from playground.runtimes.records import RunRecord
from playground.views.readings import latest

NAMES = {"neg_elbo": "−ELBO", "kl": "KL", "neg_iwae": "−log p(x), bound of 50 draws", "neg_log_p": "−log p(x), by quadrature"}
NAMES |= {"mse": "squared error", "denoising": "denoising error", "reconstruction": "reconstruction"}
BESIDE = {"baseline": "one answer for all", "linear": "best linear", "floor": "irreducible"}


class Number(NamedTuple):
    """A row of the table."""

    name: str
    value: str
    unit: str
    beside: str


def measured(record: RunRecord) -> list[Number]:
    """All that the run measured of itself last, on held-out data, and of its samples."""
    model, rows = MODELS[record.config["model"]], []
    terms = [model.term, *(term for term in ("reconstruction", "kl", "mse") if term != model.term)]
    for term in terms:
        if (value := latest(record, f"held_out/{term}")) is not None:
            unit = f"squared error per {words_for(record.config['dataset'])[1]}" if term == "mse" else model.unit
            rows.append(Number(f"{NAMES[term]}, held-out", digits(value), unit, beside(record, term)))
    for term, spread in (("neg_iwae", "neg_iwae_se"), ("neg_log_p", ""), ("gap", "gap_se")):
        if (value := latest(record, f"bounds/{term}")) is not None:
            error = latest(record, f"bounds/{spread}") if spread else None
            named = NAMES.get(term, "log p(x) − ELBO")
            rows.append(Number(f"{named}, of 32 held-out examples", with_error(value, error), "nats per example", ""))
    return rows + quality(record)


def beside(record: RunRecord, term: str) -> str:
    """What is known to be better or worse."""
    known = {words: latest(record, f"{name}/{term}") for name, words in BESIDE.items()}
    return ", ".join(f"{words} {digits(value)}" for words, value in known.items() if value is not None)


def quality(record: RunRecord) -> list[Number]:
    """Of samples, in the features of a small classifier, beside as many held-out images."""
    n, rows = latest(record, "quality/n"), []
    for name, title in (("frechet", "Fréchet distance"), ("precision", "precision"), ("recall", "recall")):
        value, floor = latest(record, f"quality/{name}"), latest(record, f"quality/floor_{name}")
        if value is not None and floor is not None and n:
            errors = (latest(record, f"quality/{prefix}{name}_std") for prefix in ("", "floor_"))
            told, real = (with_error(number, error) for number, error in zip((value, floor), errors))
            rows.append(Number(f"{title} of {n:.0f} samples", told, "", f"held-out images in their place {real}"))
    return rows


def digits(value: float) -> str:
    """Four that mean something."""
    return f"{value:.4g}".replace("-", "−") if math.isfinite(value) else "not a number"


def with_error(value: float, error: float | None) -> str:
    """As many decimals as the error shows two digits of."""
    if error is None or not math.isfinite(value) or not error > 0.0:
        return digits(value)
    places = min(6, max(0, 1 - math.floor(math.log10(error))))
    return f"{value:.{places}f} ± {error:.{places}f}".replace("-", "−")
