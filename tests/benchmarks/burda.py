"""The published anchor: the one-layer VAE and IWAE of Burda et al. (2016, table 1) on dynamically binarised MNIST.

    python tests/benchmarks/burda.py MNIST [--minutes 10] [--models vae iwae5 iwae50] [--test 1000] [--state DIR]

MNIST is a path: an `.npz` with `x_train` and `x_test`, or a folder with the four original files. The budget is shared among
the models. What was trained is kept in the state folder, and the next call goes on from there, so that ten minutes on a
CPU say something and the whole schedule (3,280 epochs a model) can be had in pieces. Prints the estimate of -log p(x) with
5,000 draws per image beside the published figure, and how far the run got: figures of a run that has not ended are higher.

As published: 784-200-200-50 and back with tanh, Bernoulli pixels redrawn for every batch, batches of 20, Adam with epsilon
1e-4, Glorot's initial weights, and 3^i epochs at a learning rate of 0.001 · 10^(-i/7) for i = 0..7.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from playground.data.fashion_mnist import read_official
from playground.runs.tasks import pick_device
from playground.vae.autoencoder import VAE
from playground.vae.bounds import draw_log_weights, importance_estimate, iwae, log_weights
from playground.vae.likelihoods import Bernoulli, binarise

MODELS = {"vae": (1, 86.76), "iwae5": (5, 85.54), "iwae50": (50, 84.78)}
"""Name -> draws in the bound, and the published -log p(x) of the test set, nats."""
ACTIVE = {"vae": 19, "iwae5": 22, "iwae50": 25}
"""Published active units, of 50."""
STAGES, BATCH, LATENT, DRAWS = 8, 20, 50, 5000
EPOCHS = sum(3**i for i in range(STAGES))
CHECK_EVERY = 100  # steps between two looks at the clock
KEEP_SECONDS = 60.0  # what a lost machine costs at most


def tanh_layers(*sizes: int) -> list[nn.Module]:
    """Linear layers with tanh between them, begun as Glorot & Bengio (2010) say."""
    layers: list[nn.Module] = []
    for n_in, n_out in zip(sizes, sizes[1:]):
        linear = nn.Linear(n_in, n_out)
        nn.init.xavier_uniform_(linear.weight)
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.Tanh()]
    return layers[:-1]


def build(train: Tensor) -> VAE:
    """The published network; the last bias begins at the logit of the mean image."""
    encoder = nn.Sequential(nn.Flatten(), *tanh_layers(784, 200, 200, 2 * LATENT))
    decoder = nn.Sequential(*tanh_layers(LATENT, 200, 200, 784), nn.Unflatten(1, (1, 28, 28)))
    mean = train.float().div(255.0).mean(0).flatten().clamp(1e-3, 1.0 - 1e-3)
    with torch.no_grad():
        decoder[-2].bias.copy_(mean.logit())
    return VAE(encoder, decoder, LATENT, Bernoulli())


def learning_rate(epoch: int) -> float:
    """That of the stage that `epoch` (from 0) lies in."""
    stage = next(i for i in range(STAGES) if epoch < sum(3**j for j in range(i + 1)))
    return 0.001 * 10.0 ** (-stage / 7.0)


class Training:
    """One model under way: everything that the next call needs to go on as if nothing had happened."""

    def __init__(self, name: str, train: Tensor, state: Path) -> None:
        self.name, self.train, self.path = name, train, state / f"{name}.pt"
        self.draws, device = MODELS[name][0], train.device
        torch.manual_seed(0)
        self.model = build(train).to(device)
        self.optimizer = torch.optim.Adam(self.model.parameters(), eps=1e-4, fused=device.type in ("cpu", "cuda"))
        self.generator = torch.Generator(device).manual_seed(0)
        self.step, self.seconds = 0, 0.0
        self.per_epoch = len(train) // BATCH
        if self.path.exists():
            kept = torch.load(self.path, map_location=device, weights_only=True)
            self.model.load_state_dict(kept["model"])
            self.optimizer.load_state_dict(kept["optimizer"])
            self.generator.set_state(kept["generator"].cpu())
            self.step, self.seconds = kept["step"], kept["seconds"]

    @property
    def epochs(self) -> float:
        return self.step / self.per_epoch

    def go_on(self, seconds: float) -> None:
        """Trains for about so long, or to the end of the schedule, and keeps what it has, also on the way."""
        end = self.seconds + seconds
        while self.epochs < EPOCHS and self.seconds < end:
            self.go_on_a_little(min(end - self.seconds, KEEP_SECONDS))
            self.keep()

    def go_on_a_little(self, seconds: float) -> None:
        """Trains for about so long, or to the end of the schedule."""
        began = time.perf_counter()
        while self.epochs < EPOCHS and time.perf_counter() - began < seconds:
            order = torch.randperm(len(self.train), generator=torch.Generator().manual_seed(self.step // self.per_epoch))
            order = order.to(self.train.device)
            for group in self.optimizer.param_groups:
                group["lr"] = learning_rate(self.step // self.per_epoch)
            while True:
                at = self.step % self.per_epoch * BATCH
                self.one_step(self.train[order[at : at + BATCH]])
                out_of_time = self.step % CHECK_EVERY == 0 and time.perf_counter() - began >= seconds
                if self.step % self.per_epoch == 0 or out_of_time:
                    break
        if self.train.is_cuda:
            torch.cuda.synchronize()
        self.seconds += time.perf_counter() - began

    def one_step(self, levels: Tensor) -> None:
        """One batch of fresh black and white images up the bound of `draws` draws."""
        x = binarise(levels, torch.rand(levels.shape, generator=self.generator, device=levels.device))
        eps = torch.randn(len(x), self.draws, LATENT, generator=self.generator, device=x.device)
        log_w = log_weights(self.model, x, self.model.encode(x), eps)
        bound = log_w.logsumexp(1) - math.log(self.draws)
        self.optimizer.zero_grad()
        (-bound.mean()).backward()
        self.optimizer.step()
        self.step += 1

    def keep(self) -> None:
        """To a file beside the old one first, so that a full disk loses nothing."""
        state = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "generator": self.generator.get_state(),
            "step": self.step,
            "seconds": self.seconds,
        }
        torch.save(state, self.path.with_suffix(".new"))
        self.path.with_suffix(".new").replace(self.path)

    @torch.no_grad()
    def measure(self, test: Tensor) -> str:
        """A line of the table, from 5,000 draws for each of the test images, binarised once."""
        began, generator = time.perf_counter(), torch.Generator(test.device).manual_seed(1)
        x = binarise(test, torch.rand(test.shape, generator=generator, device=test.device))
        log_p, bound, error = [], [], []
        for part in x.split(20):
            log_w = draw_log_weights(self.model, part, DRAWS, generator)
            estimate = importance_estimate(log_w)
            log_p.append(estimate.log_p)
            error.append(estimate.error)
            bound.append(iwae(log_w, self.draws))
        nats, own = -torch.cat(log_p), -torch.cat(bound)
        active = int((self.model.encode(x).mean.var(0) > 0.01).sum())
        draws_error = float(torch.cat(error).square().sum().sqrt()) / len(nats)
        return (
            f"| {self.name:6} | {MODELS[self.name][1]:9.2f} | {float(nats.mean()):7.2f} ± {float(nats.std()) / math.sqrt(len(nats)):.2f} | "
            f"{draws_error:5.3f} | {float(own.mean()):7.2f} | {active:2d} ({ACTIVE[self.name]}) | {self.epochs:8.2f} of {EPOCHS:,} | "
            f"{self.seconds:8.0f} | {time.perf_counter() - began:8.0f} |"
        )


def read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Training and test images, uint8 (N, 1, 28, 28)."""
    if path.is_dir():
        train, test = (read_official(path, split)[0] for split in ("train", "test"))
    else:
        with np.load(path) as kept:
            train, test = kept["x_train"], kept["x_test"]
    return train.reshape(-1, 1, 28, 28), test.reshape(-1, 1, 28, 28)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mnist", type=Path)
    parser.add_argument("--minutes", type=float, default=10.0, help="for training, all models together")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--test", type=int, default=1000, help="test images, the first ones, that are measured")
    parser.add_argument("--state", type=Path, default=Path.home() / ".cache" / "playground" / "burda")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device = pick_device(options.device)
    train, test = (torch.from_numpy(np.ascontiguousarray(x)).to(device) for x in read(options.mnist))
    options.state.mkdir(parents=True, exist_ok=True)
    n = min(options.test, len(test))
    print(
        f"{len(train):,} training images, {n:,} of {len(test):,} test images, {device}, {options.threads} threads; -log p(x) in nats, k = {DRAWS:,}"
    )
    print(
        "| model  | published | here ± error over images | error of the draws | own bound | active (published) | epochs | s training | s measuring |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for name in options.models:
        training = Training(name, train, options.state)
        training.go_on(60.0 * options.minutes / len(options.models))
        print(training.measure(test[:n]), flush=True)


if __name__ == "__main__":
    main()
