"""What a person sees of a data set before anything is trained on it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from playground.data import load_dataset
from playground.data.contact_sheet import contact_sheet
from playground.data.sheets import data_url
from playground.views.colours import CLASSES


@lru_cache(maxsize=32)
def preview(name: str) -> dict[str, Any]:
    """The value of a `data_preview` component: a contact sheet and the facts."""
    import io

    dataset = load_dataset(name)
    buffer = io.BytesIO()
    contact_sheet(dataset, columns=8, colours=[light for light, _ in CLASSES]).save(buffer, "webp", lossless=True)
    shape = " × ".join(map(str, dataset.shape[1:])) + " pixels" if dataset.is_image else "points in the plane"
    return {
        "image": data_url(buffer.getvalue()),
        "title": dataset.title,
        "description": dataset.description,
        "facts": {
            "examples": f"{len(dataset.train):,} train, {len(dataset.test):,} held out",
            "shape": shape,
            "source": dataset.source,
            "licence": dataset.licence,
        },
    }
