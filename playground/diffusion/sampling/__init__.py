"""From noise to data: samplers as generators of `SamplerState`. They differ only in their step from `t` to `s < t`.

All see the model through `Prediction(x_0, eps)`, so any sampler runs under any schedule and parametrization. `step.py` says
what a step may look at, `solvers.py` holds one function a sampler, `grids.py` places their steps, `loop.py` runs them from noise to
data and back, and `inpainting.py` keeps a part of the data as it is.
"""

from playground.diffusion.sampling.grids import GRIDS, time_grid
from playground.diffusion.sampling.inpainting import inpaint
from playground.diffusion.sampling.loop import SAMPLERS, Counted, SamplerState, initial_noise, invert, reverse
from playground.diffusion.sampling.solvers import ddim, ddpm, dpmpp_2m, edm_heun, euler, heun
from playground.diffusion.sampling.step import DenoiserFn, Past, Step, ancestral_variance, velocity

__all__ = [
    "GRIDS",
    "SAMPLERS",
    "Counted",
    "DenoiserFn",
    "Past",
    "SamplerState",
    "Step",
    "ancestral_variance",
    "ddim",
    "ddpm",
    "dpmpp_2m",
    "edm_heun",
    "euler",
    "heun",
    "initial_noise",
    "inpaint",
    "invert",
    "reverse",
    "time_grid",
    "velocity",
]
