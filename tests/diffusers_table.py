"""What the samplers are held against diffusers with: its discrete schedule as one of ours, and a network of no training."""

from __future__ import annotations

import math

import torch

from playground.diffusion.noise import Schedule


class Table(Schedule):
    """A discrete variance-preserving schedule: `t = (i + 1) / N` is diffusers' time step `i`, and `t = 0` is data."""

    title = "table"

    def __init__(self, alphas_cumprod: torch.Tensor) -> None:
        self.table = torch.cat([torch.ones(1, dtype=torch.float64), alphas_cumprod.double()])

    def alpha(self, t: torch.Tensor) -> torch.Tensor:
        return self.table[(t * (len(self.table) - 1)).round().long()].sqrt()

    def sigma(self, t: torch.Tensor) -> torch.Tensor:
        return (1.0 - self.alpha(t) ** 2).sqrt()

    def derivatives(self, t: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return t * math.nan, t * math.nan  # no solver may look at them


def network(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    """Some smooth function, as good as a trained one for comparing arithmetic."""
    return (1.3 * x.roll(1, -1) + t.to(x)).sin() + 0.2 * x
