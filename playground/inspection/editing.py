"""Questions to a diffusion model of images: paths between two noises, inversion, image-to-image, and
inpainting. Images come out as uint8 (n, H, W)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from playground.config import ConfigError
from playground.inspection.answers import slerp
from playground.inspection.arguments import Arguments
from playground.inspection.lab import Lab
from playground.inspection.space import floats, tiles
from playground.sampling import inpaint as inpainting
from playground.sampling import invert as inversion
from playground.sampling import time_grid
from playground.tasks import as_pixels, thin

Arrays = dict[str, np.ndarray]
SHOWN = 8
"""Images on the way from an image to its noise."""


def interpolate_noise(lab: Lab, args: Arguments) -> Arrays:
    """`n` `images` (n, H, W) from noises between that of seed `a` and that of seed `b`, along a great circle (`spherical`, which keeps
    the length that noise has) or straight (`linear`, which does not: the middle comes out flat)."""
    lab.images("An interpolation in noise space")
    n, mode = args.whole("n", 2, 25, default=9), args.choice("mode", ("spherical", "linear"), default="spherical")
    a, b = (lab.noise(1, lab.generator(args, key)) for key in ("a", "b"))
    share = torch.linspace(0.0, 1.0, n, device=lab.device)[:, None]
    between = slerp if mode == "spherical" else torch.lerp
    path = between(a.flatten(), b.flatten(), share).reshape(n, *lab.shape)
    drawn = lab.draw(lab.clipped(lab.told(lab.model, args)), path, args.whole("steps", 1, 200, default=50))
    return {"images": tiles(as_pixels(drawn))}


def invert(lab: Lab, args: Arguments) -> Arrays:
    """The noise that a held-out image is made from, by following the ODE up in `steps` steps (DDIM inversion), and the image that the
    same steps make of it: `original`, `regenerated`, `noise` (H, W; grey is 0, black and white are ∓3 standard deviations),
    `path` (k, H, W) at `times` (k,), `mse` (squared error per pixel, in [0, 1]), and `noise_mean`, `noise_std`, in units of the noise
    that sampling starts from: 0 and 1 for an image that the model holds for typical."""
    lab.images("An inversion")
    steps, sampler = args.whole("steps", 2, 500, default=100), args.choice("sampler", ("ddim", "edm_heun"), default="ddim")
    x_0, told = lab.held_out(args), lab.told(lab.model, args)
    times = torch.linspace(lab.schedule.t_min, lab.schedule.t_max, steps + 1, dtype=torch.float64)
    states = list(inversion(told, lab.schedule, x_0, times, sampler))
    noise = states[-1].x / lab.schedule.prior_std()
    regenerated = lab.draw(told, states[-1].x, steps, sampler=sampler)
    shown = [states[i] for i in thin(len(states), SHOWN)]
    path = torch.cat([state.x / lab.spread(state.t) for state in shown])
    return {
        "original": _one(x_0), "regenerated": _one(regenerated), "noise": tiles(0.5 + noise / 6.0)[0],
        "path": tiles(as_pixels(path)), "times": np.array([state.t for state in shown], "f4"),
        "mse": floats(0.25 * (regenerated.clamp(-1.0, 1.0) - x_0).square().mean()),
        "noise_mean": floats(noise.mean()), "noise_std": floats(noise.std()),
    }  # fmt: skip


def edit(lab: Lab, args: Arguments) -> Arrays:
    """`n` variations of a held-out image: noise as of time `t` on it, and the way back from there (SDEdit: Meng et al. 2022). Little
    noise keeps what it shows, much noise only its layout: `original`, `noisy` (H, W), `images` (n, H, W)."""
    lab.images("A variation of an image")
    t, n, generator = lab.time(args), args.whole("n", 1, 32, default=8), lab.generator(args)
    x_0, steps = lab.held_out(args), args.whole("steps", 2, 200, default=50)
    eps = torch.randn((n, *lab.shape), generator=generator, device=lab.device)
    noisy = lab.schedule.perturb(x_0.expand_as(eps), t, eps)
    start = max(float(t), 1e-3)
    drawn = lab.draw(lab.clipped(lab.told(lab.model, args)), noisy, max(2, round(steps * start)), start)
    return {"original": _one(x_0), "noisy": _one(noisy[:1] / lab.spread(float(t))), "images": tiles(as_pixels(drawn))}


def inpaint(lab: Lab, args: Arguments) -> Arrays:
    """`n` ways to fill in what `mask` (H rows of W numbers, 1 = missing) takes from a held-out image: `original`, `masked` (missing
    pixels grey), (H, W), `images` (n, H, W). Each of the `steps` is made `resample` times (RePaint)."""
    lab.images("Inpainting")
    x_0, n = lab.held_out(args), args.whole("n", 1, 16, default=4)
    missing = args.mask("mask", *lab.shape[1:], lab.device)[None, None]
    if not bool(missing.any()):
        raise ConfigError("Nothing is missing: mark the part to be inpainted with ones in the mask.")
    times = time_grid(lab.schedule, args.whole("steps", 2, 200, default=50))
    states = inpainting(
        lab.clipped(lab.told(lab.model, args)), lab.schedule, x_0, missing, n, times, lab.generator(args),
        args.whole("resample", 1, 10, default=3),
    )  # fmt: skip
    *_, end = states
    return {"original": _one(x_0), "masked": _one(x_0 * ~missing), "images": tiles(as_pixels(end.x))}


def _one(x: Tensor) -> np.ndarray:
    """(1, C, H, W) in [-1, 1] as (H, W)."""
    return tiles(as_pixels(x))[0]
