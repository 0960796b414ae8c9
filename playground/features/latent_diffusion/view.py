"""The pictures of a latent diffusion: decoded samples, and in two dimensions the particles among the latents themselves."""

from __future__ import annotations

from dataclasses import replace

from playground.data import load_dataset
from playground.features.feature import Memory
from playground.features.samples.view import diffusion_views
from playground.runtimes.records import RunRecord
from playground.views import payloads
from playground.views.payloads import Payload

OF_LATENTS = ("trajectory", "trajectory_times", "latents")
"""Arrays of a snapshot that are not about images."""


def latent_diffusion_views(memory: Memory, record: RunRecord) -> dict[str, Payload]:
    """As of a diffusion of images. In two dimensions also `latent_particles` and `latent_particles_static`, laid out like
    `particles` and `particles_static`, in units of the standardised latents."""
    arrays, snapshot = record.newest.arrays, record.newest
    images = {name: value for name, value in arrays.items() if name not in OF_LATENTS}
    views = diffusion_views(memory, replace(record, snapshot=replace(snapshot, arrays=images)))
    if "trajectory" not in arrays:
        return views
    views["latent_particles"] = payloads.particles(
        snapshot.step,
        arrays["trajectory"],
        arrays["trajectory_times"],
        previous=memory.previous("latent_particles"),
        data=arrays["latents"],
        mode="live" if record.active else "final",
    )
    if memory.previous("latent_particles_static") is None:
        dataset = load_dataset(record.config["dataset"])
        labels = dataset.test.labels[: len(arrays["latents"])]
        views["latent_particles_static"] = payloads.particles_static(arrays["latents"], labels, dataset.label_names)
    return views
