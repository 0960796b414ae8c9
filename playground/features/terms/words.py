"""What the chosen likelihood says, in a formula and with its numbers: read beside the form, before anything is trained."""

from __future__ import annotations

import math

from playground.data import DATASETS

CODE = "Bits per dimension count a lossless code of the grey levels, at most (Theis et al. 2016)."
SPREAD = (
    "Pixels are dequantised, $x = (k + u - \\frac12)/255$ with $u \\sim U(0, 1)$: on bare levels, a pixel that is always black would let "
    "the density grow without bound."
)


def likelihood_words(dataset: str, likelihood: str, std: float | None) -> str:
    """Markdown with LaTeX about `p(x|z)` for images of a data set; `std` is that of the fixed Gaussian."""
    n = math.prod(DATASETS[dataset].shape)
    match likelihood:
        case "bernoulli":
            return (
                "$-\\log p(x|z) = -\\sum_i x_i \\log D_i(z) + (1 - x_i) \\log (1 - D_i(z))$, a **cross-entropy** of "
                "black and white pixels: a probability, so its nats and bits per dimension are those of a code. On grey "
                "pixels the same formula is no likelihood, because nothing normalises it; so each pixel is made white "
                "with its grey level as probability."
            )
        case "gaussian_learned":
            return (
                "$p(x|z) = \\mathcal N(D(z), \\sigma^2 I)$ with one σ that is learned like a weight. At its best, "
                "$\\sigma^2$ is the mean squared "
                f"error, so that $-\\log p(x|z)$ becomes ${n}/2 \\cdot \\log(2\\pi e\\,\\mathrm{{MSE}})$: nobody has to "
                f"weigh an MSE against the KL. {SPREAD}"
            )
        case "gaussian_per_pixel":
            return (
                "$p(x|z) = \\mathcal N(D(z), \\operatorname{diag} \\sigma(z)^2)$: the decoder also says how sure it is "
                "of each pixel, and an error "
                f"counts for less where it is not. {SPREAD} {CODE}"
            )
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
