"""What a sample costs: our samplers beside diffusers' schedulers of the same methods, which drive the same network as often.

    OMP_NUM_THREADS=1 python tests/benchmarks/sampling.py [--dataset fashion_mnist] [--evaluations 20] [--rounds 5]

The network is the default one, untrained: what it learned does not change what it costs. diffusers' loop is that of its pipelines, with
the network's own answer (v) and nothing between the two. Turns are taken, and the quickest counts: milliseconds of the processor, for a
sample. First with as many samples at once as ours draws at once, then with 1,000: all at once, and ours in its batches. Prints Markdown.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, EulerDiscreteScheduler
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from playground.config import DiffusionConfig
from playground.diffusion.denoiser import Denoiser
from playground.diffusion.sampling import initial_noise, reverse, time_grid
from playground.runs.control import Control
from playground.runs.generation import BATCH
from playground.runs.tasks import guided
from playground.runs.training import Trainer

METHODS = {
    "DDIM": ("ddim", DDIMScheduler),
    "DPM-Solver++(2M)": ("dpmpp_2m", DPMSolverMultistepScheduler),
    "Euler": ("euler", EulerDiscreteScheduler),
}
"""Title -> our sampler, and their class."""
NOISE = {"num_train_timesteps": 1000, "beta_schedule": "squaredcos_cap_v2", "prediction_type": "v_prediction"}


@torch.no_grad()
def theirs(kind: type, model: Denoiser, n: int, shape: tuple[int, ...], steps: int) -> Tensor:
    scheduler = kind(**NOISE)
    scheduler.set_timesteps(steps)
    x = scheduler.init_noise_sigma * torch.randn(n, *shape, generator=torch.Generator().manual_seed(0))
    for t in scheduler.timesteps:
        at = (t.float().reshape(1) / 1000.0).clamp(model.schedule.t_min, model.schedule.t_max)
        seen = scheduler.scale_model_input(x, t)
        x = scheduler.step(model.raw(seen, at, model.schedule.at(at).like(seen)), t, x).prev_sample
    return x


def ours(sampler: str, model: Denoiser, n: int, shape: tuple[int, ...], steps: int) -> Tensor:
    """In batches, as `generation.sample` draws; clean images are kept between black and white, which theirs does for DDIM only."""
    noise = initial_noise(model.schedule, (n, *shape), torch.Generator().manual_seed(0))
    denoiser, times, found = guided(model, None, 1.0, (-1.0, 1.0)), time_grid(model.schedule, steps), []
    for part in noise.split(BATCH):
        *_, last = reverse(denoiser, model.schedule, part, times, sampler)
        found.append(last.x)
    return torch.cat(found)


def quickest(works: list[Callable[[], object]], rounds: int) -> list[float]:
    """Processor seconds of each, the least of `rounds` turns."""
    found = []
    for _ in range(rounds):
        for work in works:
            began = time.process_time()
            work()
            found.append(time.process_time() - began)
    return [min(found[k :: len(works)]) for k in range(len(works))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="fashion_mnist")
    parser.add_argument("--evaluations", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    torch.set_num_threads(1)
    trainer = Trainer(DiffusionConfig(dataset=given.dataset, device="cpu"), Control(), None)
    model, shape, steps = trainer.ema, trainer.dataset.shape, given.evaluations
    print(
        f"{given.dataset}, {steps} evaluations; ms a sample\n\n| method | samples | ours | diffusers | ratio |\n|---|---|---|---|---|"
    )
    for n, rounds in ((BATCH, given.rounds), (1000, 1)):
        for title, (sampler, kind) in METHODS.items():
            works = [lambda: ours(sampler, model, n, shape, steps), lambda: theirs(kind, model, n, shape, steps)]
            own, other = (1e3 * seconds / n for seconds in quickest(works, rounds))
            print(f"| {title} | {n:,} | {own:.2f} | {other:.2f} | {own / other:.2f} |", flush=True)


if __name__ == "__main__":
    main()
