"""Which network looks at the images of which data, and how good it is: words and numbers for pages, without torch.

Each was trained on the training images of one data set (`train_classifier`) and comes with the project.
"""

from __future__ import annotations

from dataclasses import dataclass

from playground.data import DATASETS


@dataclass(frozen=True)
class Network:
    """A small classifier of one data set."""

    trained_on: str
    accuracy: float
    """Share of the held-out images that it names right."""
    classes: str
    """What it tells apart, in words."""


NETWORKS = {
    network.trained_on: network
    for network in (
        Network("fashion_mnist", 0.9135, "ten kinds of clothes"),
        Network("digits", 0.9887, "ten digits"),
        Network("sprites", 1.0, "three shapes"),
    )
}
BORROWED = {"fashion_mnist_full": "fashion_mnist"}
"""Data -> the data whose network looks at them."""
DEFAULT = "fashion_mnist"
"""Whose network looks at images that have none of their own."""


def network_of(dataset: str) -> Network:
    """The network that looks at the images of a data set."""
    return NETWORKS[BORROWED.get(dataset, dataset if dataset in NETWORKS else DEFAULT)]


def described(dataset: str) -> str:
    """That network in a phrase: whose it is, and how good."""
    network = network_of(dataset)
    whose = "" if network.trained_on == dataset else f" ({DATASETS[network.trained_on].title})"
    return f"a small classifier of {network.classes}{whose}, {100 * network.accuracy:.1f} % right"
