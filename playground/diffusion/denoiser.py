"""The denoiser: a network that, given `x_t` and `t`, says what was data and what was noise.

What the network is asked for is data, not code: a parametrization is a pair of coefficients `(a, b)`, its target is
`y = a x_0 + b eps`, and together with `x_t = alpha x_0 + sigma eps` that is a 2x2 linear system for `(x_0, eps)`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from playground.config import DiffusionConfig
from playground.data import DATASETS
from playground.diffusion.gaussians import GaussiansDenoiser
from playground.diffusion.linear import LinearDenoiser
from playground.diffusion.networks import Mixer, ResidualMLP, UNet
from playground.diffusion.noise import SCHEDULES, Coefficients, Schedule
from playground.diffusion.unet2d import UNet2D


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
    """`(x_t, t) -> Prediction(x_0, eps)`; where it was trained with `n_labels` classes, `(x_t, t, label)`.

    The network sees `x_t / sqrt(alpha² + sigma²)` and log-SNR, and predicts the target divided by its `scale`, so that its
    input and output have about unit variance under every schedule and parametrization (cf. Karras et al. 2022, table 1).
    A label is a number from 0, or -1 for "none": then the answer is about all classes together.

    With a `linear` denoiser, or one of several Gaussians, the network has only the rest to learn: `x_0` is that answer plus the network's output
    times the standard deviation of what the best linear answer leaves (as `c_skip` and `c_out` of Karras et al. 2022, with a matrix for a
    number). Of images the network then also sees that answer, which looks at all pixels at once.
    """

    def __init__(
        self,
        network: nn.Module,
        schedule: Schedule,
        parametrization: Parametrization,
        n_labels: int = 0,
        linear: LinearDenoiser | None = None,
    ) -> None:
        super().__init__()
        self.network, self.schedule, self.parametrization, self.n_labels = network, schedule, parametrization, n_labels
        self.linear = linear

    def raw(self, x_t: Tensor, t: Tensor, c: Coefficients, label: Tensor | None = None) -> Tensor:
        """The prediction of the target, in units of its `scale`; `c` is `schedule.at(t).like(x_t)`."""
        if self.linear is None:
            return self._answer(x_t, t, c, label)
        found = self._beyond(self.linear, x_t, t, c, label)
        return self.parametrization.target(found.x_0, found.eps, c) / self.parametrization.scale(c)

    def forward(self, x_t: Tensor, t: Tensor, label: Tensor | None = None) -> Prediction:
        """`x_t`: (n, ...), `t`: (n,) in [t_min, t_max], or (1,) where all share one time (then it is embedded once); `label`: int64,
        (n,) or (1,), None for -1; a model without classes takes no notice of it."""
        c = self.schedule.at(t).like(x_t)
        if self.linear is not None:
            return self._beyond(self.linear, x_t, t, c, label)
        return self.parametrization.solve(self.raw(x_t, t, c, label) * self.parametrization.scale(c), x_t, c)

    def _beyond(self, linear: LinearDenoiser, x_t: Tensor, t: Tensor, c: Coefficients, label: Tensor | None) -> Prediction:
        """The linear answer with the network's rest."""
        guess = linear(x_t, c)
        beside = (guess,) if x_t.ndim == 4 else ()
        x_0 = guess + linear.error(c).sqrt() * self._answer(x_t, t, c, label, *beside)
        return Prediction(x_0, (x_t - c.alpha * x_0) / c.sigma)

    def _answer(self, x_t: Tensor, t: Tensor, c: Coefficients, label: Tensor | None, *beside: Tensor) -> Tensor:
        """What the network says of `x_t` and of what it sees `beside`."""
        x = x_t / (c.alpha.square() + c.sigma.square()).sqrt()
        given = () if label is None or self.n_labels == 0 else (label,)
        return self.network(torch.cat([x, *beside], dim=1) if beside else x, self.schedule.log_snr(t), *given)


class GuidedDenoiser(nn.Module):
    """`(x_t, t) -> Prediction` for given classes: classifier-free guidance (Ho & Salimans 2022, eq. 6 with `1 + w` = `scale`),

        eps = eps(x_t) + scale (eps(x_t | label) - eps(x_t)),

    and `x_0` likewise. 1 is the model's own distribution of the class, at one evaluation; 0 its distribution of everything, at
    one, too; any other scale asks for both at once and costs two. `label`: int64, (n,) or (1,), -1 for no class.
    """

    label: Tensor

    def __init__(self, denoiser: Denoiser, label: Tensor, scale: float = 1.0) -> None:
        super().__init__()
        self.denoiser, self.scale, self.schedule = denoiser, scale, denoiser.schedule
        self.register_buffer("label", label, persistent=False)

    @property
    def evaluations(self) -> int:
        """How often the network is evaluated for each sample and call."""
        return 1 if self.scale in (0.0, 1.0) else 2

    def forward(self, x_t: Tensor, t: Tensor) -> Prediction:
        """As `Denoiser.forward`."""
        if self.evaluations == 1:
            return self.denoiser(x_t, t, self.label if self.scale == 1.0 else None)
        n = len(x_t)
        label = self.label.expand(n)
        both = self.denoiser(
            x_t.repeat(2, *[1] * (x_t.ndim - 1)), t if len(t) == 1 else t.repeat(2), torch.cat([label, label * 0 - 1])
        )
        x_0, eps = (value[n:].lerp(value[:n], self.scale) for value in (both.x_0, both.eps))
        return Prediction(x_0, eps)


class ClippedDenoiser(nn.Module):
    """Keeps a denoiser's `x_0` within the range of the data, and `eps` consistent with it.

    Near `t = 1`, where `alpha` is almost 0, a small error in `eps` is a huge one in `x_0`; the data's range is known, so
    what lies outside it is an error (`clip_sample` in diffusers; Ho et al. 2020, their released code).
    """

    schedule: Schedule

    def __init__(self, denoiser: Any, low: float, high: float) -> None:
        super().__init__()
        self.denoiser, self.low, self.high = denoiser, low, high
        self.schedule = denoiser.schedule

    @property
    def evaluations(self) -> int:
        """How often the network is evaluated for each sample and call."""
        return getattr(self.denoiser, "evaluations", 1)

    def forward(self, x_t: Tensor, t: Tensor) -> Prediction:
        x_0 = self.denoiser(x_t, t).x_0.clamp(self.low, self.high)
        c = self.schedule.at(t).like(x_t)
        return Prediction(x_0, (x_t - c.alpha * x_0) / c.sigma)


NETWORKS: dict[str, Callable[[tuple[int, ...], int, int, int, int], nn.Module]] = {"mlp": ResidualMLP, "mixer": Mixer, "unet": UNet}
"""Name -> what makes the network from the data's shape, width, depth, the number of classes (0: it is not told any) and of the
channels that it sees."""


STARTS: dict[str, Callable[[tuple[int, ...], int], LinearDenoiser]] = {
    "linear": lambda shape, _: LinearDenoiser(shape),
    "gaussians": GaussiansDenoiser,
}
"""Name -> what makes, for data of this shape and of so many Gaussians, the denoiser that a network's answer is added to; it is fitted to data
later."""


def build_denoiser(config: DiffusionConfig, shape: tuple[int, ...]) -> Denoiser:
    """The denoiser that `config` describes for data of `shape`: (C, H, W) for images, (2,) for points, (D,) for rows of a table."""
    kind = config.network_for(shape)
    if kind != "mlp" and len(shape) != 3:
        raise ValueError(f"network = {kind!r} is refused for points: it needs images; use 'mlp' or 'auto'.")
    n_labels = len(DATASETS[config.dataset].label_names) if config.conditional == "on" else 0
    schedule, parametrization = SCHEDULES[config.schedule], PARAMETRIZATIONS[config.parametrization]
    if kind == "unet2d":
        return Denoiser(UNet2D(config, shape, n_labels), schedule, parametrization, n_labels)
    linear = STARTS[config.skip](shape, config.gaussians) if config.skip in STARTS else None
    n_seen = shape[0] * (2 if linear is not None and len(shape) == 3 else 1)
    network = NETWORKS[kind](shape, config.width, config.depth, n_labels, n_seen)
    return Denoiser(network, schedule, parametrization, n_labels, linear)
