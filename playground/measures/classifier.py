"""A small convolutional classifier of a data set: what it sees in an image before it decides is the space that images are compared in.

Each is trained by `train_classifier` and comes with the project; how many held-out images it names right stands in `networks`.
"""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

FEATURES = 64
"""Numbers that an image becomes. Over the training images their variances add up to 100."""
CHANNELS = (16, 32, 48)
FOLDER = Path(__file__).resolve().parents[2] / "assets"
CHUNK = 250
"""Images that pass through the network at once: they stay in the processor's cache."""


class Classifier(nn.Module):
    """Three convolutions, each followed by a pooling while more than 3 x 3 pixels are left, then 64 numbers, then one number a class."""

    def __init__(self, shape: tuple[int, ...], n_classes: int) -> None:
        super().__init__()
        layers, (channels, *size) = [], shape
        for wider in CHANNELS:
            layers += [nn.Conv2d(channels, wider, 3, padding=1, bias=False), nn.BatchNorm2d(wider), nn.ReLU()]
            if min(size) > 3:
                layers, size = [*layers, nn.MaxPool2d(2)], [side // 2 for side in size]
            channels = wider
        self.shape = shape
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * math.prod(size), FEATURES), nn.ReLU())
        self.head = nn.Linear(FEATURES, n_classes)

    def features(self, x: Tensor) -> Tensor:
        """Images as `fitted` makes them (n, C, H, W) -> (n, 64)."""
        return self.body(x - 0.5)

    def forward(self, x: Tensor) -> Tensor:
        """The same -> one logit a class, (n, k)."""
        return self.head(self.features(x))

    def fitted(self, x: Tensor) -> Tensor:
        """Images of any size, uint8 or float from 0 to 1, (n, 1 or 3, H, W), as those that the network was trained on."""
        x = x.float().div(255.0) if x.dtype == torch.uint8 else x.float()
        if x.shape[1] != self.shape[0]:
            x = x.mean(1, keepdim=True).expand(-1, self.shape[0], -1, -1)
        if x.shape[2] > self.shape[1]:
            return F.interpolate(x, self.shape[1:], mode="area")
        return x if x.shape[2:] == self.shape[1:] else F.interpolate(x, self.shape[1:], mode="bilinear", align_corners=False)


def path_of(name: str) -> Path:
    """Where the weights of the network of a data set are."""
    return FOLDER / f"classifier_{name}.safetensors"


@cache
def load_classifier(name: str) -> Classifier:
    """The network that was trained on the data set `name`, on the CPU, ready to use: its weights are read once a process."""
    weights = {key: value.float() for key, value in load_file(path_of(name)).items()}
    shape = tuple(weights.pop("shape").int().tolist())
    model = Classifier(shape, len(weights["head.bias"]))
    model.load_state_dict(weights, strict=False)
    return model.eval().requires_grad_(False)
