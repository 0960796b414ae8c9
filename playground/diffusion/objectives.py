"""What diffusion minimises: the denoising error, at times drawn evenly."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from playground.diffusion.denoiser import Denoiser
from playground.diffusion.noise import Coefficients
from playground.vae.objectives import Loss


class Examples(NamedTuple):
    """Scaled data (n, ...), and where a model is told classes their labels (n,), -1 where one is hidden."""

    x: Tensor
    label: Tensor | None = None


def denoising_error(
    model: Denoiser, x_0: Tensor, t: Tensor, eps: Tensor, label: Tensor | None = None, others: Examples | None = None
) -> Loss:
    """Mean squared error of the network's target in units of the target's own scale: `|y_hat - y|² / (a² + b²)`.

    For `eps` this is the simple loss of Ho et al. 2020 (eq. 14); for `velocity` under rectified flow half the flow-matching
    loss of Lipman et al. 2023. `x_0`, `eps`: (n, ...), `t`: (n,), `label`: (n,) with -1 where the class is hidden, or None.
    With `others` the gradient is that of the distance to the target's mean over all that `x_t` may have come from, `stable_x_0`: nearly the
    same on average, and less noisy. Terms: `denoising`, which is the error against `x_0` and `eps` with or without them.
    """
    c = model.schedule.at(t).like(x_0)
    p = model.parametrization
    x_t = c.alpha * x_0 + c.sigma * eps
    raw = model.raw(x_t, t, c) if label is None else model.raw(x_t, t, c, label)

    def error(x_0: Tensor, eps: Tensor) -> Tensor:
        return (raw - p.target(x_0, eps, c) / p.scale(c)).square().mean()

    plain = error(x_0, eps)
    if others is None:
        return Loss(plain, {"denoising": plain.detach()})
    mean = stable_x_0(x_t, c, Examples(x_0, label), others)
    return Loss(error(mean, (x_t - c.alpha * mean) / c.sigma), {"denoising": plain.detach()})


@torch.no_grad()
def stable_x_0(x_t: Tensor, c: Coefficients, own: Examples, others: Examples) -> Tensor:
    """`E[x_0 | x_t]`, (n, ...), if the data were these and no others (Xu, Tong & Jaakkola 2023, eq. 6): the mean of `own` examples, of
    which the `x_t` (n, ...) were made, and of `others`, each with weight `exp(-|x_t - α x|² / 2σ²)`; `c` as coefficients of `x_t`. With
    classes an `x_t` looks at its own example and at those of its class; where that is hidden, at all."""
    data = torch.cat([own.x, others.x]).flatten(1)
    ratio = (c.alpha / c.sigma).flatten(1)
    asked = torch.cat([x_t.flatten(1) * (ratio / c.sigma.flatten(1)), -0.5 * ratio.square()], dim=1)
    logits = asked @ torch.cat([data, data.square().sum(1, keepdim=True)], dim=1).T  # one pass over (n, all) in place of three
    if own.label is not None and others.label is not None:
        known = torch.cat([own.label, others.label])
        other = (own.label[:, None] >= 0) & (own.label[:, None] != known)
        logits = logits.masked_fill(other, -torch.inf)
    return (logits.softmax(1) @ data).reshape(x_t.shape)


def stratified_times(n: int, low: float, high: float, u: Tensor) -> Tensor:
    """`n` times spread evenly over [low, high) from one uniform draw `u` (Kingma et al. 2021, appendix I.1), (n,): the same
    expectation as independent draws, with less variance."""
    offsets = torch.arange(n, device=u.device, dtype=u.dtype) / n
    return low + (high - low) * ((u + offsets) % 1.0)
