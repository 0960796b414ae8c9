"""Why the defaults are what they are: how good samples are after so many seconds of one thread, by setting.

    OMP_NUM_THREADS=1 python tests/benchmarks/defaults.py diffusion --dataset fashion_mnist --seconds 7.5 15 30 60 \\
        --try "" network=unet skip=none batch_size=64 learning_rate=0.001,batch_size=128

Each `--try` is a comma-separated list of settings that differ from the defaults ("" is the defaults themselves). A run is one of
constant learning rate that nobody watches, stopped at the last of `--seconds` (processor seconds, so that a busy machine does not
matter); at each of them up to 500 samples of its averaged weights are measured. Prints a Markdown table of Fréchet distances, in the
features of the data set's classifier, to training images, with that of as many held-out images, the floor; of an autoencoder, which has no samples, and of a
VAE also the held-out loss. Of the mixture in the plane it is the field that is measured: how far the velocity is from the exact one, in per cent
of its length (root mean squares over noisy held-out points at times drawn evenly). With `--whole` a run is one of the default steps,
decay and all, and the seconds that it took are printed. The tables that it made are in `defaults.md`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch

from playground.config import CONFIGS, RunConfig, SampleConfig, parse_config
from playground.data import DATASETS
from playground.data.points import MIXTURE
from playground.diffusion.objectives import stratified_times
from playground.diffusion.oracle import mixture_denoiser
from playground.measures.features import gallery_of
from playground.runs.control import Control
from playground.runs.generation import sample
from playground.runs.training import Trainer

SAMPLES, AT_ONCE = 500, 100


def settings(text: str) -> dict[str, str | float]:
    """`a=1,b=x` as {"a": 1.0, "b": "x"}."""
    pairs = (part.split("=") for part in text.split(",") if part)
    return {name: float(value) if value.replace(".", "").replace("e-", "").isdigit() else value for name, value in pairs}


def checkpoints(config: RunConfig, seconds: list[float]) -> Iterator[tuple[float, Trainer]]:
    """The trainer at each of `seconds` of its own processor time, or once at its end where there are none."""
    trainer, used = Trainer(config, Control(), None), 0.0
    marks = list(seconds)
    while trainer.step < config.steps and (marks or not seconds):
        began = time.process_time()
        trainer._advance()
        used += time.process_time() - began
        if marks and used >= marks[0]:
            yield marks.pop(0), trainer
    if not seconds:
        yield used, trainer


@torch.no_grad()
def field_error(trainer: Trainer) -> float:
    """In per cent, for the mixture."""
    schedule, x = trainer.ema.schedule, trainer.task.test_x
    generator = torch.Generator().manual_seed(1)
    t = stratified_times(len(x), schedule.t_min, schedule.t_max, torch.rand((), generator=generator))
    c = schedule.at(t).like(x)
    x_t = c.alpha * x + c.sigma * torch.randn(x.shape, generator=generator)
    answers = trainer.ema(x_t, t), mixture_denoiser(MIXTURE, schedule)(x_t, t)
    learned, exact = (c.d_alpha * found.x_0 + c.d_sigma * found.eps for found in answers)
    return 100.0 * float((learned - exact).square().sum() / exact.square().sum()) ** 0.5


def quality(trainer: Trainer) -> str:
    """The distance of samples, and of an autoencoder or a VAE the held-out loss; of the mixture the error of the field."""
    config, found = trainer.config, []
    if config.dataset == "mixture":
        return f"{field_error(trainer):.1f} %"
    if config.model != "diffusion":
        found.append(f"{sum(trainer.task.held_out(trainer.ema).values()):.4g}")
    if config.model != "ae":
        data = trainer._checkpoint().data
        gallery = gallery_of(config.dataset)
        starts = range(0, gallery.size(SAMPLES), AT_ONCE)
        sizes = [min(AT_ONCE, gallery.size(SAMPLES) - start) for start in starts]
        parts = [list(sample(data, SampleConfig(n_samples=n, sampling_seed=k)))[-1].x for k, n in enumerate(sizes)]
        found.append(f"{gallery.measure(torch.cat([torch.from_numpy(x) for x in parts]))['frechet']:.2f}")
    return " / ".join(found)


def floor(dataset: str) -> str:
    """What as many held-out images as samples are worth."""
    if not DATASETS[dataset].is_image:
        return ""
    gallery = gallery_of(dataset)
    n = gallery.size(SAMPLES)
    return f"; {n} samples, floor {gallery.floor(n)['frechet']:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", choices=[name for name in CONFIGS if name != "latent_diffusion"])
    parser.add_argument("--dataset", default="fashion_mnist")
    parser.add_argument("--seconds", type=float, nargs="+", default=[7.5, 15.0, 30.0])
    parser.add_argument("--try", dest="tries", nargs="+", default=[""])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--whole", action="store_true")
    args = parser.parse_args()
    heads = ["whole run"] if args.whole else [f"{s:g} s" for s in args.seconds]
    print(f"{args.model}, {args.dataset}{floor(args.dataset)}\n\n| settings | {' | '.join(heads)} |\n|---|{'---|' * len(heads)}")
    for text in args.tries:
        rows = []
        for seed in args.seeds:
            changes = {"seed": seed} if args.whole else {"seed": seed, "steps": 200_000, "decay": "constant"}
            config = parse_config({"model": args.model, "dataset": args.dataset} | changes | settings(text))
            marks = checkpoints(config, [] if args.whole else args.seconds)
            rows.append([f"{quality(trainer)} in {at:.0f} s" if args.whole else quality(trainer) for at, trainer in marks])
        print(f"| {text or 'defaults'} | {' | '.join('; '.join(column) for column in zip(*rows))} |", flush=True)


if __name__ == "__main__":
    main()
