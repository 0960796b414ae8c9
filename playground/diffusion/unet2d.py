"""diffusers' own `UNet2DModel` as a network of ours, so that a trained model can leave this project.

diffusers' network is told an index of a table where ours is told log-SNR; and its pipelines hand it what their schedulers say. So
this wrapper speaks the units of one of two families of schedulers, and the `UNet2DModel` inside can be lifted out as it is:

    table  variance preserving, `x / sqrt(α² + σ²)` and the index of the noise level; it predicts ε, x_0 or v. Every schedule can be
           told this way, since all of them are the same up to a scale (`levels.py`).
    flow   the straight line, `x` and `1000 t`; it predicts the velocity `ε - x_0`. For rectified flow with the velocity.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn

from playground.config import DiffusionConfig
from playground.diffusion.levels import TABLE, table_times
from playground.diffusion.networks import channels_of, zero
from playground.diffusion.noise import SCHEDULES

PredictionType = Literal["epsilon", "sample", "v_prediction"]
PREDICTIONS: dict[str, PredictionType] = {"eps": "epsilon", "x_0": "sample", "v": "v_prediction", "velocity": "v_prediction"}
"""Our parametrization -> diffusers' word for it, in the units of the table: under a variance preserving schedule the velocity is a
multiple of v, and our networks predict in units of the target's scale."""


def units_of(config: DiffusionConfig) -> str:
    """`flow` or `table`: the family of schedulers that a network with these settings speaks to."""
    return "flow" if (config.schedule, config.parametrization) == ("rectified_flow", "velocity") else "table"


def prediction_of(config: DiffusionConfig) -> PredictionType:
    """diffusers' `prediction_type` for these settings; exploding noise has no part of the data in its velocity, so there it is ε."""
    if config.parametrization == "velocity" and config.schedule == "variance_exploding":
        return "epsilon"
    return PREDICTIONS[config.parametrization]


class UNet2D(nn.Module):
    """(n, C, H, W) and log-SNR (n,) or (1,) -> (n, C, H, W), by way of `UNet2DModel`."""

    rising: Tensor

    def __init__(self, config: DiffusionConfig, shape: tuple[int, ...], n_labels: int = 0) -> None:
        super().__init__()
        self.flow = units_of(config) == "flow"
        log_snr = SCHEDULES[config.schedule].log_snr(table_times(SCHEDULES[config.schedule]))
        self.register_buffer("rising", -log_snr.float(), persistent=False)
        self.n_labels = n_labels
        self.unet = unet2d(shape, config.width, config.depth, n_labels)

    def forward(self, x: Tensor, log_snr: Tensor, label: Tensor | None = None) -> Tensor:
        """As every network of `denoiser.py`: the target in units of its scale; `label` -1 or None is no class."""
        conditioning = {}
        if self.n_labels:
            none = torch.full((1,), -1, dtype=torch.long, device=x.device)
            conditioning["class_labels"] = ((none if label is None else label) + 1).expand(len(x))
        if not self.flow:
            return self.unet(x, self.index(log_snr), **conditioning).sample
        sigma = torch.sigmoid(-0.5 * log_snr)
        norm = (sigma.square() + (1.0 - sigma).square()).sqrt().reshape(-1, 1, 1, 1)
        return self.unet(x * norm, TABLE * sigma, **conditioning).sample / math.sqrt(2.0)

    def index(self, log_snr: Tensor) -> Tensor:
        """The place of a log-SNR in the table of noise levels, 0 to 999, between two of them where it lies between."""
        wanted = (-log_snr).clamp(self.rising[0], self.rising[-1]).contiguous()
        k = torch.searchsorted(self.rising, wanted).clamp(1, len(self.rising) - 1)
        low, high = self.rising[k - 1], self.rising[k]
        return (k - 1) + (wanted - low) / (high - low)


def unet2d(shape: tuple[int, ...], width: int, depth: int, n_labels: int = 0) -> nn.Module:
    """A small `UNet2DModel` without attention: `width // 4` channels at the top, up to three resolutions, `depth // 2` blocks at
    each. With classes, embedding 0 stands for none."""
    from diffusers import UNet2DModel

    channels = channels_of(width, shape[-1])
    top = channels[0]
    network = UNet2DModel(
        sample_size=(shape[1], shape[2]),
        in_channels=shape[0],
        out_channels=shape[0],
        block_out_channels=tuple(channels),
        down_block_types=("DownBlock2D",) * len(channels),
        up_block_types=("UpBlock2D",) * len(channels),
        add_attention=False,
        layers_per_block=max(1, depth // 2),
        norm_num_groups=math.gcd(top, 8),
        num_class_embeds=n_labels + 1 if n_labels else None,
    )
    zero(network.conv_out)  # begins by predicting nothing, as our own networks do
    return network
