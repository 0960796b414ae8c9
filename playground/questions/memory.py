"""Has a diffusion model learned its images by heart? Distances of its samples to the images it saw and to those it did not."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from playground.data.sheets import pixels_of
from playground.measures.energy import wilson_interval
from playground.questions.arguments import Memorisation
from playground.questions.diffusion import Diffusion
from playground.questions.space import floats, tiles
from playground.runs.tasks import as_pixels

UNSEEN = 500
"""Held-out images whose distances are the floor."""
RARE = 0.05
"""A sample counts as remembered where so small a share of unseen images is, by the same measure, as near to the training set."""
CHUNK = 4096
PART, SECONDS = 32, 10.0
"""Samples are drawn in parts, and no further part is begun after so many seconds: a large network is measured with fewer."""
SHOWN, IDEAL_STEPS = 16, 20
"""Samples that are shown, and drawn of the ideal denoiser; so few steps lead it to a training image already."""
COPIES = 200
"""Training images that are blurred, or shifted, and ought to be found."""


def memorisation(diffusion: Diffusion, args: Memorisation) -> dict[str, np.ndarray]:
    """Up to `n` fresh samples, fewer where they take long, and 16 of the training set's ideal denoiser from the same noise. The first
    16 as `samples`, `ideal`, with the training images nearest to them, `nearest`, `ideal_nearest`: uint8 (16, H, W).

    Distances are root mean squares over pixels in [0, 1]: `to_train`, `to_held_out` (n,), `ideal_to_train`, `ideal_to_held_out` (16,), and
    for m held-out images `held_out_to_train`, `held_out_to_held_out` (m,), itself left out. Pictures that are plain lie near to all
    others, so what tells is the ratio of the two: `share`, `ideal_share` of those whose ratio is below `threshold`, which
    `floor_share` = 5 % of the unseen images are, with their 95 % intervals `interval`, `ideal_interval` (2,).

    An ideal denoiser has 1. Sharp images that are as new as the unseen ones have about 5 %, blurred ones fewer, whether they are new
    or not: so a small share is no proof. How much is missed is measured on copies that should all be found, training images shifted by
    a pixel and blurred: `shifted_to_train`, `shifted_to_held_out` (200,), `shifted_share`, `shifted_interval`, and `blurred_…`."""
    diffusion.images("Memorisation")
    task, steps = diffusion.task, args.steps
    noise = diffusion.noise(args.n, diffusion.generator(args.seed))
    ideal, model = (diffusion.clipped(diffusion.conditioned(denoiser, args)) for denoiser in (diffusion.ideal, diffusion.model))
    some = task.some_train(COPIES, torch.Generator().manual_seed(0))
    sets = {
        "ideal_": diffusion.draw(ideal, noise[:SHOWN], min(steps, IDEAL_STEPS)),
        "shifted_": shifted(some),
        "blurred_": blurred(some),
    }
    began, parts = time.monotonic(), []
    for part in noise.split(PART):
        if not parts or time.monotonic() - began < SECONDS:
            parts.append(diffusion.draw(model, part, steps))
    sets[""] = torch.cat(parts)

    unseen = Unseen(task.train_x, task.test_x)
    found = {f"held_out_to_{name}": floats(value) for name, value in unseen.floor.items()}
    for who, x in sets.items():
        x = as_pixels(x).clamp(0.0, 1.0)
        near = unseen.nearness(x)
        found |= {
            f"{who}to_train": floats(near.to_train),
            f"{who}to_held_out": floats(near.to_held_out),
            f"{who}share": np.asarray(near.share, np.float32),
            f"{who}interval": np.array(near.interval, "f4"),
        }
        if who in ("", "ideal_"):
            found |= {
                who.rstrip("_") or "samples": tiles(x[:SHOWN]),
                f"{who}nearest": pixels_of(task.train_x[near.which[:SHOWN]].cpu().numpy()),
            }
    return found | {"threshold": floats(unseen.threshold), "floor_share": np.asarray(RARE)}


@dataclass(frozen=True)
class Nearness:
    """Of n images: distances to the nearest training image, `which` it is, and to the nearest held-out one, (n,) each; the `share` of those that
    count as remembered, with its 95 % interval."""

    to_train: Tensor
    which: Tensor
    to_held_out: Tensor
    share: float
    interval: tuple[float, float]


class Unseen:
    """How near held-out images come to the training set, `floor`, and with it the `threshold` below which the ratio of the two distances of a sample
    is a sign of memory. `train` and `test` are stored images (N, C, H, W), uint8."""

    def __init__(self, train: Tensor, test: Tensor) -> None:
        self.train, self.test = train, test
        order = torch.randperm(len(test), generator=torch.Generator().manual_seed(0))[:UNSEEN].to(test.device)
        images = test[order].float() / 255.0
        self.floor = {"train": nearest(images, train)[0], "held_out": nearest(images, test, skip=order)[0]}
        self.threshold = torch.quantile(self.floor["train"] / self.floor["held_out"].clamp_min(1e-9), RARE)

    def nearness(self, x: Tensor) -> Nearness:
        """Of images `x` (n, C, H, W) from 0 to 1."""
        to_train, which = nearest(x, self.train)
        to_held_out, _ = nearest(x, self.test)
        flagged = int((to_train / to_held_out.clamp_min(1e-9) < self.threshold).sum())
        return Nearness(to_train, which, to_held_out, flagged / len(x), wilson_interval(flagged, len(x)))


def shifted(x: Tensor) -> Tensor:
    """`x` (n, C, H, W), moved to the right by one pixel; its first column stands twice."""
    return torch.cat([x[..., :1], x[..., :-1]], dim=-1)


def blurred(x: Tensor) -> Tensor:
    """`x` (n, C, H, W), smoothed by a Gaussian with a standard deviation of one pixel; the border goes on beyond the edge."""
    line = torch.exp(-0.5 * torch.arange(-3.0, 4.0, device=x.device) ** 2)
    kernel = (line[:, None] * line / line.sum() ** 2)[None, None]
    wide = torch.nn.functional.pad(x, (3, 3, 3, 3), mode="replicate")
    return torch.nn.functional.conv2d(wide.flatten(0, 1)[:, None], kernel).reshape(x.shape)


def nearest(x: Tensor, images: Tensor, skip: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Distance to, and index of, the nearest of the stored `images` (N, C, H, W), uint8, for each of `x` (n, C, H, W) in [0, 1]; for row
    i the image `skip[i]` is left out. The distance is the root mean square over pixels."""
    flat = x.flatten(1)
    best, index = torch.full((len(x),), torch.inf, device=x.device), torch.zeros(len(x), dtype=torch.long, device=x.device)
    for start in range(0, len(images), CHUNK):
        part = images[start : start + CHUNK].flatten(1).float() / 255.0
        distance = torch.cdist(flat, part)
        if skip is not None:
            here = (skip >= start) & (skip < start + len(part))
            distance[here.nonzero()[:, 0], skip[here] - start] = torch.inf
        value, where = distance.min(1)
        index, best = torch.where(value < best, where + start, index), torch.minimum(value, best)
    return best / math.sqrt(flat.shape[1]), index
