"""What is said of each likelihood p(x|z) of a VAE, and how wide one level of its pixels is: one table, without torch.

The distributions themselves stand in `playground/vae/likelihoods.py`, under the same names.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Pixels:
    """What `p(x|z)` is a distribution over, and so what its nats are of."""

    words: str
    level_width: float
    """Of one level, in the unit of the density; 1 where nats are those of probabilities."""
    unmodelled: int
    """Bits per dimension of a code that knows nothing: of as many levels, all alike."""


GREY = Pixels("density over pixels from 0 to 1", level_width=1.0 / 255.0, unmodelled=8)
COLUMNS = Pixels("density over standardised columns", level_width=1.0, unmodelled=0)
"""Of a table, whatever the likelihood; there are no levels, and so no bits of a code of them."""
BLACK_AND_WHITE = Pixels("probability of binarised pixels", level_width=1.0, unmodelled=1)


@dataclass(frozen=True)
class Likelihood:
    """One row of the table; `formula(n, std)` is Markdown with LaTeX, for n pixels and the σ that is set."""

    title: str
    family: str
    short: str
    """Beside others in a chart; `{std}` is the σ that is set."""
    pixels: Pixels
    formula: Callable[[int, float | None], str]
    learned: Literal["", "one σ", "σ per pixel"] = ""

    @property
    def binarised(self) -> bool:
        """Whether pixels are made black or white."""
        return self.pixels is BLACK_AND_WHITE

    @property
    def learns_spread(self) -> bool:
        """Whether σ is learned; grey levels are then spread out over their cells."""
        return bool(self.learned)

    @property
    def per_pixel(self) -> bool:
        """Whether the decoder gives a σ for each pixel, beside its mean."""
        return self.learned == "σ per pixel"

    @property
    def fixed_spread(self) -> bool:
        """Whether σ is a setting."""
        return not (self.learns_spread or self.binarised)


CODE = "Bits per dimension count a lossless code of the grey levels, at most (Theis et al. 2016)."
DEQUANTISED = (
    "Pixels are dequantised, $x = (k + u - \\frac12)/255$ with $u \\sim U(0, 1)$: on bare levels, a pixel that is always black would let "
    "the density grow without bound."
)


def _gaussian(n: int, std: float | None) -> str:
    """The squared error that it is, with its weight and its normaliser in numbers."""
    if not std or not math.isfinite(std) or std <= 0:
        return "$p(x|z) = \\mathcal N(D(z), \\sigma^2 I)$ needs a σ above 0."
    weight, normaliser = n / (2 * std**2), n * math.log(std * math.sqrt(2 * math.pi))
    sign = "+" if normaliser >= 0 else "−"
    return (
        f"$-\\log p(x|z) = \\frac{{|x - D(z)|^2}}{{2\\sigma^2}} + {n} \\log(\\sigma\\sqrt{{2\\pi}})$, in nats: "
        f"**{weight:,.0f} × MSE {sign} {abs(normaliser):,.1f}**. So “MSE” is a Gaussian in disguise, and weighing it "
        f"against a KL is choosing σ: a *mean* over the {n} pixels, as in much code, is σ = {math.sqrt(n / 2):.1f}, a "
        f"*sum* is σ = 0.71. It is a density over pixels $k/255$, from 0 to 1: nats may be negative. {CODE}"
    )


def _gaussian_learned(n: int, std: float | None) -> str:
    return (
        "$p(x|z) = \\mathcal N(D(z), \\sigma^2 I)$ with one σ that is learned like a weight. At its best, $\\sigma^2$ is the mean squared "
        f"error, so that $-\\log p(x|z)$ becomes ${n}/2 \\cdot \\log(2\\pi e\\,\\mathrm{{MSE}})$: nobody has to "
        f"weigh an MSE against the KL. {DEQUANTISED}"
    )


def _gaussian_per_pixel(n: int, std: float | None) -> str:
    return (
        "$p(x|z) = \\mathcal N(D(z), \\operatorname{diag} \\sigma(z)^2)$: the decoder also says how sure it is of each pixel, and an error "
        f"counts for less where it is not. {DEQUANTISED} {CODE}"
    )


def _bernoulli(n: int, std: float | None) -> str:
    return (
        "$-\\log p(x|z) = -\\sum_i x_i \\log D_i(z) + (1 - x_i) \\log (1 - D_i(z))$, a **cross-entropy** of "
        "black and white pixels: a probability, so its nats and bits per dimension are those of a code. On grey "
        "pixels the same formula is no likelihood, because nothing normalises it; so each pixel is made white "
        "with its grey level as probability."
    )


def of_columns(likelihood: Likelihood, n: int, std: float | None) -> str:
    """The formula for rows of a table with n columns: each is standardised, has a density, and no levels."""
    if likelihood.binarised:
        return "Columns are numbers, not black or white: a Gaussian is for them."
    spread = (
        f"σ = {std:g}"
        if likelihood.fixed_spread and std
        else "a σ for each column and z"
        if likelihood.per_pixel
        else "one σ that is learned"
    )
    return (
        f"$-\\log p(x|z) = \\sum_i \\frac{{(x_i - D_i(z))^2}}{{2\\sigma_i^2}} + \\log(\\sigma_i\\sqrt{{2\\pi}})$ over {n} columns, with {spread}, in nats of a "
        f"{COLUMNS.words}: in units of their standard deviations, so that each counts alike. In the units of the table the density is "
        "smaller by the product of these."
    )


LIKELIHOODS: dict[str, Likelihood] = {
    "gaussian": Likelihood("Gaussian, fixed σ", "Gaussian", "σ {std:g}", GREY, _gaussian),
    "gaussian_learned": Likelihood("Gaussian, one learned σ", "Gaussian", "learned σ", GREY, _gaussian_learned, "one σ"),
    "gaussian_per_pixel": Likelihood(
        "Gaussian, learned σ per pixel", "Gaussian", "σ per pixel", GREY, _gaussian_per_pixel, "σ per pixel"
    ),
    "bernoulli": Likelihood("Bernoulli, black and white", "Bernoulli", "Bernoulli", BLACK_AND_WHITE, _bernoulli),
}
