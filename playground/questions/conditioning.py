"""A question to a diffusion model of points: what it makes of one coordinate when the other is held, beside what is right."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from playground.diffusion.oracle import MixtureDenoiser
from playground.diffusion.sampling import DenoiserFn, inpaint, time_grid
from playground.questions.arguments import Condition, Conditional
from playground.questions.diffusion import Diffusion
from playground.questions.space import floats

Arrays = dict[str, np.ndarray]
BINS = 52


def conditional(diffusion: Diffusion, args: Conditional) -> Arrays:
    """Points: the second coordinate of `n` samples whose first is held at `known`, inpainted by RePaint (`steps`, each made `resample` times),
    as the share in each of 52 bins between the `edges` (53,): `model` (52,).

    Where the density of the data is known, also the same by the exact denoiser, `repaint`, which leaves RePaint's own error, and
    `exact`, the probability of each bin under `p(x_2 | x_1)`. `..._distance` is the total variation from it, `½ Σ |share - probability|`, 0
    to 1, and `floor` that of as many draws from the exact distribution itself."""
    diffusion.plane("One coordinate given the other")
    known = torch.tensor([args.known, 0.0], device=diffusion.device)
    n, generator = args.n, diffusion.generator(args.seed)
    times = time_grid(diffusion.schedule, args.steps)
    missing = torch.tensor([False, True], device=diffusion.device)
    low, high = diffusion.task.data_range
    edges = torch.linspace(1.3 * low, 1.3 * high, BINS + 1)

    def shares(denoiser: DenoiserFn) -> Tensor:
        *_, end = inpaint(denoiser, diffusion.schedule, known[None], missing[None], n, times, generator, args.resample)
        return binned(end.x[:, 1], edges)

    found = {
        "edges": floats(edges),
        "model": floats(shares(diffusion.clipped(diffusion.conditioned(diffusion.model, Condition())))),
        "exact_known": np.asarray(int(diffusion.known)),
    }
    ideal = diffusion.exact
    if not isinstance(ideal, MixtureDenoiser):
        return found
    right = ideal.given(known.double().to(ideal.means.device), missing.to(ideal.means.device))
    exact, repaint = probabilities(right, edges), shares(ideal)
    distances = {
        "model_distance": total_variation(torch.from_numpy(found["model"]), exact),
        "repaint_distance": total_variation(repaint, exact),
        "floor": total_variation(binned(draws(right, n), edges), exact),
    }
    return (
        found
        | {"exact": floats(exact), "repaint": floats(repaint)}
        | {name: np.asarray(value, np.float32) for name, value in distances.items()}
    )


def binned(x: Tensor, edges: Tensor) -> Tensor:
    """The share of `x` (n,) in each bin, (b,); what lies beyond counts to the outermost."""
    return torch.histogram(x.detach().double().cpu().clamp(float(edges[0]), float(edges[-1])), edges.double()).hist / len(x)


def probabilities(one: MixtureDenoiser, edges: Tensor) -> Tensor:
    """The probability of each bin under clean data of one dimension, (b,), float64; the outermost reach on without end."""
    below = (one.weights * torch.special.ndtr((edges.double()[1:-1, None] - one.means[:, 0]) / one.std)).sum(1)
    return torch.cat([below.new_zeros(1), below, below.new_ones(1)]).diff()


def draws(one: MixtureDenoiser, n: int) -> Tensor:
    """`n` draws of clean data of one dimension, (n,), always the same."""
    generator = torch.Generator().manual_seed(0)
    k = torch.multinomial(one.weights, n, replacement=True, generator=generator)
    return one.means[k, 0] + one.std * torch.randn(n, generator=generator, dtype=torch.float64)


def total_variation(p: Tensor, q: Tensor) -> float:
    """`½ Σ |p - q|`: the most by which the two differ on any set of bins."""
    return 0.5 * float((p.double() - q.double()).abs().sum())
