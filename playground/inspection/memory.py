"""Has a diffusion model learned its images by heart? Distances of its samples to the images it saw and to those it did not."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from playground.inspection.arguments import Arguments
from playground.inspection.lab import Lab
from playground.inspection.space import floats, tiles
from playground.tasks import as_pixels

UNSEEN = 500
"""Held-out images whose distances are the floor."""
RARE = 0.05
"""A sample counts as remembered where so small a share of unseen images is, by the same measure, as near to the training set."""
CHUNK = 4096


def memorisation(lab: Lab, args: Arguments) -> dict[str, np.ndarray]:
    """`n` fresh `samples`, as many of the training set's `ideal` denoiser from the same noise, and the training images nearest to
    them, `nearest`, `ideal_nearest`: uint8 (n, H, W).

    Distances are root mean squares over pixels in [0, 1]: `to_train`, `to_held_out`, `ideal_to_train`, `ideal_to_held_out` (n,), and for m
    held-out images `held_out_to_train`, `held_out_to_held_out` (m,), itself left out. Pictures that are plain lie near to all
    others, so what tells is the ratio of the two: `share`, `ideal_share` of samples whose ratio is below `threshold`, which
    `floor_share` = 5 % of the unseen images are. An ideal denoiser has 1; a model that generalises has about 5 %."""
    lab.images("Memorisation")
    task, n = lab.task, args.whole("n", 1, 64, default=16)
    noise, steps = lab.noise(n, lab.generator(args)), args.whole("steps", 2, 200, default=50)
    sets = {
        who: lab.draw(lab.clipped(lab.told(denoiser, args)), noise, steps)
        for who, denoiser in (("", lab.model), ("ideal_", lab.ideal))
    }
    order = torch.randperm(len(task.test_x), generator=torch.Generator().manual_seed(0))[:UNSEEN].to(lab.device)
    unseen = task.test_x[order].float() / 255.0
    floor = {"train": nearest(unseen, task.train_x)[0], "held_out": nearest(unseen, task.test_x, skip=order)[0]}
    threshold = torch.quantile(floor["train"] / floor["held_out"].clamp_min(1e-9), RARE)
    found = {f"held_out_to_{name}": floats(value) for name, value in floor.items()}
    for who, x in sets.items():
        x = as_pixels(x).clamp(0.0, 1.0)
        to_train, which = nearest(x, task.train_x)
        to_held_out, _ = nearest(x, task.test_x)
        found |= {
            f"{who or 'samples'}".rstrip("_"): tiles(x), f"{who}nearest": task.train_x[which][:, 0].cpu().numpy(),
            f"{who}to_train": floats(to_train), f"{who}to_held_out": floats(to_held_out),
            f"{who}share": floats((to_train / to_held_out.clamp_min(1e-9) < threshold).float().mean()),
        }  # fmt: skip
    return found | {"threshold": floats(threshold), "floor_share": np.asarray(RARE)}


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
