"""How much each latent dimension knows of each known factor of variation, and whether one dimension alone knows it.

    I(z_j; v_k)                             mutual information, in nats
    MIG_k = (I_1st - I_2nd) / H(v_k)        of the two dimensions that know most of factor k (Chen et al. 2018, eq. 6)
    MIG   = mean over the factors           1: every factor has a dimension of its own; 0: the two best know equally much

Both are cut into cells and counted. Counts overestimate what they know; the first-order correction of Miller (1955) takes away
(cells - 1) / 2N from each entropy. What is left between unrelated numbers is measured with shuffled factors: that is the floor.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from playground.data.sprites import PERIODS, POSITIONS, SIZES

FACTORS = ("shape", "size", "angle", "x", "y")
CODE_CELLS, FACTOR_CELLS = 20, 10
GROUPS = 10
"""Of examples, each left out once to learn the standard error (the jackknife of Quenouille and Tukey)."""
MOVES = 0.05
"""A dimension moves a factor when it knows this share of its entropy, at least, and more than of any other factor."""


@dataclass(frozen=True)
class Disentanglement:
    """Of d dimensions and the factors in the order of `FACTORS`."""

    information: np.ndarray
    """(d, 5): `I(z_j; v_k)` in nats, never below 0."""
    entropy: np.ndarray
    """(5,): `H(v_k)` of the cells, in nats."""
    mig_per_factor: np.ndarray
    mig: float
    mig_se: float

    @property
    def normalised(self) -> np.ndarray:
        """(d, 5): the share of each factor's entropy that a dimension knows, 0 to 1."""
        return self.information / self.entropy

    @property
    def moves(self) -> np.ndarray:
        """(d,): the factor that each dimension knows most of; -1 where it knows less than `MOVES` of any."""
        best = self.normalised.argmax(1)
        return np.where(self.normalised.max(1) >= MOVES, best, -1)


def factor_cells(factors: dict[str, np.ndarray]) -> np.ndarray:
    """The cell of each factor of sprites, (n, 5), in the order of `FACTORS`. The angle counts as a share of the period after
    which its shape looks the same again, so that it does not depend on the shape."""
    shares = {
        "size": (factors["size"] - SIZES[0]) / (SIZES[1] - SIZES[0]),
        "angle": factors["angle"] / PERIODS[factors["shape"]],
        "x": (factors["x"] - POSITIONS[0]) / (POSITIONS[1] - POSITIONS[0]),
        "y": (factors["y"] - POSITIONS[0]) / (POSITIONS[1] - POSITIONS[0]),
    }
    cells = {name: np.clip((share * FACTOR_CELLS).astype(int), 0, FACTOR_CELLS - 1) for name, share in shares.items()}
    return np.stack([factors["shape"].astype(int), *(cells[name] for name in FACTORS[1:])], axis=1)


def code_cells(z: np.ndarray) -> np.ndarray:
    """Which of `CODE_CELLS` equally full cells each coordinate falls into, (n, d); ties go by order of appearance."""
    rank = z.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
    return rank * CODE_CELLS // len(z)


def disentanglement(z: np.ndarray, factors: np.ndarray, seed: int = 0) -> Disentanglement:
    """`z`: (n, d), a draw from `q(z|x)` for each example (or its code); `factors`: (n, k) cells."""
    counts = _counts(code_cells(z), factors, np.random.default_rng(seed).permutation(len(z)) % GROUPS)
    total = counts.sum(0)
    information, entropy = _information(total)
    gaps = _gaps(information, entropy)
    left_out = np.array([_gaps(*_information(total - part)).mean() for part in counts])
    spread = np.sqrt((GROUPS - 1) / GROUPS * np.square(left_out - left_out.mean()).sum())
    return Disentanglement(information, entropy, gaps, float(gaps.mean()), float(spread))


def shuffled(factors: np.ndarray, seed: int = 0) -> np.ndarray:
    """The factors of other examples: whatever is found with these is the floor."""
    return np.random.default_rng(seed).permutation(factors)


def _counts(codes: np.ndarray, factors: np.ndarray, group: np.ndarray) -> np.ndarray:
    """How many examples of a group fall into each pair of cells, (groups, d, k, code cells, factor cells)."""
    (_, d), k = codes.shape, factors.shape[1]
    size = (GROUPS, CODE_CELLS, FACTOR_CELLS)
    counts = np.empty((GROUPS, d, k, CODE_CELLS, FACTOR_CELLS))
    for j in range(d):
        for i in range(k):
            flat = np.ravel_multi_index((group, codes[:, j], factors[:, i]), size)
            counts[:, j, i] = np.bincount(flat, minlength=np.prod(size)).reshape(size)
    return counts


def _information(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mutual information (d, k) and entropies of the factors (k,), from counts (d, k, code cells, factor cells)."""
    factor = _entropy(counts.sum(2), axes=(2,))
    together = _entropy(counts, axes=(2, 3))
    return np.maximum(_entropy(counts.sum(3), axes=(2,)) + factor - together, 0.0), factor[0]


def _entropy(counts: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    """In nats, from counts, with Miller's correction."""
    n = counts.sum(axes, keepdims=True)
    share = counts / n
    plugged_in = -(share * np.log(np.where(share > 0, share, 1.0))).sum(axes)
    return plugged_in + ((counts > 0).sum(axes) - 1) / (2.0 * n.reshape(plugged_in.shape))


def _gaps(information: np.ndarray, entropy: np.ndarray) -> np.ndarray:
    """(k,): MIG of every factor. With a single dimension there is no second best, and the gap is all that it knows."""
    ordered = -np.sort(-information, axis=0)
    second = ordered[1] if len(ordered) > 1 else 0.0
    return (ordered[0] - second) / entropy
