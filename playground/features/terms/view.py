"""The terms of an autoencoder's and a VAE's loss, as sums that add up as they are shown, and the likelihood in words.

What the weights are trained on is one sum (`objective`), the bound on `-log p(x)` another (`neg_elbo`): they differ by the
weight of the KL and by free bits, and both are shown. A reconstruction term of a Gaussian is split once more, into the
squared error that it is in disguise and the normaliser, which does not depend on the weights.
"""

from __future__ import annotations

import math
from typing import Any

from playground.config import LIKELIHOODS, MODELS, of_table, words_for
from playground.config.likelihoods import COLUMNS, Likelihood
from playground.data import DATASETS
from playground.measures.units import bits_per_dimension, least_bits
from playground.runtimes.records import RunRecord
from playground.views import payloads
from playground.views.numbers import texts_that_add_up
from playground.views.payloads import Payload
from playground.views.readings import latest, latest_step

HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)


def vae_terms(record: RunRecord) -> Payload | None:
    """`-ELBO = reconstruction + KL` on held-out data, with further sums in `lines`; None before the first reading.

    `Terms` in `views/shapes.py`; `raw_bits` are those of an example that nobody models.
    """
    terms = _held_out(record, "reconstruction", "kl")
    if terms is None:
        return None
    payload = payloads.terms(terms, unit="nats per held-out example", step=latest_step(record, "held_out/kl"))
    table = of_table(record.config["dataset"])
    bits = bits_per_dimension(payload["total"]["value"] or math.nan, pixels(record.config), likelihood_name(record.config))
    shown = [_read(term["text"]) for term in payload["terms"]]  # the lines start from the numbers as they are shown
    lines = []
    if math.isfinite(sum(shown)):
        terms, decimals = dict(zip(terms, shown)), len(payload["total"]["text"].partition(".")[2])
        lines = [_what_it_is(record, terms, decimals), _trained_on(record, terms, decimals)]
        lines += [line("bits", "", {}, why, decimals)] if (why := worse_than_none(record.config, bits)) and not table else []
    if table:  # of which no code has so many bits: there are no levels
        return payload | {"lines": lines}
    return payload | {
        "bits": f"{bits:.3f}".replace("-", "−") if math.isfinite(bits) else "–",
        "lines": lines,
        "raw_bits": likelihood_of(record.config).pixels.unmodelled,
    }


def autoencoder_terms(record: RunRecord) -> Payload | None:
    """What an autoencoder minimises on held-out data: the squared error and the penalties that are switched on."""
    terms = _held_out(record, "mse", "sparsity", "contraction", needed=1)
    if terms is None:
        return None
    on = {name: value for name, value in terms.items() if name == "mse" or value != 0.0}
    labels = {"mse": "squared error", "sparsity": "sparsity · mean |z|", "contraction": "contraction · |∂E/∂x|²"}
    roles = {"mse": "reconstruction", "sparsity": "kl", "contraction": "prior"}
    step = latest_step(record, "held_out/mse")
    payload = payloads.terms(
        on,
        unit=f"squared error per held-out {words_for(record.config['dataset'])[1]}",
        step=step,
        total_label="loss",
        labels=labels,
    )
    for term in payload["terms"]:
        term["role"] = roles[term["name"]]
    return payload


def _held_out(record: RunRecord, *names: str, needed: int | None = None) -> dict[str, float] | None:
    """The newest held-out readings of some terms; None unless the first `needed` (all) are there."""
    found = {name: latest(record, f"held_out/{name}") for name in names}
    if None in list(found.values())[: needed or len(names)]:
        return None
    return {name: value for name, value in found.items() if value is not None}


def pixels(config: dict[str, Any]) -> int:
    """Numbers in one example."""
    return math.prod(DATASETS[config["dataset"]].shape)


def likelihood_name(config: dict[str, Any]) -> str:
    """The likelihood that settings name; those of older checkpoints know only one."""
    return config.get("likelihood", "gaussian")


def likelihood_of(config: dict[str, Any]) -> Likelihood:
    """What is known of it."""
    return LIKELIHOODS[likelihood_name(config)]


def likelihood_words(config: dict[str, Any], std: float | None = None) -> str:
    """`Gaussian, σ = 0.4`; `std` is a learned σ, where it is known."""
    likelihood = likelihood_of(config)
    if likelihood.binarised:
        how = "anew each time" if config.get("binarise") == "dynamic" else "once"
        return f"{likelihood.family}, training pixels binarised {how}"
    if likelihood.fixed_spread:
        return f"{likelihood.family}, σ = {config.get('observation_std', 0.4):g}"
    learned = f" = {std:.3g}" if std else ""
    return f"{likelihood.family}, learned σ{learned}" + (" (root mean square)" if std and likelihood.per_pixel else "")


def comparable(config: dict[str, Any]) -> str:
    """What nats of a run are nats of: those of two runs may be compared where this is the same."""
    return f"{DATASETS[config['dataset']].title}, {nats_of(config)}"


def nats_of(config: dict[str, Any]) -> str:
    """What nats of a run are of."""
    return COLUMNS.words if of_table(config["dataset"]) else likelihood_of(config).pixels.words


def worse_than_none(config: dict[str, Any], bits: float) -> str:
    """How a model can need more bits per dimension than no model at all; empty where it does not."""
    likelihood = likelihood_of(config)
    most = likelihood.pixels.unmodelled
    if not bits > most:
        return ""
    if not likelihood.fixed_spread:
        return f"More than no model at all ({most}): there is still much to learn."
    std = config.get("observation_std", 0.4)
    least = least_bits(std)
    cause = f"alone costs {least:.2f}, however right the mean" if least > most - 0.5 else "is small against the errors"
    return f"More than no model at all ({most}): the fixed σ = {std:g} {cause}. A learned σ needs fewer."


def _what_it_is(record: RunRecord, terms: dict[str, float], decimals: int) -> dict[str, Any]:
    """Which likelihood; and `reconstruction = pixels · MSE / (2 σ²) + pixels · log(σ √(2π))` where one σ is known."""
    config, n, mse = record.config, pixels(record.config), latest(record, "held_out/mse")
    likelihood, learned = likelihood_of(config), latest(record, "held_out/observation_std")
    std = config.get("observation_std", 0.4) if likelihood.fixed_spread else learned
    words = likelihood_words(config, std)
    if likelihood.binarised:
        return line("likelihood", "", {}, f"{words}: reconstruction is the cross-entropy of black and white pixels.", decimals)
    if likelihood.per_pixel or mse is None or not std or not math.isfinite(std):
        return line("likelihood", "", {}, f"{words}: a {nats_of(config)}.", decimals)
    normaliser = n * (math.log(std) + HALF_LOG_2PI)
    parts = {f"{n} · MSE / 2σ²": (terms["reconstruction"] - normaliser, "reconstruction"), f"{n} log σ√2π": (normaliser, "data")}
    note = f"{words}, MSE {mse:.4f}: a {nats_of(config)}."
    return line("likelihood", "reconstruction", parts, note, decimals, carrier=0)


def _trained_on(record: RunRecord, terms: dict[str, float], decimals: int) -> dict[str, Any]:
    """What the gradient is taken of: the bound, or another sum."""
    neg_iwae, weight = latest(record, "held_out/neg_iwae"), latest(record, "held_out/kl_weight")
    if neg_iwae is not None:
        k, bound = record.config.get("importance_samples", 0), sum(terms.values())
        parts = {"−ELBO": (bound, "held_out"), "less by more samples": (neg_iwae - bound, "evidence")}
        return line("trained on", f"−IWAE-{k}", parts, f"{k} samples a bound: nearer to −log p(x).", decimals)
    weight, free = 1.0 if weight is None else weight, latest(record, "held_out/free_bits") or 0.0
    if abs(weight - 1.0) < 1e-9 and not free:
        return line("trained on", "", {}, "−ELBO itself: the weight of the KL is 1.", decimals)
    parts = {"reconstruction": (terms["reconstruction"], "reconstruction"), f"{weight:.3g} × KL": (weight * terms["kl"], "kl")}
    if free:
        parts["free bits"] = (free, "prior")
    warm = f", warming up to β = {record.config.get('beta', 1.0):g}" if warming(record) else ""
    note = f"KL weighted by {weight:.3g}{warm}: no bound on −log p(x), unlike −ELBO."
    return line("trained on", "loss", parts, note, decimals)


def warming(record: RunRecord) -> bool:
    """Whether the KL's weight is still on its way up."""
    return latest_step(record, "held_out/kl_weight") < record.config.get("kl_warmup", 0)


def line(title: str, total: str, parts: dict[str, tuple[float, str]], note: str, decimals: int, carrier: int = 1) -> dict[str, Any]:
    """One sum: what it is, its terms (label -> value, role) with texts that add up as shown, and a sentence."""
    texts, whole = texts_that_add_up([value for value, _ in parts.values()], decimals, carrier)
    terms = [{"label": label, "text": text, "role": role} for (label, (_, role)), text in zip(parts.items(), texts)]
    return {"title": title, "total": {"label": total, "text": whole}, "terms": terms, "note": note}


def _read(text: str) -> float:
    """The number that a text shows; NaN for words."""
    try:
        return float(text.replace(",", "").replace("−", "-"))
    except ValueError:
        return math.nan


def terms_of(record: RunRecord) -> dict[str, Payload]:
    """The view `terms` of either model, once there is one."""
    payload = (vae_terms if MODELS[record.config["model"]].has_bound else autoencoder_terms)(record)
    return {"terms": payload} if payload else {}
