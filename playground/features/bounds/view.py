"""How good the bound is: live curves while a VAE trains, and the study that measures it on held-out images afterwards."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from playground.config import of_table
from playground.features.feature import Memory
from playground.features.terms.view import likelihood_name
from playground.measures.units import bits_per_dimension
from playground.runtimes.records import RunRecord
from playground.views import payloads
from playground.views.numbers import texts_that_add_up
from playground.views.payloads import Payload
from playground.views.readings import latest

LIVE = {
    "bounds/neg_iwae": {"label": "−IWAE-50", "role": "evidence", "dash": "dot"},
    "bounds/neg_log_p": {"label": "−log p(x), exact", "role": "evidence"},
    "bounds/neg_elbo": {"label": "−ELBO", "role": "held_out", "gap": True},
}
"""Curves of the same held-out images; the space between the last two is the gap."""

FEW = 100
"""Effective samples (Kong 1992) below which an importance-sampled estimate is said to be too low."""

GAPS = {"approximation_gap": "approximation gap", "amortisation_gap": "amortisation gap"}


def bound_curves(record: RunRecord) -> dict[str, Payload]:
    """`bound_curves`: as `payloads.curves`, from readings while a VAE trains, with `focus`, the part of the axis to show first;
    nothing before the first of them."""
    chosen = {name: record.history[name] for name in LIVE if name in record.history}
    if not chosen:
        return {}
    payload = payloads.curves(chosen, unit="nats per example")
    for series in payload["series"]:
        series |= LIVE[series["name"]]
        if "bounds/neg_log_p" not in chosen:
            series.pop("gap", None)
    error = latest(record, "bounds/neg_iwae_se")
    if error is not None and "bounds/neg_iwae" in chosen:
        payload["series"][0]["label"] += f" (± {error:.2g})"
    readings = [np.asarray(values) for _, values in chosen.values() if len(values) > 1]
    late = np.concatenate([values[-(len(values) // 2 if len(values) >= 6 else 1) :] for values in readings] or [np.empty(0)])
    if len(late) and np.isfinite(late).all():
        apart = max(values[-1] for values in readings) - min(values[-1] for values in readings)
        high = max(float(late.max()), float(late.min()) + 4.0 * float(apart))
        room = 0.08 * (high - float(late.min())) + 1e-3
        payload["focus"] = [float(late.min()) - room, high + room]
    return {"bound_curves": payload}


def bounds_study(memory: Memory, record: RunRecord) -> dict[str, Payload]:
    """`bounds`: ELBO, IWAE and the evidence of the held-out images done so far, from the lowest to the highest.

    `Bounds` in `shape.py`, in nats per example, higher is better; `above` is the mean difference to the ELBO of the same image, which is
    known much better than either mean. Standard errors are over images.
    """
    arrays: dict[str, Any] = record.newest.arrays
    n, k = len(arrays["elbo"]), int(arrays.get("k", record.config.get("importance_samples", 0)))
    rows = [_row(record, name, label, note, role) for name, label, note, role in _known(k) if name in arrays]
    payload: Payload = {
        "rows": rows,
        "n": n,
        "total": int(arrays.get("total", n)),
        "k": k,
        "unit": "nats per example",
        "of_step": record.config.get("of_step"),
    }
    effective = np.asarray(arrays.get("effective_samples", ()))
    least = min(FEW, k / 10)
    if few := int((effective < least).sum()):
        payload["warning"] = (
            f"For {few} of {n} images fewer than {least:g} of the {k:,} draws count (fewest: "
            f"{float(effective.min()):.1f}): q(z|x) misses where "
            "p(z|x) lies, and the importance-sampled estimate is probably too low there."
        )
    if all(f"{gap}_mean" in arrays for gap in GAPS):
        payload["gap"] = _gap(arrays)
    return {"bounds": payload}


def _known(k: int) -> tuple[tuple[str, str, str, str], ...]:
    return (
        ("elbo", "ELBO", "the bound with one sample", "held_out"),
        ("iwae_5", "IWAE-5", "the bound with 5 samples", "evidence"),
        ("iwae_50", "IWAE-50", "with 50 samples", "evidence"),
        ("importance", f"IS-{k:,}", f"importance sampling, {k:,} samples", "evidence"),
        ("exact", "log p(x)", "the integral itself, by quadrature", "evidence"),
    )


def _row(record: RunRecord, name: str, label: str, note: str, role: str) -> dict[str, Any]:
    arrays: dict[str, Any] = record.newest.arrays
    shape = int(arrays["dimensions"])
    values = np.asarray(arrays[name], np.float64)
    above, above_se = mean_and_error(values - np.asarray(arrays["elbo"], np.float64))
    mean, se = float(arrays.get(f"{name}_mean", values.mean())), float(arrays.get(f"{name}_se", math.nan))
    bits = bits_per_dimension(-mean, shape, likelihood_name(record.config))
    return {
        "name": name,
        "label": label,
        "note": note,
        "role": role,
        "hollow": name not in ("elbo", "exact"),
        "mean": _number(mean),
        "se": _number(se),
        "text": signed(mean, se),
        "bits": "–" if of_table(record.config["dataset"]) else f"{bits:.3f}".replace("-", "−"),
        "above": _number(above),
        "above_se": _number(above_se),
        "above_text": "" if name == "elbo" else f"+{signed(above, above_se)}",
    }


def _gap(arrays: Any) -> dict[str, Any]:
    """`log p(x) - ELBO` as the sum of its two parts, the shown numbers adding up."""
    means = [float(arrays[f"{gap}_mean"]) for gap in GAPS]
    decimals = 3 if sum(means) < 1.0 else 2
    parts, whole = texts_that_add_up(means, decimals)
    shown = [whole, *parts]
    errors = [float(arrays.get(f"{name}_se", math.nan)) for name in ("gap", *GAPS)]
    return {
        "mean": sum(means),
        "se": _number(errors[0]),
        "text": shown[0],
        "parts": [
            {"label": label, "mean": mean, "se": _number(error), "text": text, "role": "posterior"}
            for label, mean, error, text in zip(GAPS.values(), means, errors[1:], shown[1:])
        ],
    }


def mean_and_error(values: np.ndarray) -> tuple[float, float]:
    """Mean and standard error of the mean; NaN for the error of a single value."""
    return float(values.mean()), float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else math.nan


def signed(mean: float, se: float) -> str:
    """`−75.31 ± 0.42`: as many decimals as the error has two digits of, at least one."""
    decimals = 3 if not math.isfinite(se) or se <= 0 else int(min(4, max(1, 1 - math.floor(math.log10(se)))))
    error = f" ± {se:.{decimals}f}" if math.isfinite(se) else ""
    return f"{mean:z,.{decimals}f}{error}".replace("-", "−")


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
