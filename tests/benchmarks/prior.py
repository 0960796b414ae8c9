"""Whose fault are a VAE's samples? The prior's, the decoder's, or the pixel noise's: one table for the defaults.

    python tests/benchmarks/prior.py --datasets digits sprites fashion_mnist --seeds 0 1 2 [--set learning_rate=0.003]

Trains an autoencoder and a VAE with default settings (and those of `--set`, for the VAE), and prints the KL of all training
images in its two parts, and energy distances to held-out images: of codes of real images, of the prior and, for the AE,
of one Gaussian fitted to its codes. Means E[x|z]; for the VAE also draws from p(x|z). A minute of one thread a line.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from playground.config import AutoencoderConfig, RunConfig, VAEConfig
from playground.measures.energy import EnergyDistance
from playground.questions.answerer import answer
from playground.questions.generative import fit
from playground.questions.space import Space
from playground.runs.control import Control
from playground.runs.training import Trainer

DRAWS = 1000
"""Images in each of the five measurements of a distance."""


@torch.enable_grad()
def trained(config: RunConfig) -> Space:
    """The averaged weights at the end of a run that nobody watches, with their data."""
    trainer = Trainer(config, Control(), None)
    for _ in range(config.steps):
        trainer._advance()
    return Space(trainer.task, trainer.ema)


@torch.no_grad()
def line(dataset: str, seed: int, changed: dict[str, float]) -> str:
    ae = trained(AutoencoderConfig(dataset=dataset, seed=seed, device="cpu"))
    vae = trained(VAEConfig(dataset=dataset, seed=seed, device="cpu", **changed))
    parts = answer(vae.task, vae.model, "information", {})
    energy_distance, real = EnergyDistance(ae.task.scale(ae.task.test_x), size=DRAWS), ae.task.some_train
    gaussian, prior = fit(ae, "gaussian", 0), fit(vae, "prior", 0)
    images = (
        lambda n, generator: ae.decode(ae.encode(real(n, generator))),
        lambda n, generator: ae.decode(gaussian(n, generator)),
        lambda n, generator: vae.decode(vae.sent(real(n, generator), generator)),
        lambda n, generator: vae.decode(prior(n, generator)),
        lambda n, generator: vae.picture(vae.sent(real(n, generator), generator), generator),
        lambda n, generator: vae.picture(prior(n, generator), generator),
    )
    numbers = [
        f"{parts['information']:.2f} ± {parts['information_se']:.2f}",
        f"{parts['mismatch']:.2f} ± {parts['mismatch_se']:.2f}",
    ]
    numbers += [f"{reading.mean:.4f} ± {reading.std:.4f}" for reading in map(energy_distance.measure, images)]
    return f"| {dataset} | {seed} | " + " | ".join(numbers) + " |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datasets", nargs="+", default=["digits", "sprites", "fashion_mnist"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=NUMBER", help="settings of the VAE")
    given = parser.parse_args()
    changed = {name: float(value) for name, value in (pair.split("=") for pair in given.set)}
    print(
        "| data | seed | I(x; z) | KL(q(z), p(z)) | AE codes | AE Gaussian | VAE codes | VAE prior | codes, drawn | prior, drawn |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for dataset in given.datasets:
        for seed in given.seeds:
            print(line(dataset, seed, changed), flush=True)
