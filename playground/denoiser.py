"""The denoiser: a network that, given `x_t` and `t`, says what was data and what was noise.

What the network is asked for is data, not code: a parametrization is a pair of coefficients `(a, b)`, its target is
`y = a x_0 + b eps`, and together with `x_t = alpha x_0 + sigma eps` that is a 2x2 linear system for `(x_0, eps)`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from playground.config import DiffusionConfig
from playground.nn import ResidualMLP, UNet
from playground.noise import SCHEDULES, Coefficients, Schedule


@dataclass(frozen=True)
class Prediction:
    """A denoiser's answer: the clean data and the noise in `x_t`, with `x_t = alpha_t x_0 + sigma_t eps`."""

    x_0: Tensor
    eps: Tensor


@dataclass(frozen=True)
class Parametrization:
    """What the network predicts: `y = a x_0 + b eps` with coefficients that may depend on time."""

    name: str
    title: str
    a: Callable[[Coefficients], Tensor]
    b: Callable[[Coefficients], Tensor]

    def target(self, x_0: Tensor, eps: Tensor, c: Coefficients) -> Tensor:
        """`y = a x_0 + b eps`."""
        return self.a(c) * x_0 + self.b(c) * eps

    def solve(self, y: Tensor, x_t: Tensor, c: Coefficients) -> Prediction:
        """`(x_0, eps)` from `y` and `x_t`, by Cramer's rule; the determinant is `alpha b - sigma a`."""
        a, b = self.a(c), self.b(c)
        det = c.alpha * b - c.sigma * a
        return Prediction(x_0=(b * x_t - c.sigma * y) / det, eps=(c.alpha * y - a * x_t) / det)

    def scale(self, c: Coefficients) -> Tensor:
        """`sqrt(a² + b²)`: the standard deviation of the target where data and noise have unit variance."""
        return (self.a(c).square() + self.b(c).square()).sqrt()


PARAMETRIZATIONS: dict[str, Parametrization] = {
    p.name: p
    for p in (
        Parametrization("eps", "ε", a=lambda c: torch.zeros_like(c.alpha), b=lambda c: torch.ones_like(c.alpha)),
        Parametrization("x_0", "x₀", a=lambda c: torch.ones_like(c.alpha), b=lambda c: torch.zeros_like(c.alpha)),
        Parametrization("v", "v = α ε − σ x₀", a=lambda c: -c.sigma, b=lambda c: c.alpha),
        Parametrization("velocity", "dx/dt", a=lambda c: c.d_alpha, b=lambda c: c.d_sigma),
    )
}


class Denoiser(nn.Module):
    """`(x_t, t) -> Prediction(x_0, eps)`.

    The network sees `x_t / sqrt(alpha² + sigma²)` and log-SNR, and predicts the target divided by its `scale`, so that its
    input and output have about unit variance under every schedule and parametrization (cf. Karras et al. 2022, table 1).
    """

    def __init__(self, network: nn.Module, schedule: Schedule, parametrization: Parametrization) -> None:
        super().__init__()
        self.network, self.schedule, self.parametrization = network, schedule, parametrization

    def raw(self, x_t: Tensor, t: Tensor, c: Coefficients) -> Tensor:
        """The network's own output, in units of the target's `scale`; `c` is `schedule.at(t).like(x_t)`."""
        return self.network(x_t / (c.alpha.square() + c.sigma.square()).sqrt(), self.schedule.log_snr(t))

    def forward(self, x_t: Tensor, t: Tensor) -> Prediction:
        """`x_t`: (n, ...), `t`: (n,) in [t_min, t_max], or (1,) where all share one time (then it is embedded once)."""
        c = self.schedule.at(t).like(x_t)
        return self.parametrization.solve(self.raw(x_t, t, c) * self.parametrization.scale(c), x_t, c)


class ClippedDenoiser(nn.Module):
    """Keeps a denoiser's `x_0` within the range of the data, and `eps` consistent with it.

    Near `t = 1`, where `alpha` is almost 0, a small error in `eps` is a huge one in `x_0`; the data's range is known, so
    what lies outside it is an error (`clip_sample` in diffusers; Ho et al. 2020, their released code).
    """

    def __init__(self, denoiser: nn.Module, low: float, high: float) -> None:
        super().__init__()
        self.denoiser, self.low, self.high = denoiser, low, high
        self.schedule = denoiser.schedule

    def forward(self, x_t: Tensor, t: Tensor) -> Prediction:
        x_0 = self.denoiser(x_t, t).x_0.clamp(self.low, self.high)
        c = self.schedule.at(t).like(x_t)
        return Prediction(x_0, (x_t - c.alpha * x_0) / c.sigma)


def build_denoiser(config: DiffusionConfig, shape: tuple[int, ...]) -> Denoiser:
    """The denoiser that `config` describes for data of `shape`: (2,) for points, (C, H, W) for images."""
    kind = config.network if config.network != "auto" else ("unet" if len(shape) == 3 else "mlp")
    if kind == "unet" and len(shape) != 3:
        raise ValueError("network = 'unet' is refused for points: a U-Net needs images; use 'mlp' or 'auto'.")
    network = (UNet if kind == "unet" else ResidualMLP)(shape, config.width, config.depth)
    return Denoiser(network, SCHEDULES[config.schedule], PARAMETRIZATIONS[config.parametrization])
