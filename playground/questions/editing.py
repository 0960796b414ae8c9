"""Questions to a diffusion model of images: paths between two noises, inversion, image-to-image, and
inpainting. Images come out as uint8 (n, H, W)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from playground.config import ConfigError
from playground.diffusion.sampling import inpaint as inpainting
from playground.diffusion.sampling import invert as inversion
from playground.diffusion.sampling import reverse, time_grid
from playground.questions.answers import slerp
from playground.questions.arguments import Condition, Edit, Inpaint, InterpolateNoise, Invert, Variations
from playground.questions.diffusion import Diffusion
from playground.questions.space import floats, tiles
from playground.runs.tasks import as_pixels, thin

Arrays = dict[str, np.ndarray]
SHOWN = 8
"""Images on the way from an image to its noise."""
OWN_SAMPLES, OWN_STEPS = 8, 25
"""Of the model's own samples, beside which the noise of an image is read."""


def interpolate_noise(diffusion: Diffusion, args: InterpolateNoise) -> Arrays:
    """`n` `images` (n, H, W) from noises between that of seed `a` and that of seed `b`, along a great circle (`spherical`, which keeps
    the length that noise has) or straight (`linear`, which does not: the middle comes out flat)."""
    diffusion.images("An interpolation in noise space")
    n, (a, b) = args.n, (diffusion.noise(1, diffusion.generator(seed)) for seed in (args.a, args.b))
    share = torch.linspace(0.0, 1.0, n, device=diffusion.device)[:, None]
    between = slerp if args.mode == "spherical" else torch.lerp
    path = between(a.flatten(), b.flatten(), share).reshape(n, *diffusion.shape)
    drawn = diffusion.draw(diffusion.clipped(diffusion.conditioned(diffusion.model, args)), path, args.steps)
    return {"images": tiles(as_pixels(drawn))}


def invert(diffusion: Diffusion, args: Invert) -> Arrays:
    """The noise that a held-out image is made from, by following the ODE up in `steps` steps, and the image that the same steps make of
    it: `original`, `regenerated`, `noise` (H, W; grey is 0, black and white are ∓3 standard deviations), `path` (k, H, W) at `times`
    (k,), `mse` (squared error per pixel, in [0, 1]), and `noise_mean`, `noise_std`, in units of the noise that sampling starts from.

    `own_std` (8,) are those of samples of the model's own, inverted in the same way: what is typical, which is below 1, because clean
    images hold none of the little noise that the model expects at `t_min`. The solver is Heun's in t on steps even in log-SNR: digits
    came back with an error of 1e-5 at 20 steps, where DDIM on even times (DDIM inversion: Song et al. 2021) had 9e-4, and the model's
    own samples had a `noise_std` of 0.95 instead of 0.77."""
    diffusion.images("An inversion")
    sampler = args.sampler
    x_0, conditioned = diffusion.held_out(args), diffusion.conditioned(diffusion.model, args)
    times = rising(diffusion, args.steps, sampler)
    states = list(inversion(conditioned, diffusion.schedule, x_0, times, sampler))
    noise = states[-1].x / diffusion.schedule.prior_std()
    down = times.flip(0) if times[0] == 0 else torch.cat([times.flip(0), times.new_zeros(1)])
    *_, end = reverse(conditioned, diffusion.schedule, states[-1].x, down, sampler)
    shown = [states[i] for i in thin(len(states), SHOWN)]
    path = torch.cat([state.x / diffusion.spread(state.t) for state in shown])
    return {
        "original": _one(x_0),
        "regenerated": _one(end.x),
        "noise": tiles(0.5 + noise / 6.0)[0],
        "path": tiles(as_pixels(path)),
        "times": np.array([state.t for state in shown], "f4"),
        "mse": floats(0.25 * (end.x.clamp(-1.0, 1.0) - x_0).square().mean()),
        "noise_mean": floats(noise.mean()),
        "noise_std": floats(noise.std()),
        "own_std": own_std(diffusion, args, times, sampler),
    }


def evenly(ends: Tensor, n: int) -> Tensor:
    """`n` numbers from the first of two to the second, (n,)."""
    low, high = ends.tolist()
    return torch.linspace(low, high, n, dtype=ends.dtype)


def rising(diffusion: Diffusion, steps: int, sampler: str) -> Tensor:
    """The times of an inversion, (steps + 1,): even in log-SNR, for DDIM even in t, on which it makes the smaller error."""
    ends = torch.tensor([diffusion.schedule.t_min, diffusion.schedule.t_max], dtype=torch.float64)
    if sampler == "ddim":
        return evenly(ends, steps + 1)
    times = diffusion.schedule.time_at(evenly(diffusion.schedule.log_snr(ends), steps + 1))
    times[0], times[-1] = ends
    return times


def own_std(diffusion: Diffusion, args: Condition, times: Tensor, sampler: str) -> np.ndarray:
    """The standard deviation of the noise that each of the model's own samples is inverted to, (8,); the samples are rounded to grey
    levels, as images are. Kept for as long as the weights stay the same."""
    key = (len(times), sampler, args.label, args.guidance_scale)
    if key not in diffusion.own_std:
        conditioned, generator = diffusion.conditioned(diffusion.model, args), torch.Generator(diffusion.device).manual_seed(0)
        own = diffusion.draw(diffusion.clipped(conditioned), diffusion.noise(OWN_SAMPLES, generator), OWN_STEPS, sampler="heun")
        own = own.clamp(-1.0, 1.0).add(1.0).mul(127.5).round().div(127.5).sub(1.0)
        *_, end = inversion(conditioned, diffusion.schedule, own, times, sampler)
        diffusion.own_std[key] = floats((end.x / diffusion.schedule.prior_std()).flatten(1).std(1))
    return diffusion.own_std[key]


def edit(diffusion: Diffusion, args: Edit) -> Arrays:
    """`n` variations of a held-out image: noise as of time `t` on it, and the way back from there (SDEdit: Meng et al. 2022). Little
    noise keeps what it shows, much noise only its layout: `original`, `noisy` (H, W), `images` (n, H, W)."""
    diffusion.images("A variation of an image")
    return variations(diffusion, args, diffusion.held_out(args))


def variations(diffusion: Diffusion, args: Variations, x_0: Tensor) -> Arrays:
    """Those of `x_0` (1, C, H, W), as the model sees it."""
    t, generator = diffusion.time(args.t), diffusion.generator(args.seed)
    eps = torch.randn((args.n, *diffusion.shape), generator=generator, device=diffusion.device)
    noisy = diffusion.schedule.perturb(x_0.expand_as(eps), t, eps)
    start = max(float(t), 1e-3)
    drawn = diffusion.draw(
        diffusion.clipped(diffusion.conditioned(diffusion.model, args)), noisy, max(2, round(args.steps * start)), start
    )
    return {"original": _one(x_0), "noisy": _one(noisy[:1] / diffusion.spread(float(t))), "images": tiles(as_pixels(drawn))}


def inpaint(diffusion: Diffusion, args: Inpaint) -> Arrays:
    """`n` ways to fill in what `mask` (H rows of W numbers, 1 = missing) takes from a held-out image: `original`, `masked` (missing
    pixels grey), (H, W), `images` (n, H, W). Each of the `steps` is made `resample` times (RePaint)."""
    diffusion.images("Inpainting")
    x_0, missing = diffusion.held_out(args), _mask(diffusion, args)
    if not bool(missing.any()):
        raise ConfigError("Nothing is missing: mark the part to be inpainted with ones in the mask.")
    times = time_grid(diffusion.schedule, args.steps)
    states = inpainting(
        diffusion.clipped(diffusion.conditioned(diffusion.model, args)),
        diffusion.schedule,
        x_0,
        missing,
        args.n,
        times,
        diffusion.generator(args.seed),
        args.resample,
    )
    *_, end = states
    return {"original": _one(x_0), "masked": _one(x_0 * ~missing), "images": tiles(as_pixels(end.x))}


def _mask(diffusion: Diffusion, args: Inpaint) -> Tensor:
    """What is missing, (1, 1, H, W). Raises `ConfigError` for a mask of another size."""
    height, width = diffusion.shape[1:]
    if len(args.mask) != height or any(len(row) != width for row in args.mask):
        raise args.refusal("mask", f"a list of {height} lists of {width} zeros and ones")
    return torch.tensor(args.mask, dtype=torch.bool, device=diffusion.device)[None, None]


def _one(x: Tensor) -> np.ndarray:
    """(1, C, H, W) in [-1, 1] as (H, W), or (H, W, 3)."""
    return tiles(as_pixels(x))[0]
