"""Questions that set what a denoiser learned beside the exact answer: as a field over the plane, as a density, and by time.

The exact answer is that of the data's density where it is known in closed form (`exact_known` is 1), else that of the best
denoiser of the training set (0), which is only right for the training set.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from playground.config import ConfigError
from playground.diffusion.denoiser import Prediction
from playground.diffusion.likelihood import ode_log_likelihood
from playground.diffusion.oracle import Exact
from playground.diffusion.sampling import velocity
from playground.questions.arguments import MOST_LEARNED, Density, Errors, OverPlane, VectorField
from playground.questions.diffusion import Diffusion
from playground.questions.space import floats

Arrays = dict[str, np.ndarray]
EXAMPLES = {True: 64, False: 200}
"""Whose errors are averaged: so many images, or points."""


def field(diffusion: Diffusion, args: VectorField) -> Arrays:
    """Points: the `score`, the `velocity` or the denoised place `x_0` on n x n `places` (n², 2) at time `t`, as `learned` and as
    `exact`, (n², 2), and the length of their difference, `distance` (n²,). Row by row, the second coordinate rising."""
    diffusion.plane("A field")
    t = diffusion.time(args.t)
    extent = _extent(diffusion, args, t)
    places = _grid(extent, args.n)
    learned, exact = (
        _vectors(diffusion, diffusion.conditioned(denoiser, args)(places, t), args.what, places, t)
        for denoiser in (diffusion.model, diffusion.exact)
    )
    return {
        "places": floats(places),
        "learned": floats(learned),
        "exact": floats(exact),
        "distance": floats((learned - exact).norm(dim=1)),
        "extent": floats(extent),
        "exact_known": np.asarray(int(diffusion.known)),
    }


def density(diffusion: Diffusion, args: Density) -> Arrays:
    """Points: `log p_t` in nats on n x n places, `log_density` (n, n), rows with the second coordinate rising: the `exact` one, or
    the `learned` one, from the model's probability-flow ODE. With a `label` both are of that class alone; a guided flow follows
    no density that is known, so there is an exact one only without guidance."""
    diffusion.plane("A density")
    t, learned = diffusion.time(args.t), args.what == "learned"
    n, extent = args.n or (32 if learned else 64), _extent(diffusion, args, t)
    places = _grid(extent, n)
    if learned:
        if n > MOST_LEARNED:
            raise args.refusal("n", f"a whole number from 2 to {MOST_LEARNED} for a learned density")
        start = min(float(t), diffusion.schedule.t_max - 1e-3)
        alpha = float(diffusion.schedule.alpha(torch.tensor(start, dtype=torch.float64)))
        conditioned = diffusion.conditioned(diffusion.model, args)
        found = ode_log_likelihood(conditioned, diffusion.schedule, places / alpha, start, tolerance=1e-4)[0] - 2.0 * np.log(alpha)
    else:
        if args.guidance_scale != 1.0:
            raise ConfigError("The exact density is known without guidance only: the guidance scale must be 1.")
        found = diffusion.exact.log_density(places, t, diffusion.label(args))
    return {"log_density": floats(found.reshape(n, n)), "extent": floats(extent), "exact_known": np.asarray(int(diffusion.known))}


def errors(diffusion: Diffusion, args: Errors) -> Arrays:
    """How wrong the model is by time, at `times` (m,), all in the unit of the loss: mean squared error of the target over its scale.

    `against_exact`: its answers against the exact ones, on noisy held-out examples; `zero`: the same for answering 0. Against
    the truth: `net_train`, `net_held_out`, and for the best denoiser of the training set `ideal_train`, `ideal_held_out`: the
    latter is the one that fails on what it has not seen. Where the density is known also `exact_held_out`, the least possible.
    With a `label` only examples of that class."""
    p, label = diffusion.model.parametrization, diffusion.label(args)
    low, high = diffusion.schedule.t_min, diffusion.schedule.t_max
    times = low + (high - low) * torch.linspace(0.0, 1.0, args.n, device=diffusion.device) ** 2  # closer where details are decided
    sets = {name: _examples(diffusion, name, label) for name in ("train", "held_out")}
    answering = {"net": diffusion.model, "ideal": Exact(diffusion.ideal, p)} | (
        {"exact": Exact(diffusion.exact, p)} if diffusion.known else {}
    )
    generator = torch.Generator(diffusion.device).manual_seed(0)
    found: dict[str, list[Tensor]] = {}
    for t in times[:, None]:
        for name, x_0 in sets.items():
            eps = torch.randn(x_0.shape, generator=generator, device=diffusion.device)
            c = diffusion.schedule.at(t).like(x_0)
            x_t, truth = c.alpha * x_0 + c.sigma * eps, p.target(x_0, eps, c) / p.scale(c)
            answers = {who: model.raw(x_t, t, c, label) for who, model in answering.items() if who != "exact" or name == "held_out"}
            errors_now = {f"{who}_{name}": y - truth for who, y in answers.items()}
            if name == "held_out":
                best = answers["exact" if diffusion.known else "ideal"]
                errors_now |= {"against_exact": answers["net"] - best, "zero": best}
            for key, error in errors_now.items():
                found.setdefault(key, []).append(error.square().mean())
    curves = {key: floats(torch.stack(values)) for key, values in found.items()}
    return {"times": floats(times), "exact_known": np.asarray(int(diffusion.known))} | curves


def _vectors(diffusion: Diffusion, prediction: Prediction, what: str, x: Tensor, t: Tensor) -> Tensor:
    if what == "x_0":
        return prediction.x_0
    return diffusion.score(prediction, t, x) if what == "score" else velocity(prediction, diffusion.schedule.at(t).like(x))


def _extent(diffusion: Diffusion, args: OverPlane, t: Tensor) -> Tensor:
    """The corners [x0, x1, y0, y1] that were asked for, or of a square that holds nearly all of the noisy data."""
    if args.extent is None:
        reach = diffusion.schedule.alpha(t) * diffusion.task.data_range[1] + 3.0 * diffusion.schedule.sigma(t)
        return torch.cat([-reach, reach, -reach, reach])
    extent = torch.tensor(args.extent, device=diffusion.device)
    if not bool((extent[::2] < extent[1::2]).all()):
        raise ConfigError("The argument extent must be [x0, x1, y0, y1] with x0 < x1 and y0 < y1.")
    return extent


def _grid(extent: Tensor, n: int) -> Tensor:
    """(n², 2)."""
    x, y = (torch.linspace(float(low), float(high), n, device=extent.device) for low, high in extent.reshape(2, 2))
    return torch.stack([x.repeat(n), y.repeat_interleave(n)], dim=1)


def _examples(diffusion: Diffusion, name: str, label: Tensor | None) -> Tensor:
    """A fixed choice of examples, as the model sees them."""
    task = diffusion.task
    x = task.train_x if name == "train" else task.test_x
    if label is not None:
        x = x[(task.train_labels if name == "train" else task.test_labels) == label]
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))[: EXAMPLES[diffusion.is_image]]
    return task.scale(x[order.to(x.device)])
