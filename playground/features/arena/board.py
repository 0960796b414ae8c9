"""The results of the arena so far, as the arrays of a snapshot."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field

import numpy as np
import torch
from torch import Tensor

from playground.data.sheets import pixels_of
from playground.features.arena.model import ArenaModel
from playground.runs.tasks import as_pictures, thin

TILES = 10
"""Samples of each row that are kept as pictures."""
DOTS = 300
PATHS = 24
"""Points of each row that are kept, and how many of them with the way that they took."""


@dataclass
class Row:
    """One scheduler at one number of evaluations: one distance for each seed done so far."""

    name: str
    title: str
    target: int
    nfe: int | None = None
    """Evaluations of the network for each sample, counted at the network; None while it has not run, or cannot."""
    steps: int | None = None
    distances: list[float] = field(default_factory=list)
    seen: list[dict[str, float]] = field(default_factory=list)
    """Of images `frechet`, `precision` and `recall` in the features of a classifier."""
    seconds: list[float] = field(default_factory=list)
    difference: float | None = None
    """Largest difference to our own sampler of the same method on the same levels and noise."""
    ours: str | None = None
    reason: str = ""
    """Why it cannot be run with so few evaluations."""


@dataclass
class Board:
    """Rows in the order in which they are run, the floor, and who is left out."""

    rows: list[Row]
    left_out: list[dict[str, str]]
    floor: list[float]
    about: dict
    floor_seen: dict[str, float] | None = None
    """What the classifier sees in held-out images."""
    tiles: dict[int, np.ndarray] = field(default_factory=dict)
    dots: dict[int, np.ndarray] = field(default_factory=dict)
    paths: dict[int, np.ndarray] = field(default_factory=dict)

    def keep(self, i: int, model: ArenaModel, samples: Tensor, way: list[Tensor]) -> None:
        """Keeps pictures of row `i`: `samples` as data (n, ...), `way` the positions of the first points, each (PATHS, 2)."""
        if not model.plane:
            shown = samples[thin(len(samples), TILES)]
            self.tiles[i] = pixels_of(as_pictures(shown.float()))
        else:
            self.dots[i] = samples[:DOTS].cpu().numpy().astype("f4")
            self.paths[i] = torch.stack(way).cpu().numpy().astype("f4")

    def arrays(self) -> dict[str, np.ndarray]:
        """`board`: JSON as bytes, `{rows: [Row with mean, std, seconds_mean], floor: {mean, std, n}, left_out, ...about}`; pictures
        of the rows in `shown` (k,): `tiles` u8 (k, TILES, H, W, and 3 in colour) or `dots` f32 (k, n, 2) and `paths` f32, of which each row has
        `length` (k,) positions of PATHS points."""
        board = json.dumps(
            self.about
            | {
                "rows": [asdict(row) | summary(row) for row in self.rows],
                "floor": spread(self.floor),
                "floor_seen": self.floor_seen,
                "left_out": self.left_out,
            },
            allow_nan=False,
        )
        found = {"board": np.frombuffer(board.encode(), np.uint8)}
        if self.tiles:
            return found | {"shown": np.array(list(self.tiles)), "tiles": np.stack(list(self.tiles.values()))}
        if self.dots:
            length = np.array([len(path) for path in self.paths.values()])
            ways = np.concatenate([path.reshape(-1) for path in self.paths.values()])
            found |= {
                "shown": np.array(list(self.dots)),
                "dots": np.stack(list(self.dots.values())),
                "paths": ways,
                "length": length,
            }
        return found


def summary(row: Row) -> dict:
    """The mean and the spread of a row's distances, its mean seconds, and distances that are numbers."""
    clean = [value if math.isfinite(value) else None for value in row.distances]
    return spread(row.distances) | {
        "distances": clean,
        "frechet": spread([one["frechet"] for one in row.seen]),
        "seen": [one for one in row.seen if all(map(math.isfinite, one.values()))],
        "seconds_mean": sum(row.seconds) / len(row.seconds) if row.seconds else None,
        "difference": row.difference if row.difference is not None and math.isfinite(row.difference) else None,
    }


def spread(values: list[float]) -> dict:
    """Mean and standard deviation (of a single one) of some numbers; None where there are not enough of them."""
    if not values or not all(map(math.isfinite, values)):
        return {"mean": None, "std": None, "n": len(values)}
    mean = sum(values) / len(values)
    std = math.sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1)) if len(values) > 1 else None
    return {"mean": mean, "std": std, "n": len(values)}
