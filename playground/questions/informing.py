"""The question what the KL of a VAE is made of."""

from __future__ import annotations

import math

import numpy as np
import torch

from playground.config import ConfigError
from playground.questions.answers import Arrays
from playground.questions.arguments import Nothing
from playground.questions.space import CHUNK, Space
from playground.vae.autoencoder import DiagonalGaussian
from playground.vae.information import split_kl


def information(space: Space, args: Nothing) -> Arrays:
    """The mean KL of all n training images, `kl` (nats; of each dimension `kl_per_dimension`, (d,)), in its two parts:
    `information`, I(x; z), and `mismatch`, KL(q(z) || p(z)), with their standard errors `information_se`, `mismatch_se`; and of each
    dimension `information_per_dimension`, ... (`playground/information.py`). `most`, log n, is what the information cannot exceed."""
    if not space.variational:
        raise ConfigError("An autoencoder has no posterior and no prior, and so no KL to take apart.")
    x = space.task.train_x
    parts = [space.vae.encode(space.task.scale(part)) for part in x.split(CHUNK)]
    q = DiagonalGaussian(torch.cat([part.mean for part in parts]), torch.cat([part.log_std for part in parts]))
    kl, (together, each) = q.kl_per_dimension().double().mean(0), split_kl(q, torch.Generator().manual_seed(0))
    found = {"kl": kl.sum(), "kl_per_dimension": kl, "most": torch.tensor(math.log(len(x)))}
    for suffix, split in (("", together), ("_per_dimension", each)):
        for name in ("information", "mismatch"):
            part = getattr(split, name)
            found |= {f"{name}{suffix}": part.mean, f"{name}_se{suffix}": part.error}
    return {name: value.float().cpu().numpy() for name, value in found.items()} | {"n": np.asarray(len(x), np.int64)}
