"""What diffusion minimises: the denoising error, at times drawn evenly."""

from __future__ import annotations

import torch
from torch import Tensor

from playground.diffusion.denoiser import Denoiser
from playground.vae.objectives import Loss


def denoising_error(model: Denoiser, x_0: Tensor, t: Tensor, eps: Tensor, label: Tensor | None = None) -> Loss:
    """Mean squared error of the network's target in units of the target's own scale: `|y_hat - y|² / (a² + b²)`.

    For `eps` this is the simple loss of Ho et al. 2020 (eq. 14); for `velocity` under rectified flow half the flow-matching
    loss of Lipman et al. 2023. `x_0`, `eps`: (n, ...), `t`: (n,), `label`: (n,) with -1 where the class is hidden, or None.
    Terms: `denoising`.
    """
    c = model.schedule.at(t).like(x_0)
    p = model.parametrization
    x_t = c.alpha * x_0 + c.sigma * eps
    raw = model.raw(x_t, t, c) if label is None else model.raw(x_t, t, c, label)
    error = (raw - p.target(x_0, eps, c) / p.scale(c)).square().mean()
    return Loss(error, {"denoising": error.detach()})


def stratified_times(n: int, low: float, high: float, u: Tensor) -> Tensor:
    """`n` times spread evenly over [low, high) from one uniform draw `u` (Kingma et al. 2021, appendix I.1), (n,): the same
    expectation as independent draws, with less variance."""
    offsets = torch.arange(n, device=u.device, dtype=u.dtype) / n
    return low + (high - low) * ((u + offsets) % 1.0)
