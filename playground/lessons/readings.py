"""The readings that a lesson may name: what each is called in a sentence, and on which tabs it is measured."""

from __future__ import annotations

import math
from typing import NamedTuple

TABS = ("ae", "vae", "diffusion")
PREFIXES = {"start/": "before training, ", "lowest/": "lowest "}
"""In front of a reading of the loop: its first value, and its lowest so far."""


class Reading(NamedTuple):
    """One row of the table."""

    words: str
    tabs: tuple[str, ...]
    unit: str = ""
    study: str = ""
    """The study that measures it, where that is not the run of the tab itself."""


ENCODERS, VAE, DIFFUSION = ("ae", "vae"), ("vae",), ("diffusion",)
READINGS = {
    "held_out/mse": Reading("held-out error", ENCODERS),
    "train/mse": Reading("training error", ENCODERS),
    "baseline/mse": Reading("error of the mean image", ENCODERS),
    "linear/mse": Reading("error of the best linear code", ENCODERS),
    "held_out/neg_elbo": Reading("held-out −ELBO", VAE, "nats"),
    "train/neg_elbo": Reading("training −ELBO", VAE, "nats"),
    "held_out/reconstruction": Reading("reconstruction term", VAE, "nats"),
    "held_out/kl": Reading("KL term", VAE, "nats"),
    "bounds/neg_elbo": Reading("−ELBO of 32 held-out images", VAE, "nats"),
    "bounds/neg_log_p": Reading("−log p(x) of 32 held-out images", VAE, "nats"),
    "bounds/gap": Reading("gap", VAE, "nats"),
    "bounds/gap_se": Reading("its standard error", VAE, "nats"),
    "held_out/denoising": Reading("held-out denoising loss", DIFFUSION),
    "train/denoising": Reading("training loss", DIFFUSION),
    "linear/denoising": Reading("loss of the best linear denoiser", DIFFUSION),
    "floor/denoising": Reading("least possible loss", DIFFUSION),
    "codes/spread": Reading("spread of the codes", ENCODERS),
    "codes/empty": Reading("empty share of the box around the codes", ENCODERS),
    "samples/edges": Reading("edges of the samples", ("vae", "diffusion")),
    "data/edges": Reading("edges of real images", TABS),
    "samples/distance": Reading("distance of the samples to held-out data", DIFFUSION),
    "data/distance": Reading("distance of as many training examples", DIFFUSION),
    "gaussian/distance": Reading("distance of as many draws of a Gaussian", DIFFUSION),
    "samples/spread": Reading("spread within a class of samples", DIFFUSION),
    "data/spread": Reading("spread within a class of data", DIFFUSION),
    "forward/half": Reading("correlation of x with the data at t = 0.5", DIFFUSION),
    "forward/end": Reading("correlation of x with the data at t = 1", DIFFUSION),
    "arena/ddpm": Reading("distance of DDPM with the fewest evaluations", DIFFUSION, study="arena"),
    "arena/heun": Reading("distance of Heun with the fewest evaluations", DIFFUSION, study="arena"),
    "arena/unipc": Reading("distance of UniPC with the fewest evaluations", DIFFUSION, study="arena"),
    "arena/floor": Reading("distance of real data to real data", DIFFUSION, study="arena"),
}


def find(name: str) -> Reading | None:
    """The reading called `name`, with its prefix if it has one; None where there is none."""
    for prefix, words in PREFIXES.items():
        bare = name.removeprefix(prefix)
        if bare != name and bare.startswith(("held_out/", "train/")) and bare in READINGS:
            return READINGS[bare]._replace(words=words + READINGS[bare].words)
    return READINGS.get(name)


def written(value: float) -> str:
    """A number with three digits that mean something."""
    if not math.isfinite(value):
        return "no finite number"
    if abs(value) >= 1000:
        return f"{value:,.0f}".replace("-", "−")
    if abs(value) >= 100 or 0 < abs(value) < 1e-3:
        return f"{value:.{0 if abs(value) >= 100 else 4}f}".replace("-", "−")
    return f"{float(f'{value:.3g}'):.10g}".replace("-", "−")
