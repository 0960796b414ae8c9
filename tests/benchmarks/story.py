"""Do the default runs show what the tabs claim? Fréchet and energy distances of every way to make images, with decoders and floors.

    OMP_NUM_THREADS=1 python tests/benchmarks/story.py --datasets fashion_mnist digits sprites --seeds 0 1 2 --latent-dims 2 8
    python tests/benchmarks/story.py --datasets fashion_mnist --vae observation_std=0.2 --latent steps=1500 --without pixels

The claim: an autoencoder sampled from the box around its codes is far off, the VAE's prior is nearer, latent diffusion nearer still, and
so is diffusion of pixels. Trains each with default settings (and those of `--ae`, `--vae`, `--latent`, `--pixels`, comma-separated), unwatched,
and prints for each data set, number of latent dimensions and seed a table: Fréchet distance of up to 500 images in the features of the data
set's classifier, to training images; energy distance to held-out ones; processor seconds of what had to be trained. Images of a VAE are means
E[x|z]. A decoder's own distance is that of held-out images, reconstructed: `to_same` is to those images themselves.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
from torch import Tensor

from playground.config import AutoencoderConfig, DiffusionConfig, LatentDiffusionConfig, RunConfig, SampleConfig, VAEConfig
from playground.diffusion.denoiser import ClippedDenoiser
from playground.diffusion.sampling import initial_noise, reverse, time_grid
from playground.measures.energy import Draw, EnergyDistance
from playground.measures.features import Gallery, features, frechet_distance, gallery_of
from playground.questions.generative import fit
from playground.questions.space import Space
from playground.runs.checkpoint import unpack
from playground.runs.control import Control
from playground.runs.tasks import as_pixels
from playground.runs.training import Trainer
from tests.benchmarks.defaults import settings

SAMPLES = 500


@torch.enable_grad()
def trained(config: RunConfig, source: Trainer | None = None) -> tuple[Trainer, float]:
    """A run that nobody watches, at its end, and its processor seconds."""
    began = time.process_time()
    trainer = Trainer(config, Control(), None, unpack(source._checkpoint().data) if source else None)
    while trainer.step < config.steps:
        trainer._advance()
    return trainer, time.process_time() - began


def diffused(trainer: Trainer) -> Draw:
    """Samples of a diffusion as the page draws them by default, as images."""
    model, config = trainer.ema, SampleConfig()
    low, high = (-model.bound, model.bound) if trainer.config.model == "latent_diffusion" else trainer.task.data_range
    times = time_grid(model.schedule, config.sampling_steps, grid=config.time_grid)
    shape = trainer.task.dataset.shape

    def draw(n: int, generator: torch.Generator) -> Tensor:
        parts = initial_noise(model.schedule, (n, *shape), generator, float(times[0])).split(100)
        ends = [list(reverse(ClippedDenoiser(model, low, high), model.schedule, x, times, config.sampler))[-1].x for x in parts]
        made = torch.cat(ends)
        return model.decode(made) if trainer.config.model == "latent_diffusion" else as_pixels(made)

    return draw


def decoded(trainer: Trainer, how: str) -> Draw:
    """Images of codes that are drawn from the `prior`, from the `box`, the `gaussian` or the `mixture` that fits the codes."""
    space = Space(trainer.task, trainer.ema)
    codes = fit(space, how, 0)
    return lambda n, generator: space.decode(codes(n, generator))


def rebuilt(trainer: Trainer) -> Draw:
    """Held-out images through encoder and decoder."""
    space, x = Space(trainer.task, trainer.ema), trainer.task.scale(trainer.task.test_x)
    return lambda n, generator: space.decode(space.sent(x[torch.randperm(len(x), generator=generator)[:n]], generator))


def to_same(trainer: Trainer, gallery: Gallery) -> float:
    """The Fréchet distance of reconstructed held-out images to those very images."""
    space, x = Space(trainer.task, trainer.ema), trainer.task.scale(trainer.task.test_x)
    made = space.decode(space.sent(x, torch.Generator().manual_seed(0)))
    return frechet_distance(*(features(gallery.model, images) for images in (made, x)))


class Story:
    """The rows of one table."""

    def __init__(self, dataset: str, seed: int, changes: dict[str, dict], without: list[str]) -> None:
        self.shared, self.changes, self.without = {"dataset": dataset, "seed": seed, "device": "cpu"}, changes, without
        self.gallery = gallery_of(dataset)
        self.pixels: tuple[str, Draw, float] | None = None

    def ways(self, latent_dim: int) -> Iterator[tuple[str, Draw, float, float | None]]:
        """Name, images, seconds, and of a decoder `to_same`."""
        latent = self.shared | {"latent_dim": latent_dim}
        for model, config, rules in (
            ("ae", AutoencoderConfig, ("box", "gaussian", "mixture")),
            ("vae", VAEConfig, ("prior", "gaussian")),
        ):
            if model in self.without:
                continue
            encoder, seconds = trained(config(**latent | self.changes[model]))
            yield f"{model} decoder", rebuilt(encoder), seconds, to_same(encoder, self.gallery)
            yield from ((f"{model} {how}", decoded(encoder, how), seconds, None) for how in rules)
            if "latent" not in self.without:
                flow, more = trained(LatentDiffusionConfig(**self.shared | self.changes["latent"]), encoder)
                yield f"{model} diffusion", diffused(flow), more, None
        if "pixels" not in self.without:
            if self.pixels is None:
                flow, seconds = trained(DiffusionConfig(**self.shared | self.changes["pixels"]))
                self.pixels = "pixel diffusion", diffused(flow), seconds
            yield *self.pixels, None

    @torch.no_grad()
    def rows(self, latent_dim: int) -> Iterator[str]:
        data = Trainer(AutoencoderConfig(**self.shared), Control(), None).task
        distance, n = EnergyDistance(data.scale(data.test_x), size=SAMPLES), self.gallery.size(SAMPLES)
        floor, real = self.gallery.floor(n), distance.measure(data.some_train)
        yield line("real images", floor, real, "", "")
        for name, draw, seconds, same in self.ways(latent_dim):
            seen = self.gallery.measure(draw(n, torch.Generator().manual_seed(2)))
            yield line(name, seen, distance.measure(draw), f"{seconds:.1f}", "" if same is None else f"{same:.2f}")


def line(name: str, seen: dict[str, float], energy, seconds: str, same: str) -> str:
    kinds = f"{seen['precision']:.2f} | {seen['recall']:.2f}"
    return f"| {name} | {seen['frechet']:.2f} ± {seen['frechet_std']:.2f} | {kinds} | {energy.mean:.4f} ± {energy.std:.4f} | {seconds} | {same} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datasets", nargs="+", default=["fashion_mnist", "digits", "sprites"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--latent-dims", nargs="+", type=int, default=[2])
    parser.add_argument("--without", nargs="*", default=[], choices=["ae", "vae", "latent", "pixels"])
    for kind in ("ae", "vae", "latent", "pixels"):
        parser.add_argument(f"--{kind}", type=settings, default={})
    given = vars(parser.parse_args())
    for seed in given["seeds"]:
        for dataset in given["datasets"]:
            story = Story(dataset, seed, {kind: given[kind] for kind in ("ae", "vae", "latent", "pixels")}, given["without"])
            for latent_dim in given["latent_dims"]:
                print(f"\n{dataset}, d = {latent_dim}, seed {seed}, {story.gallery.size(SAMPLES)} images\n")
                print("| way | Fréchet | precision | recall | energy | seconds | to_same |\n|---|---|---|---|---|---|---|")
                for row in story.rows(latent_dim):
                    print(row, flush=True)


if __name__ == "__main__":
    main()
