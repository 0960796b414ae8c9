"""What a model of images can be used for: guidance, paths between noises, inversion, image-to-image, and inpainting."""

from __future__ import annotations

from playground.features.image_lab.card import image_lab
from playground.ui.tab import TrainingTab


def draw(tab: TrainingTab) -> None:
    """One card; it says by itself what it needs, where the run above is not one of images."""
    image_lab(tab.name, server_functions=tab.service.server_functions())
