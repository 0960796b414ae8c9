"""A mixture of round Gaussians in the plane: the density that is known exactly at every noise level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Mixture:
    """`p(x) = sum_k weights_k N(x; means_k, std² I)` in the plane."""

    means: np.ndarray
    """float64, shape (K, 2)."""
    std: float
    weights: np.ndarray
    """float64, shape (K,), summing to 1."""

    def log_density(self, x: np.ndarray) -> np.ndarray:
        """`log p(x)` in nats, float64, for `x` of shape (..., 2); the answer has shape (...)."""
        squares = np.sum((np.asarray(x, np.float64)[..., None, :] - self.means) ** 2, axis=-1)
        logs = np.log(self.weights) - squares / (2 * self.std**2) - np.log(2 * np.pi * self.std**2)
        highest = logs.max(axis=-1)
        return highest + np.log(np.sum(np.exp(logs - highest[..., None]), axis=-1))

    def density(self, x: np.ndarray) -> np.ndarray:
        """`p(x)`, probability per unit area, for `x` of shape (..., 2)."""
        return np.exp(self.log_density(x))

    def sample(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """`n` points, float32 of shape (n, 2), and the component each came from, int64 of shape (n,)."""
        component = rng.choice(len(self.weights), size=n, p=self.weights)
        x = self.means[component] + self.std * rng.standard_normal((n, 2))
        return x.astype(np.float32), component.astype(np.int64)
