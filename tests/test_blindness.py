"""What the energy distance in pixels does not see: the figures that the page tells, measured; and that it tells them everywhere."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from playground.data import load_dataset
from playground.measures.energy import energy_distance

PLAYGROUND = Path(__file__).parents[1] / "playground"
N, TIMES = 1000, 4


def blurred(x: Tensor, std: float) -> Tensor:
    """Convolved with a Gaussian of `std` pixels."""
    kernel = torch.exp(-0.5 * (torch.arange(-4, 5) / std) ** 2)
    kernel /= kernel.sum()
    return F.conv2d(F.conv2d(x, kernel.view(1, 1, 1, -1), padding=(0, 4)), kernel.view(1, 1, -1, 1), padding=(4, 0))


@pytest.fixture(scope="module")
def measured() -> dict[str, float]:
    """Training images, spoilt, against held-out ones: means of a few measurements of 1,000 against 1,000."""
    data = load_dataset("fashion_mnist")
    train, test = (torch.from_numpy(np.array(split.x)).float() / 255.0 for split in (data.train, data.test))
    labels, found = torch.from_numpy(np.array(data.train.labels).astype("i8")), {}
    for seed in range(TIMES):
        generator = torch.Generator().manual_seed(seed)
        part = test[torch.randperm(len(test), generator=generator)[:N]]
        order = torch.randperm(len(train), generator=generator)
        spoilt = {
            "as they are": train[order[:N]],
            "one class left out": train[order[labels[order] != seed][:N]],
            "blurred by 0.7 px": blurred(train[order[:N]], 0.7),
            "each ten times": train[order[:100]].repeat(10, 1, 1, 1),
        }
        for name, x in spoilt.items():
            found.setdefault(name, []).append(float(energy_distance(x, part)))
    return {name: float(np.mean(values)) for name, values in found.items()}


def stated() -> dict[str, float]:
    """The figures in the text that all places share."""
    text = (PLAYGROUND / "ui/lib/blindness.js").read_text("utf-8")
    return {
        name: float(number)
        for name, number in re.findall(r"(as they are|one class left out|blurred by 0\.7 px|each ten times) (0\.\d+)", text)
    }


def test_the_figures_that_the_page_tells_are_so(measured) -> None:
    assert stated().keys() == measured.keys()
    for name, value in stated().items():
        assert measured[name] == pytest.approx(value, abs=0.0008 if name != "each ten times" else 0.0025), name
    assert max(measured.values()) < 0.01, "a fifth of what samples from the prior of a two-dimensional VAE read"


@pytest.mark.parametrize("name", ["arena", "comparison", "model_panel", "reflow"])
def test_every_place_that_shows_the_distance_says_what_it_does_not_see(name: str) -> None:
    scripts = [*(PLAYGROUND / "features" / name).rglob("*.js"), *(PLAYGROUND / "ui/components").glob(f"{name}_table.js")]
    assert sum(len(re.findall(r"[ (.]blindness\(\)", path.read_text("utf-8"))) for path in scripts) == 1
