"""The samplers: one function each, from `x` at `t` to `x` at `s`.

Three see the ODE in different variables, and that is all that tells them apart: `euler` and `heun` step in `t`; `ddim` and
`edm_heun` in `σ/α`, where the ODE of `x/α` is `d(x/α) = eps d(σ/α)` and a constant `eps` is followed exactly; `dpmpp_2m` in
log-SNR, where a constant `x_0` is.

The order of a method is that of its error in the size of its steps. The last step of `edm_heun` and `dpmpp_2m`, to `σ = 0`, is one
of DDIM, with an error of `(σ/α)²` where it begins. On even steps of time that is second order where `σ ~ t` near 0 (cosine, rectified
flow), and first where `σ ~ √t` (linear β); under variance exploding `σ` never becomes 0.
"""

from __future__ import annotations

from torch import Tensor

from playground.diffusion.noise import Coefficients
from playground.diffusion.sampling.step import Step, ancestral_variance, velocity


def ddpm(step: Step) -> Tensor:
    """A draw from `q(x_s | x_t, x_0 = x_hat_0)` (Ho et al. 2020, eq. 6-7, with the smaller of their two variances)."""
    now, next = step.now, step.next
    ratio = now.alpha / next.alpha
    forward = now.sigma**2 - ratio**2 * next.sigma**2
    mean = (ratio * next.sigma**2 * step.x + next.alpha * forward * step.prediction.x_0) / now.sigma**2
    return mean + ancestral_variance(now, next).sqrt() * step.noise()


def ddim(step: Step) -> Tensor:
    """`alpha_s x_hat_0 + sqrt(sigma_s² - std²) eps_hat + std noise`, `std² = eta² Var q(x_s|x_t,x_0)` (Song et al. 2021,
    eq. 12 and 16). With `eta = 1` the same distribution as DDPM; with 0 no noise at all."""
    std = step.eta * ancestral_variance(step.now, step.next).sqrt()
    direction = (step.next.sigma**2 - std**2).clamp_min(0.0).sqrt()
    x_s = step.next.alpha * step.prediction.x_0 + direction * step.prediction.eps
    return x_s + std * step.noise() if step.eta > 0 else x_s


def euler(step: Step) -> Tensor:
    """One Euler step of the probability-flow ODE in `t`. Under rectified flow this is DDIM with `eta = 0`."""
    return step.x + (step.s - step.t) * velocity(step.prediction, step.now)


def heun(step: Step) -> Tensor:
    """Euler, then again with the mean of the slopes at both ends: second order, two evaluations. The last step, to
    `t = 0`, stays an Euler step, as in Karras et al. 2022, algorithm 1."""
    guess = euler(step)
    if float(step.s) <= 0.0:
        return guess
    there = velocity(step.denoiser(guess, step.s.to(guess).reshape(1)), step.next)
    return step.x + 0.5 * (step.s - step.t) * (velocity(step.prediction, step.now) + there)


def edm_heun(step: Step) -> Tensor:
    """Heun's method in `σ/α` (Karras et al. 2022, algorithm 1, where `α = 1`): a DDIM step, and again with the mean of the
    `eps` at both ends, two evaluations. Second order; the last step, to `σ = 0`, is one of DDIM, and makes the whole first order
    under linear β."""
    now, next = step.now, step.next
    width = next.sigma - now.sigma * next.alpha / now.alpha
    start = next.alpha / now.alpha * step.x
    guess = start + width * step.prediction.eps
    if float(next.sigma) <= 0.0:
        return guess
    there = step.denoiser(guess, step.s.to(guess).reshape(1)).eps
    return start + 0.5 * width * (step.prediction.eps + there)


def dpmpp_2m(step: Step) -> Tensor:
    """DPM-Solver++(2M): `x_s = (σ_s/σ_t) x - α_s (e^-h - 1) D`, `h` the step in half log-SNR, with `D` the `x_hat_0` of this step
    extrapolated by that of the one before to the step's middle (Lu et al. 2022, algorithm 2): second order, one evaluation.
    The first step, and one to `σ = 0`, where `h` is infinite, are those of DDIM: the last makes the whole first order under linear β."""
    now, next = step.now, step.next
    decay = (now.alpha / now.sigma) * (next.sigma / next.alpha)  # e^-h
    target = step.prediction.x_0
    if step.past is not None and float(next.sigma) > 0.0:
        ratio = _half_log_snr(now, step.past.coefficients) / _half_log_snr(next, now)
        target = target + 0.5 / ratio * (target - step.past.prediction.x_0)
    return (next.sigma / now.sigma) * step.x - next.alpha * (decay - 1.0) * target


def _half_log_snr(there: Coefficients, here: Coefficients) -> Tensor:
    """`log(α/σ)` of `there` less that of `here`."""
    return ((there.alpha / there.sigma) / (here.alpha / here.sigma)).log()
