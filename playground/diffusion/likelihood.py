"""The likelihood of data under a diffusion model, in two ways.

**The probability-flow ODE** `dx/dt = v(x, t)` moves data to noise and back without chance, so the density that it makes of the
noise's is known (the change of variables in continuous time: Chen et al. 2018, eq. 8; Song et al. 2021, eq. 39):

    log p(x) = log N(x_1; 0, σ_1² I) + ∫ div v(x_t, t) dt        along the path that starts at x

**The variational bound** in continuous time (Kingma et al. 2021, sections 3.5 and 5, with λ = log-SNR for time):

    -log p(x) ≤ KL(q(x_1|x) ‖ N(0, σ_1² I)) + E[-log p(x|z)] + ½ ∫ E|eps - eps_hat|² dλ

with z the data under the least noise.

The first is exact for the model as the ODE samples it, up to the solver's tolerance and, in many dimensions, the noise of
the trace estimate; the second bounds the model as the reverse SDE samples it, up to the noise of a Monte Carlo estimate. These are two
densities: no inequality holds between the two numbers, unless the score is exact (Song et al. 2021, Maximum Likelihood Training of
Score-Based Diffusion Models; Lu et al. 2022, Maximum Likelihood Training for Score-Based Diffusion ODEs by High Order Denoising).

**Pixels** are whole numbers k = 0..255, which the models see as `k / 127.5 - 1`. The bound is one on the probability of these
numbers. For the ODE, uniform noise as wide as one step makes them continuous, and the density that remains, times the width of
a step in every pixel, is on average a lower bound on the same probability (Theis et al. 2016, section 3.1). So both are in nats per
image of 8-bit images; `units.py` brings them to the unit in which the page shows every likelihood.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from playground.diffusion.noise import Schedule
from playground.diffusion.sampling import DenoiserFn, velocity
from playground.measures.work import Work, whole

PIXEL_STEP = 1.0 / 127.5
"""Between two neighbouring grey values, as a diffusion model sees pixels: from -1 to 1."""
LEVELS = 256


class OdeLikelihood:
    """`log p(x)` by solving the probability-flow ODE and the integral of its divergence together, step by step.

    The solver is the adaptive Runge-Kutta method of order 5(4) of SciPy, on the whole batch at once. The divergence is exact, with
    one derivative for each dimension, or, given `probes` (K, n, ...) of mean 0 and unit covariance, `probe · ∂v/∂x probe`
    (Hutchinson 1990), once for each probe. `start`: the noise level at which `x` (n, ...), counted as clean data, enters; what is
    found is the density of clean data with noise of that level on it. Weights must not require gradients.
    """

    def __init__(
        self,
        denoiser: DenoiserFn,
        schedule: Schedule,
        x: Tensor,
        start: float | None = None,
        probes: Tensor | None = None,
        tolerance: float = 1e-5,
    ) -> None:
        from scipy.integrate import RK45

        self.denoiser, self.schedule, self.probes, self.like = denoiser, schedule, probes, x
        self.start = schedule.t_min if start is None else start
        self.size, self.rows, self.evaluations = math.prod(x.shape[1:]), 1 if probes is None else len(probes), 0
        alpha = self._scalar(schedule.alpha, self.start)
        first = np.concatenate([(alpha * x).flatten().cpu().double().numpy(), np.zeros(self.rows * len(x))])
        self._log_alpha = math.log(alpha)
        self._solver = RK45(self._slope, self.start, first, schedule.t_max, rtol=tolerance, atol=tolerance, first_step=1e-4)

    @property
    def done(self) -> float:
        """How much of the way is behind, 0 to 1."""
        return (self._solver.t - self.start) / (self.schedule.t_max - self.start)

    def step(self) -> bool:
        """Takes one step; whether there are more to take. Raises `ArithmeticError` where the ODE cannot be solved."""
        if self._solver.status == "running":
            self._solver.step()
        if self._solver.status == "failed":
            raise ArithmeticError("The probability-flow ODE of this model cannot be solved: its steps became too small.")
        return self._solver.status == "running"

    def log_p(self) -> Tensor:
        """After the last step: nats, (K, n), one row a probe, float64 on the CPU. With an exact divergence K is 1."""
        state = torch.from_numpy(self._solver.y)
        n = len(self.like)
        x, integral = state[: n * self.size].reshape(n, -1), state[n * self.size :].reshape(self.rows, n)
        variance = self._scalar(self.schedule.sigma, self.schedule.t_max) ** 2
        prior = -0.5 * x.square().sum(1) / variance - 0.5 * self.size * math.log(2.0 * math.pi * variance)
        return prior + integral + self.size * self._log_alpha  # the last: from x_t back to x = x_t / alpha

    def _slope(self, t: float, state: np.ndarray) -> np.ndarray:
        """`(v, div v)` as one vector."""
        n = len(self.like)
        x = torch.from_numpy(state[: n * self.size]).to(self.like).reshape(self.like.shape)
        time = torch.full((1,), t, dtype=self.like.dtype, device=self.like.device)
        with torch.enable_grad():
            x.requires_grad_()
            v = velocity(self.denoiser(x, time), self.schedule.at(time).like(x))
            divergence = exact_divergence(v, x) if self.probes is None else estimated_divergence(v, x, self.probes)
        self.evaluations += 1
        return torch.cat([v.detach().flatten(), divergence.flatten()]).cpu().double().numpy()

    def _scalar(self, function, t: float) -> float:
        return float(function(torch.tensor(t, dtype=torch.float64)))


def exact_divergence(v: Tensor, x: Tensor) -> Tensor:
    """`Σ_i ∂v_i/∂x_i` of `v` (n, d), a function of `x` (n, d) row by row: (1, n)."""
    columns = range(v.shape[1])
    slopes = [torch.autograd.grad(v[:, i].sum(), x, retain_graph=i < v.shape[1] - 1)[0][:, i] for i in columns]
    return torch.stack(slopes).sum(0)[None]


def estimated_divergence(v: Tensor, x: Tensor, probes: Tensor) -> Tensor:
    """`e · (∂v/∂x)ᵀ e` for each of the `probes` e (K, n, ...): (K, n), with the divergence as its mean."""
    last = len(probes) - 1
    rows = [torch.autograd.grad((v * e).sum(), x, retain_graph=k < last)[0].mul(e) for k, e in enumerate(probes)]
    return torch.stack([row.flatten(1).sum(1) for row in rows])


def rademacher(k: int, like: Tensor, generator: torch.Generator) -> Tensor:
    """`k` random vectors of ±1 for each row of `like` (n, ...): (k, n, ...). Of all independent entries with unit variance these
    give the trace estimate with the least variance."""
    coins = torch.randint(0, 2, (k, *like.shape), generator=generator, device=generator.device)
    return (2.0 * coins - 1.0).to(like)


def ode_log_likelihood(
    denoiser: DenoiserFn,
    schedule: Schedule,
    x: Tensor,
    start: float | None = None,
    probes: Tensor | None = None,
    tolerance: float = 1e-5,
) -> Tensor:
    """As `OdeLikelihood`, to the end: nats, (K, n)."""
    solve = OdeLikelihood(denoiser, schedule, x, start, probes, tolerance)
    while solve.step():
        pass
    return solve.log_p()


def with_pixel_noise(x: Tensor, generator: torch.Generator) -> Tensor:
    """Pixels in [-1, 1] with uniform noise as wide as one grey value around them."""
    noise = torch.rand(x.shape, generator=generator, device=generator.device) - 0.5
    return x + PIXEL_STEP * noise.to(x)


def pixel_start(schedule: Schedule) -> float:
    """The time at which pixels enter: where diffusion has added as much noise as dequantising has, `σ/α = PIXEL_STEP / √12`, so that
    the model meets there what it was trained on; or `t_min` where that is later.

    The bound ends there, too: below that level noise no longer hides grey values, and a model that does not know that there are
    only 256 of them would pay for each decade of noise anew. (At that level it pays 0.04 nats per pixel for not knowing.)
    """
    log_snr = torch.tensor([-2.0 * math.log(PIXEL_STEP / math.sqrt(12.0))], dtype=torch.float64)
    return float(schedule.time_at(log_snr))


@dataclass(frozen=True)
class Bound:
    """The terms of the variational bound, all in nats and (n,), float64 on the CPU: `elbo = -(prior + diffusion + reconstruction)`, and `std_error`,
    that of its estimate."""

    prior: Tensor
    diffusion: Tensor
    reconstruction: Tensor
    std_error: Tensor

    @property
    def elbo(self) -> Tensor:
        """The lower bound on `log p(x)`."""
        return -(self.prior + self.diffusion + self.reconstruction)


def variational_bound(
    denoiser: DenoiserFn, schedule: Schedule, x: Tensor, draws: int, generator: torch.Generator, pixels: bool
) -> Bound:
    """As `bounding`, at once."""
    return whole(bounding(denoiser, schedule, x, draws, generator, pixels))


@torch.no_grad()
def bounding(
    denoiser: DenoiserFn, schedule: Schedule, x: Tensor, draws: int, generator: torch.Generator, pixels: bool
) -> Work[Bound]:
    """The bound for clean data `x` (n, ...) from `draws` >= 2 noise levels each: points on log-SNR that are spread evenly, with one
    random offset for each example, so the integral is unbiased.

    Where data and noise can hardly be told apart the error is close to `|eps|²`, whose mean is known to be D: a share of
    `|eps|² - D` is taken off, as large as the level before suggests (a control variate, independent of this level's noise).
    The standard error comes from differences between neighbouring levels, as is usual for systematic samples.
    """
    n, size = len(x), math.prod(x.shape[1:])
    ends = torch.tensor([pixel_start(schedule) if pixels else schedule.t_min, schedule.t_max], dtype=torch.float64)
    low, high = (float(value) for value in schedule.log_snr(ends).flip(0))
    offset = torch.rand(n, generator=generator, device=generator.device).cpu().double()

    def noise() -> Tensor:
        return torch.randn(x.shape, generator=generator, device=generator.device).to(x)

    found, share = [], 0.0
    for k in range(draws):
        t, eps = schedule.time_at(low + (high - low) * (k + offset) / draws).to(x), noise()
        error = (eps - denoiser(schedule.perturb(x, t, eps), t).eps).square().flatten(1).sum(1).cpu().double()
        found.append(0.5 * (high - low) * (error - share * (eps.square().flatten(1).sum(1).cpu() - size)))
        share = (error.mean() / size).clamp(0.0, 1.0)
        yield
    each = torch.stack(found)
    first, last = (schedule.at(t[None].to(x)).like(x) for t in ends)
    prior = 0.5 * (last.alpha / last.sigma * x).flatten(1).cpu().double().square().sum(1)
    ratio = float(first.sigma / first.alpha)
    if pixels:
        denoised = denoiser(first.alpha * x + first.sigma * noise(), ends[:1].to(x)).x_0
        reconstruction = pixel_nll(x, denoised, ratio).cpu().double()
    else:
        reconstruction = torch.full_like(prior, 0.5 * size * math.log(2.0 * math.pi * math.e * ratio**2))
    return Bound(prior, each.mean(0), reconstruction, (0.5 * each.diff(dim=0).square().mean(0) / draws).sqrt())


def pixel_nll(x: Tensor, z: Tensor, std: float) -> Tensor:
    """`-log p(x|z)` of pixels `x` (n, ...) in [-1, 1] with `p(k|z) ∝ N(x_k; z, std²)` over all 256 grey values, `z` a guess at them: nats,
    (n,). With the noisy pixels as the guess this is the decoder of Kingma et al. 2021 (section 3.3), with the denoised ones about
    that of Ho et al. 2020 (eq. 13), which is better wherever the model knows a pixel for certain."""
    grey = torch.arange(LEVELS, device=x.device, dtype=x.dtype) * PIXEL_STEP - 1.0
    logits = -0.5 * ((z[..., None] - grey) / std).square()
    index = ((x + 1.0) / PIXEL_STEP).round().long()
    return -logits.log_softmax(-1).gather(-1, index[..., None])[..., 0].flatten(1).sum(1)
