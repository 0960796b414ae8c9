"""The race: how soon our autoencoder and VAE are as good as those of pythae, at equal networks.

    pip install -r requirements.txt -r tests/benchmarks/race-requirements.txt     # in an environment of its own
    OMP_NUM_THREADS=1 python tests/benchmarks/race.py [--seeds 0 1 2] [--json race.json]

Fashion-MNIST (10,000 images), 16 latent dimensions, one hidden layer of 512 on either side, unit variance. pythae takes ten epochs, with
its learning rate 1e-3 and batches of 64, and, tuned, with those of `PEERS`; ours takes 300 steps of 128 with the settings of `OURS`, which were
chosen on these held-out images, as were the tuned ones, from more trials of ours than of theirs. Quality is held out: of a VAE ½|x - x̂|² + KL by one draw, of an
autoencoder |x - x̂|². Seconds are those of the processor, measuring left out. All take turns, seed by seed.
Prints a Markdown table of the seconds until ours is as good as pythae at its end.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pythae.data.datasets import BaseDataset
from pythae.models import AE, VAE, AEConfig
from pythae.models import VAEConfig as PythaeVAEConfig
from pythae.trainers import BaseTrainer, BaseTrainerConfig

from playground.config import AutoencoderConfig, VAEConfig
from playground.data import load_dataset
from playground.runs.control import Control
from playground.runs.training import Trainer

Curve = list[tuple[float, float]]
"""Processor seconds, and held-out quality then."""
EPOCHS, STEPS, EVERY = 10, 300, 25
OURS = {"learning_rate": 1.5e-2, "warmup_steps": 50}
PEERS = {"pythae": (1e-3, 64), "pythae, tuned": (3e-3, 128)}
"""Learning rate and batch size."""


def squares(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).square().flatten(1).sum(1).mean()


def timed(steps: Iterator[None], quality: Callable[[], Tensor]) -> Curve:
    """The curve of a training that gives way whenever it wants to be measured."""
    curve, used, began = [], 0.0, time.process_time()
    for _ in steps:
        used += time.process_time() - began
        with torch.no_grad():
            curve.append((used, float(quality())))
        began = time.process_time()
    return curve


def ours(kind: str, seed: int, test: Tensor) -> Curve:
    shared = {"dataset": "fashion_mnist", "latent_dim": 16, "width": 512, "depth": 1, "steps": STEPS, "seed": seed, "device": "cpu"}
    shared |= OURS
    config = VAEConfig(**shared, observation_std=1.0) if kind == "vae" else AutoencoderConfig(**shared)
    trainer = Trainer(config, Control(), None)

    def steps() -> Iterator[None]:
        while trainer.step < STEPS:
            trainer._advance()
            if trainer.step % EVERY == 0:
                yield

    def quality() -> Tensor:
        code = trainer.ema.encode(test)
        if kind == "ae":
            return squares(trainer.ema.decode(code), test)
        eps = torch.randn(code.mean.shape, generator=torch.Generator().manual_seed(1))
        return 0.5 * squares(trainer.ema.decode(code.sample(eps)), test) + code.kl().mean()

    return timed(steps(), quality)


def pythae(kind: str, seed: int, train: Tensor, test: Tensor, rate: float, batch: int) -> Curve:
    torch.manual_seed(seed)
    size = {"input_dim": (1, 28, 28), "latent_dim": 16}
    model = VAE(PythaeVAEConfig(**size)) if kind == "vae" else AE(AEConfig(**size))
    with tempfile.TemporaryDirectory() as folder:
        sizes = {"num_epochs": EPOCHS, "learning_rate": rate, "per_device_train_batch_size": batch}
        config = BaseTrainerConfig(output_dir=folder, no_cuda=True, seed=seed, **sizes)
        trainer = BaseTrainer(model, BaseDataset(train, torch.zeros(len(train))), training_config=config)
        trainer.prepare_training()

        def quality() -> Tensor:
            model.eval()
            torch.manual_seed(1)
            found = model({"data": test})
            return found.loss if kind == "vae" else squares(found.recon_x, test)

        return timed((trainer.train_step(epoch) for epoch in range(1, EPOCHS + 1)), quality)


def reached(curve: Curve, goal: float) -> float | None:
    """Seconds until a curve is at most at `goal`."""
    return next((seconds for seconds, quality in curve if quality <= goal), None)


def line(kind: str, seed: int, peer: str, us: Curve, them: Curve) -> str:
    (seconds, goal), sooner = them[-1], reached(us, them[-1][1])
    when = f"{sooner:.1f} | {seconds / sooner:.1f}" if sooner else "not reached | "
    return f"| {kind} | {seed} | {peer} | {goal:.2f} | {seconds:.1f} | {us[-1][1]:.2f} | {us[-1][0]:.1f} | {when} |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--json", type=Path, help="where the curves are written")
    given = parser.parse_args()
    torch.set_num_threads(1)
    logging.disable(logging.INFO)
    data = load_dataset("fashion_mnist")
    train, test = (torch.from_numpy(part.x.copy()).float() / 255.0 for part in (data.train, data.test))
    curves: dict[str, Curve] = {}
    print(
        "| model | seed | peer | its end | seconds | ours | seconds | as good after | times sooner |\n|---|---|---|---|---|---|---|---|---|"
    )
    for seed in given.seeds:
        for kind in ("vae", "ae"):
            us = curves[f"{kind}/{seed}/ours"] = ours(kind, seed, test)
            for peer, tuning in PEERS.items():
                them = curves[f"{kind}/{seed}/{peer}"] = pythae(kind, seed, train, test, *tuning)
                print(line(kind, seed, peer, us, them), flush=True)
    if given.json:
        given.json.write_text(json.dumps(curves))
