"""The pictures of an autoencoder and of a VAE: the latent map, images beside what the model makes of them, the loss."""

from __future__ import annotations

from functools import lru_cache

from playground.config import MODELS, of_table
from playground.data import load_dataset
from playground.data.sprites import FACTOR_UNITS
from playground.data.strips import REACH
from playground.features.collapse.view import collapse
from playground.features.columns.view import columns_of, columns_static
from playground.features.feature import Memory
from playground.features.latent_map.about import about
from playground.features.terms.view import terms_of
from playground.runtimes.records import RunRecord
from playground.views import payloads
from playground.views.payloads import ImageRow, Payload
from playground.views.readings import latest


def autoencoder_views(memory: Memory, record: RunRecord) -> dict[str, Payload]:
    """The latent map, originals above reconstructions above errors, and the terms of the loss once one was read."""
    arrays, step = record.newest.arrays, record.newest.step
    mse, noise = latest(record, "held_out/mse"), record.config.get("input_noise", 0.0)
    table = of_table(record.config["dataset"])
    rows = [
        ImageRow(
            "held-out rows" if table else "held-out images", arrays["originals"], "bars: standard deviations" if table else ""
        ),
        *([ImageRow("as the encoder trains", arrays["noisy"], f"noise of std {noise:g} added")] if "noisy" in arrays else []),
        ImageRow("reconstructions", arrays["reconstructions"], f"held-out MSE {mse:.4f}" if mse is not None else ""),
        ImageRow("|error|", arrays["errors"], scale="error", limit=REACH if table else 1.0),
    ]
    return {"map": map_view(memory, record), "images": payloads.image_table(rows, step)} | columns_of(record) | terms_of(record)


def map_view(memory: Memory, record: RunRecord) -> Payload:
    """The latent map; its axes stay put as long as the same projection is shown. `Place.payload` says what else it holds, and
    `about` what names a file that is made of it."""
    place = memory.place(record)
    rings = MODELS[record.config["model"]].has_bound and place.shown == "raw" and place.points.shape[1] <= 2
    drawn = payloads.latent_map(
        record.newest.step,
        place.points,
        title=place.title,
        axes=place.axes,
        prior=rings,
        shown=place.shown,
        previous=memory.previous("map"),
    )
    return drawn | place.payload() | {"about": about(record.config)}


def vae_views(memory: Memory, record: RunRecord) -> dict[str, Payload]:
    """As the autoencoder's, and samples from the prior, as means (`samples`) and as draws (`samples_drawn`), and what each latent
    dimension carries."""
    views, arrays = autoencoder_views(memory, record), record.newest.arrays
    for name, view in (("samples", "samples"), ("drawn", "samples_drawn")):
        if name in arrays:
            views[view] = payloads.image_grid(arrays[name], record.newest.step, columns=16)
    return views | collapse(record)


@lru_cache(maxsize=8)
def map_static(name: str, n: int) -> dict[str, Payload]:
    """What the dots of a latent map are."""
    dataset = load_dataset(name)
    factors = dataset.test.factors or {}
    known = {factor: (factors[factor][:n], FACTOR_UNITS[factor]) for factor in FACTOR_UNITS if factor in factors}
    labels, x, columns = dataset.test.labels[:n], dataset.test.x[:n], dataset.columns
    if columns:
        known = {name: (values, "") for name, values in zip(columns.names, columns.values(x).T)}
    still = payloads.latent_map_static(labels, dataset.label_names, images=dataset.pictures(x), factors=known, rows=bool(columns))
    return {"map_static": still} | columns_static(name)
