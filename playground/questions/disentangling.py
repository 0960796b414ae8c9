"""The question how latent dimensions go with the factors that sprites were drawn from."""

from __future__ import annotations

import numpy as np
import torch

from playground.config import ConfigError
from playground.data.sprites import FACTOR_UNITS
from playground.questions.answers import Arrays
from playground.questions.arguments import Nothing
from playground.questions.space import Space
from playground.vae.factors import disentanglement as measure
from playground.vae.factors import factor_cells, shuffled

EXAMPLES = 8000
"""Training images that are encoded, at most."""


def disentanglement(space: Space, args: Nothing) -> Arrays:
    """Of d dimensions and the factors shape, size, angle, x, y: `mutual_information` (d, 5) in nats and `normalised` (d, 5) by the
    factors' `entropy` (5,); `mig` with its standard error `mig_se`, `mig_per_factor` (5,); the same of shuffled factors, `floor`
    (d, 5, normalised), `mig_floor`, `mig_floor_se`; and `moves` (d,): the factor that each dimension moves, -1 for none.

    One draw of q(z|x) for each training image, so that a dimension that carries nothing knows nothing; for an autoencoder the code."""
    factors = space.task.dataset.train.factors
    if factors is None or not FACTOR_UNITS.keys() <= factors.keys():
        raise ConfigError("The factors of variation are known for the data set sprites only, which was drawn from them.")
    x = space.task.train_x[:EXAMPLES]
    scaled = [space.task.scale(part) for part in x.split(1000)]
    if space.variational:
        generator = torch.Generator().manual_seed(0)
        drawn = [q.sample(torch.randn(q.mean.shape, generator=generator).to(q.mean.device)) for q in map(space.vae.encode, scaled)]
        z = torch.cat(drawn)
    else:
        z = torch.cat([space.encode(part) for part in scaled])
    cells = factor_cells({name: values[:EXAMPLES] for name, values in factors.items()})
    codes = z.cpu().numpy()
    found, floor = measure(codes, cells), measure(codes, shuffled(cells))
    arrays = {
        "mutual_information": found.information,
        "normalised": found.normalised,
        "entropy": found.entropy,
        "mig_per_factor": found.mig_per_factor,
        "floor": floor.normalised,
        "mig": found.mig,
        "mig_se": found.mig_se,
        "mig_floor": floor.mig,
        "mig_floor_se": floor.mig_se,
    }
    return {name: np.asarray(value, np.float32) for name, value in arrays.items()} | {"moves": found.moves.astype(np.int64)}
