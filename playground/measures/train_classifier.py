"""Trains the small classifiers in whose features images are compared, and writes their weights.

    python -m playground.measures.train_classifier [--data NAME] [--out DIR]

Each learns from the training images of its data, shifted by a pixel or so and (clothes) mirrored, and is measured on the held-out
images, which it never sees. The positions and sizes of sprites, and their angles as a point on the circle, are learned beside the shape,
so that the features tell them, too. Weights are stored in half precision.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

from playground.data import load_dataset
from playground.data.base import Split
from playground.data.sprites import PERIODS
from playground.measures.classifier import CHUNK, FEATURES, FOLDER, Classifier, path_of
from playground.measures.networks import NETWORKS

EPOCHS = {"fashion_mnist": 36, "digits": 60, "sprites": 12}
BATCH, RATE, SMOOTHING = 100, 4e-3, 0.1
SHIFT = {"fashion_mnist": 1, "digits": 1, "sprites": 0}
"""Pixels that an image is moved by, at most, each way."""
MIRRORED = {"fashion_mnist"}
"""Whose images mean the same seen in a mirror."""


def train(name: str, seed: int = 0) -> Classifier:
    """The network for the data set `name`, trained from scratch with the weights that half precision keeps."""
    data = load_dataset(name)
    torch.manual_seed(seed)
    model = Classifier(data.shape, len(data.label_names))
    x, labels, factors = (
        torch.from_numpy(np.array(data.train.x)),
        torch.from_numpy(np.array(data.train.labels)),
        numbers(data.train),
    )
    beside = nn.Linear(FEATURES, factors.shape[1]) if factors.shape[1] else None
    weights = [*model.parameters(), *(beside.parameters() if beside else ())]
    steps = EPOCHS[name] * (len(x) // BATCH)
    optimizer = torch.optim.AdamW(weights, lr=RATE, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    for step in range(steps):
        if step % (len(x) // BATCH) == 0:
            order = torch.randperm(len(x)).split(BATCH)
        index = order[step % (len(x) // BATCH)]
        found = model.features(augmented(model.fitted(x[index]), SHIFT[name], name in MIRRORED))
        loss = F.cross_entropy(model.head(found), labels[index], label_smoothing=SMOOTHING)
        if beside:
            loss = loss + F.mse_loss(beside(found), factors[index])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return scaled(model.eval().requires_grad_(False), x).half().float()


@torch.no_grad()
def scaled(model: Classifier, x: Tensor) -> Classifier:
    """`model`, which says the same of an image, with features in units in which the variance of those of the images `x` adds up to 100:
    so that distances of features mean the same for all data."""
    found = torch.cat([model.features(model.fitted(part)) for part in x.split(CHUNK)])
    by = 10.0 / float(found.var(0).sum().sqrt())
    for values in model.body[-2].parameters():
        values.mul_(by)
    model.head.weight.div_(by)
    return model


def numbers(split: Split) -> Tensor:
    """The factors of variation that are known, beside the label, in units of their spread, (n, k); an angle as a point on the circle."""
    if split.factors is None:
        return torch.zeros(len(split), 0)
    angle = 2 * np.pi * split.factors["angle"] / PERIODS[split.labels]
    columns = np.stack([*(split.factors[name] for name in ("size", "x", "y")), np.cos(angle), np.sin(angle)], 1)
    return torch.from_numpy((columns - columns.mean(0)) / columns.std(0)).float()


def augmented(x: Tensor, shift: int, mirrored: bool) -> Tensor:
    """Images (n, C, H, W), the whole batch moved by some pixels, and a random half of them mirrored."""
    down, right = torch.randint(-shift, shift + 1, (2,)).tolist()
    x = F.pad(x, (shift,) * 4)[:, :, shift + down :, shift + right :][:, :, : x.shape[2], : x.shape[3]]
    return torch.where(torch.rand(len(x), 1, 1, 1) < 0.5, x.flip(3), x) if mirrored else x


@torch.no_grad()
def accuracy(model: Classifier, split: Split) -> float:
    """The share of images that are named right."""
    right = [
        model(model.fitted(torch.from_numpy(np.array(x)))).argmax(1).numpy() == label
        for x, label in ((split.x[i : i + CHUNK], split.labels[i : i + CHUNK]) for i in range(0, len(split), CHUNK))
    ]
    return float(np.concatenate(right).mean())


def save(model: Classifier, path: Path) -> int:
    """Writes the weights in half precision, and the shape of an image; returns the size of the file in bytes."""
    weights = {key: value.half().contiguous() for key, value in model.state_dict().items() if value.is_floating_point()}
    save_file(weights | {"shape": torch.tensor(model.shape, dtype=torch.int32)}, path)
    return path.stat().st_size


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m playground.measures.train_classifier", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--data", choices=list(NETWORKS), nargs="+", default=list(NETWORKS), help="data sets; all without it")
    parser.add_argument("--out", type=Path, default=FOLDER, help="directory of the files")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name in options.data:
        began = time.process_time()
        model, data = train(name), load_dataset(name)
        size = save(model, options.out / path_of(name).name)
        found = [
            f"{accuracy(model, split):.4f} of {len(split):,} {kind}"
            for kind, split in (("training", data.train), ("held-out", data.test))
        ]
        print(f"{name}: {' and '.join(found)} images right, {size:,} bytes, {time.process_time() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
