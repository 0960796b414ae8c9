"""Questions about a picture that somebody drew or pasted: where it lands, what comes back, and how usual it is beside held-out images.

It comes as a file, base64, and is decoded here, in the worker, within the same bounds as data that are brought.
"""

from __future__ import annotations

import base64
import binascii

import numpy as np
import torch
from torch import Tensor

from playground.config import ConfigError
from playground.data import DataError
from playground.data.own.pictures import decoded
from playground.diffusion.likelihood import bounding
from playground.measures.units import unit_density
from playground.measures.work import whole
from playground.questions.answers import Arrays, table
from playground.questions.arguments import Condition, EditPicture, Nothing, OfPicture
from playground.questions.diffusion import Diffusion
from playground.questions.editing import variations
from playground.questions.space import Space, floats, tiles
from playground.runs.tasks import as_pixels
from playground.vae.bounds import draw_log_weights, importance_estimate
from playground.vae.quadrature import QUICK, log_evidence

BESIDE = 64
"""Held-out images whose log p(x) stands beside that of the picture."""
DRAWS, LEVELS = 200, 32
"""Draws of z behind a log p(x) that cannot be integrated; noise levels behind the bound of a diffusion."""


def levels_of(args: OfPicture, shape: tuple[int, ...]) -> Tensor:
    """The picture as the data are, uint8 (1, C, H, W). Raises `ConfigError` with a sentence."""
    if len(shape) != 3:
        raise ConfigError("A picture can be asked about where the data are images.")
    try:
        data = base64.b64decode(args.picture, validate=True)
        pixels = decoded(data, shape[1], shape[0] == 3, crop=True)
    except binascii.Error:
        raise args.refusal("picture", "a file in base64") from None
    except DataError as error:
        raise ConfigError(f"This picture cannot be taken: {error}.") from None
    return torch.from_numpy(255 - pixels if args.inverted else np.array(pixels))[None]


def picture(space: Space, args: OfPicture) -> Arrays:
    """What an autoencoder or a VAE makes of it: `image`, `reconstruction` (H, W), `latent` (d,), its squared error per pixel `mse` beside
    those of all points of the map, `held_out_mse` (n,). Of a VAE also log p(x) in nats, `log_p` with its standard error `log_p_error`, and
    that of 64 held-out images, `held_out_log_p`: by quadrature where there are one or two dimensions (`exact` 1), else estimated by importance
    sampling, which is too low on average."""
    x = space.task.seen(levels_of(args, space.task.dataset.shape).to(space.device))
    z = space.encode(x)
    x_hat = space.decode(z)
    found = {
        "image": tiles(x)[0],
        "reconstruction": tiles(x_hat)[0],
        "latent": floats(z[0]),
        "mse": floats((x_hat - x).square().mean()),
        "held_out_mse": table(space, Nothing())["error_per_pixel"],
    }
    return found | (log_likelihoods(space, x) if space.variational else {})


def log_likelihoods(space: Space, x: Tensor) -> Arrays:
    """log p of a picture (1, C, H, W) and of held-out images."""
    together = torch.cat([x, space.map_x[:BESIDE]])
    if space.d <= 2 and together.device.type != "mps":
        evidence = log_evidence(space.vae, together, QUICK)
        log_p, error, exact = evidence.log_p, evidence.error, 1
    else:
        parts = [
            draw_log_weights(space.vae, one, DRAWS, torch.Generator(space.device).manual_seed(0)) for one in together.split(16)
        ]
        estimate = importance_estimate(torch.cat(parts))
        log_p, error, exact = estimate.log_p, estimate.error, 0
    return told(log_p, error, exact)


def told(log_p: Tensor, error: Tensor, exact: int) -> Arrays:
    """The first is that of the picture."""
    return {
        "log_p": floats(log_p[0]),
        "log_p_error": floats(error[0]),
        "held_out_log_p": floats(log_p[1:]),
        "exact": np.asarray(exact),
    }


def picture_bound(diffusion: Diffusion, args: OfPicture) -> Arrays:
    """How likely a diffusion model holds it: `image` (H, W), and the variational bound on log p(x), in nats of a density over pixels from 0 to 1,
    `log_p` with its standard error `log_p_error`, and those of 64 held-out images, `held_out_log_p`."""
    diffusion.images("The bound of a picture")
    task = diffusion.task
    x = task.scale(torch.cat([levels_of(args, diffusion.shape).to(diffusion.device), task.test_x[:BESIDE]]))
    told_no_class = diffusion.conditioned(diffusion.model, Condition())
    bound = whole(bounding(told_no_class, diffusion.schedule, x, LEVELS, diffusion.generator(0), pixels=True))
    return {"image": tiles(as_pixels(x[:1]))[0]} | told(unit_density(bound.elbo, x[0].numel(), 1.0), bound.std_error, 0)


def edit_picture(diffusion: Diffusion, args: EditPicture) -> Arrays:
    """`n` variations of a picture, as `edit` makes them of a held-out image."""
    diffusion.images("A variation of a picture")
    x_0 = diffusion.task.scale(levels_of(args, diffusion.shape).to(diffusion.device))
    return variations(diffusion, args, x_0)
