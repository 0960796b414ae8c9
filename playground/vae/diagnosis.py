"""The collapse doctor: which latent dimensions carry something, and a plain sentence when something is wrong.

A dimension is active when the mean of q(z|x) moves with x, `Var_x E_q[z_j] > 0.01` (Burda et al. 2016, appendix C). That some
are not is no fault in itself: a VAE with β = 1 switches off what its pixel noise would drown, as probabilistic PCA does (Lucas
et al. 2019). It is one when a heavier KL is what switched most of them off, or when next to nothing is left. The other fault is
the opposite: codes that all together, q(z) = E_x q(z|x), lie elsewhere than the prior, so that samples from the prior meet a
decoder that hardly saw their like. At every picture it is told by what the moments alone make certain, `least_mismatch`; where the
whole of it was measured (`vae/information.py`), by that: the card of the doctor holds it against `MISMATCHED_IN_ALL`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from playground.config.likelihoods import LIKELIHOODS

ACTIVE_ABOVE = 0.01
LITTLE = 0.5
"""Nats per image, in all dimensions together: below this z tells hardly more than nothing."""
FAR = 16.0
"""Variance of a coordinate of z, where the prior has 1 (or its mean, squared): a usual code is four standard deviations out."""
MISMATCHED = 0.1
"""Nats of `least_mismatch` from which on samples are told to suffer."""
MISMATCHED_IN_ALL, KNOWN = 0.3, 2.0
"""The same of the whole KL(q(z) || p(z)), measured. Of finished default runs (`tests/benchmarks/prior.py`, three seeds): 0.10 to 0.16 on digits
and sprites, whose samples from the prior are about as close to real images as codes of real images come out; 0.5 on
Fashion-MNIST, where they are two to three times as far, and 0.1 of it shows in the moments. It is known only where I(x; z) lies that
many nats below log N, the most that N images can tell: what is cut off there is counted as mismatch."""
SUFFERS = "samples from the prior decode z where few images were put"
SETTLED_STEPS, SETTLED_SHARE, LONGEST_WAIT = 200, 0.1, 1000
"""No word before this step, or before this share of the run (but that many steps at most): no encoder is born with a code."""


@dataclass(frozen=True)
class Diagnosis:
    """`active`: of each dimension. `sentence`: what is wrong, or None; `suggestion`: what to do about it, or ""."""

    active: tuple[bool, ...]
    sentence: str | None = None
    suggestion: str = ""

    @property
    def n_active(self) -> int:
        return sum(self.active)


def diagnose(
    kl_per_dimension: Sequence[float],
    mean_variance: Sequence[float],
    aggregate_mean: Sequence[float],
    aggregate_variance: Sequence[float],
    config: Mapping[str, Any],
    step: int,
) -> Diagnosis:
    """From the numbers of a VAE's snapshot (`runs/tasks/latent.py`), its settings, and the step that they are of."""
    active = tuple(bool(value > ACTIVE_ABOVE) for value in mean_variance)
    if step < settled_at(config):
        return Diagnosis(active)
    beta, d, n_silent = float(config["beta"]), len(active), len(active) - sum(active)
    total = float(sum(kl_per_dimension))
    most_silent = n_silent > d / 2 if beta > 1.0 else n_silent > 0.75 * d
    if most_silent or total < LITTLE:
        finding = carries_nothing(n_silent, d) if most_silent else f"z carries next to nothing ({total:.2g} nats per image)"
        why, what = _reason_for_silence(config)
        return Diagnosis(active, f"{finding}: {why}.", what)
    variance, shift = max(map(float, aggregate_variance)), max(abs(float(mean)) for mean in aggregate_mean)
    if max(variance, shift**2) <= FAR:
        return Diagnosis(active, *_mismatch(aggregate_mean, aggregate_variance, beta))
    where = f"a variance of {variance:.2g}, not 1" if variance > FAR else f"a mean of {shift:.2g}, not 0"
    why, what = _reason_for_distance(config)
    finding = f"The codes lie far outside the prior ({where}), so samples decode z that training hardly saw"
    return Diagnosis(active, f"{finding}: {why}.", what)


def least_mismatch(mean: Sequence[float], variance: Sequence[float]) -> float:
    """`½ Σ (m² + v - 1 - log v)`, nats: the KL to N(0, I) of a Gaussian with the moments of q(z). As `log N(m, v) - log p` is of second degree,
    `KL(q(z) || p(z))` is that and the KL of q(z) to the Gaussian; so it is at least that, whatever the shape of q(z)."""
    return 0.5 * sum(float(m) ** 2 + float(v) - 1.0 - math.log(max(float(v), 1e-12)) for m, v in zip(mean, variance))


def _mismatch(mean: Sequence[float], variance: Sequence[float], beta: float) -> tuple[str | None, str]:
    """What is wrong where all codes together do not fill the prior, and what to do."""
    least, largest = least_mismatch(mean, variance), max(map(float, variance))
    if not least >= MISMATCHED:
        return None, ""
    finding = (
        f"All codes together do not match the prior: KL(q(z) ‖ p(z)) is at least {least:.2g} nats (their variance is {largest:.2g}, not 1), "
        f"so {SUFFERS}."
    )
    return finding, what_mismatch_costs(beta)


def what_mismatch_costs(beta: float) -> str:
    """Where to see it, and what to do."""
    raise_beta = "Raise β towards 1. " if beta < 1.0 else ""
    return (
        f"{raise_beta}How much it costs: prior, measured, against real codes, under Look inside; latent diffusion, on tab 3, learns q(z) "
        "itself and draws from that."
    )


def settled_at(config: Mapping[str, Any]) -> int:
    """The step from which on a diagnosis means something: β has reached its value, and the run is under way."""
    under_way = min(LONGEST_WAIT, max(SETTLED_STEPS, int(SETTLED_SHARE * config["steps"])))
    return max(under_way, int(config.get("kl_warmup", 0)))


def carries_nothing(n: int, d: int) -> str:
    """Such as "14 of 16 dimensions carry nothing"."""
    if n == d:
        return f"None of the {d} dimensions carries anything" if d > 1 else "The only dimension carries nothing"
    return f"{n} of {d} dimensions carr{'ies' if n == 1 else 'y'} nothing"


def _reason_for_silence(config: Mapping[str, Any]) -> tuple[str, str]:
    """Why nothing is carried, and what to do: whatever makes information dear, the largest cause first."""
    beta, likelihood = float(config["beta"]), LIKELIHOODS[config.get("likelihood", "gaussian")]
    if beta > 1.0:
        what = "Lower β; KL warm-up or free bits help where dimensions died early in training."
        return f"β = {beta:g} is too high for this decoder", what
    if likelihood.fixed_spread and float(config["observation_std"]) > 0.5:
        std = float(config["observation_std"])
        why = f"with the pixel noise σ = {std:g} hardly any difference between images is worth a code"
        return why, "Lower σ, or let it be learned."
    return "the decoder does without z", "Use KL warm-up or free bits, a lower β, or a smaller decoder; more steps may help, too."


def _reason_for_distance(config: Mapping[str, Any]) -> tuple[str, str]:
    """Why codes are far out."""
    beta = float(config["beta"])
    if beta < 1.0:
        return f"β = {beta:g} is too low to hold them near it", "Raise β towards 1."
    return "the KL weighs too little against the reconstruction", "Raise β or the pixel noise σ, or give z more dimensions."
