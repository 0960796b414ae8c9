"""Arrays -> the JSON-ready dicts that the components in `ui/components` draw: all of them under one name.

Each layout is declared in `shapes.py`. Nothing raises on NaN, infinities or empty
arrays; a wrong shape is a `ValueError`.
"""

from playground.views.images import ImageRow, Payload, image_grid, image_table
from playground.views.numbers import curves, terms
from playground.views.positions import latent_map, latent_map_static, particles, particles_static, spread

__all__ = [
    "ImageRow",
    "Payload",
    "curves",
    "image_grid",
    "image_table",
    "latent_map",
    "latent_map_static",
    "particles",
    "particles_static",
    "spread",
    "terms",
]
