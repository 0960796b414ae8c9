"""What differs between the trainings: the model, its loss, its held-out reading and its pictures.

A task owns the data on the device; the loop in `training.py` knows none of this. `base` is what they share, `latent` the
autoencoder and the VAE, `diffusion` the denoiser, `latent_diffusion` the denoiser of an autoencoder's latents, `pairs` a flow on pairs of
noise and sample.
"""

from playground.runs.tasks.base import (
    HELD_OUT,
    STRIP_FRAMES,
    Answering,
    Task,
    as_pictures,
    as_pixels,
    data_range,
    one_per_class,
    pick_device,
    thin,
    to_uint8,
    way_as_pictures,
)
from playground.runs.tasks.diffusion import DiffusionTask, film, guided
from playground.runs.tasks.latent import AutoencoderTask, VAETask
from playground.runs.tasks.latent_diffusion import LatentDiffusionTask
from playground.runs.tasks.pairs import PairTask

TASKS: dict[str, type[Task]] = {
    "ae": AutoencoderTask,
    "vae": VAETask,
    "diffusion": DiffusionTask,
    "latent_diffusion": LatentDiffusionTask,
}

__all__ = [
    "HELD_OUT",
    "STRIP_FRAMES",
    "TASKS",
    "Answering",
    "AutoencoderTask",
    "DiffusionTask",
    "LatentDiffusionTask",
    "PairTask",
    "Task",
    "VAETask",
    "as_pictures",
    "way_as_pictures",
    "as_pixels",
    "data_range",
    "film",
    "guided",
    "one_per_class",
    "pick_device",
    "thin",
    "to_uint8",
]
