"""What differs between the trainings: the model, its loss, its held-out reading and its pictures.

A task owns the data on the device; the loop in `training.py` knows none of this. `base` is what they share, `latent` the
autoencoder and the VAE, `diffusion` the denoiser.
"""

from playground.tasks.base import HELD_OUT, STRIP_FRAMES, Task, as_pixels, data_bounds, one_per_class, pick_device, thin, to_uint8
from playground.tasks.diffusion import DiffusionTask
from playground.tasks.latent import AutoencoderTask, VAETask

TASKS: dict[str, type[Task]] = {"ae": AutoencoderTask, "vae": VAETask, "diffusion": DiffusionTask}

__all__ = [
    "HELD_OUT", "STRIP_FRAMES", "TASKS", "AutoencoderTask", "DiffusionTask", "Task", "VAETask", "as_pixels", "data_bounds",
    "one_per_class", "pick_device", "thin", "to_uint8",
]  # fmt: skip
