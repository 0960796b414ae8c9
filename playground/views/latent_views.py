"""The pictures of an autoencoder and of a VAE: the latent map, images beside what the model makes of them, the bound."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Protocol

from playground.data import load_dataset
from playground.data.sprites import FACTOR_UNITS
from playground.views import payloads
from playground.views.payloads import ImageRow, Payload
from playground.views.places import Place
from playground.views.readings import kind, latest, latest_step


class Memory(Protocol):
    """What a builder may ask of the run's earlier pictures, so that the next one stays put."""

    def previous(self, name: str) -> Payload | None:
        """The last payload of a view, which the next one keeps its axes from."""

    def place(self, record: Any) -> Place:
        """The latents of a record on the map."""


def autoencoder_views(memory: Memory, record: Any) -> dict[str, Payload]:
    """The latent map, and originals above reconstructions above errors."""
    arrays, step = record.snapshot.arrays, record.snapshot.step
    mse = latest(record, "held_out/mse")
    rows = [
        ImageRow("held-out images", arrays["originals"]),
        ImageRow("reconstructions", arrays["reconstructions"], f"held-out MSE {mse:.4f}" if mse is not None else ""),
        ImageRow("|error|", arrays["errors"], scale="error"),
    ]
    return {"map": map_view(memory, record), "images": payloads.image_table(rows, step)}


def map_view(memory: Memory, record: Any) -> Payload:
    """The latent map; its axes stay put as long as the same projection is shown. `Place.payload` says what else it holds."""
    place = memory.place(record)
    rings = kind(record.config) == "vae" and place.shown == "raw" and place.points.shape[1] <= 2
    drawn = payloads.latent_map(
        record.snapshot.step, place.points, title=place.title, axes=place.axes, prior=rings, shown=place.shown,
        previous=memory.previous("map"),
    )  # fmt: skip
    return drawn | place.payload()


def vae_views(memory: Memory, record: Any) -> dict[str, Payload]:
    """As the autoencoder's, and samples from the prior, and the terms of the bound on held-out data."""
    views = autoencoder_views(memory, record)
    views["samples"] = payloads.image_grid(record.snapshot.arrays["samples"], record.snapshot.step, columns=16)
    terms = {name: latest(record, f"held_out/{name}") for name in ("reconstruction", "kl")}
    if None not in terms.values():
        views["terms"] = payloads.terms(terms, unit="nats per held-out example", step=latest_step(record, "held_out/kl"))
    return views


@lru_cache(maxsize=8)
def map_static(name: str, n: int) -> dict[str, Payload]:
    """What the dots of a latent map are."""
    dataset = load_dataset(name)
    factors = dataset.test.factors or {}
    known = {factor: (factors[factor][:n], FACTOR_UNITS[factor]) for factor in FACTOR_UNITS if factor in factors}
    labels, images = dataset.test.labels[:n], dataset.test.x[:n]
    return {"map_static": payloads.latent_map_static(labels, dataset.label_names, images=images, factors=known)}
