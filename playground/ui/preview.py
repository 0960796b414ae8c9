"""What a person sees of a data set before anything is trained on it."""

from __future__ import annotations

import hashlib
import io
from functools import lru_cache
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from playground.data import DATASETS, DataError, load_dataset
from playground.data.contact_sheet import contact_sheet
from playground.ui.modules import FOR_GOOD
from playground.views.colours import CLASSES

LARGEST = (480, 320)
"""Pixels of a sheet."""


@lru_cache(maxsize=32)
def sheet(name: str) -> bytes:
    """The contact sheet of a data set, as a WebP file, as large as a sharp screen shows it."""
    buffer, picture = io.BytesIO(), contact_sheet(load_dataset(name), columns=8, colours=[light for light, _ in CLASSES])
    picture.thumbnail(LARGEST)
    picture.save(buffer, "webp", quality=85)
    return buffer.getvalue()


async def _sheet(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in DATASETS:
        raise HTTPException(404)
    try:
        return Response(await run_in_threadpool(sheet, name), media_type="image/webp", headers=FOR_GOOD)
    except DataError:
        raise HTTPException(404) from None


def route() -> Route:
    """Where the sheets are."""
    return Route("/sheets/{digest}/{name}.webp", _sheet)


def preview(name: str) -> dict[str, Any]:
    """The value of a `data_preview` component: the address of a contact sheet, relative to the page, and the facts; or why there are none."""
    try:
        return _preview(name)
    except DataError as error:
        return {"image": None, "title": DATASETS[name].title, "description": str(error), "facts": {}}


@lru_cache(maxsize=32)
def _preview(name: str) -> dict[str, Any]:
    dataset = load_dataset(name)
    table = f"{dataset.shape[0]} columns: {', '.join(dataset.columns.names)}" if dataset.columns else "points in the plane"
    shape = " × ".join(map(str, dataset.shape[1:])) + " pixels" if dataset.is_image else table
    return {
        "image": f"sheets/{hashlib.sha256(sheet(name)).hexdigest()[:12]}/{name}.webp",
        "title": dataset.title,
        "description": dataset.description,
        "facts": {
            "examples": f"{len(dataset.train):,} train, {len(dataset.test):,} held out",
            "shape": shape,
            "source": dataset.source,
            "licence": dataset.licence,
        },
    }
