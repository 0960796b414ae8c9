"""What a model of images can be used for: guidance, paths between noises, inversion, image-to-image, and inpainting."""

from __future__ import annotations

from playground.features.image_lab.card import image_lab
from playground.features.own_image.card import own_image
from playground.ui.tab import TrainingTab


def draw(tab: TrainingTab) -> None:
    """Two cards; they say by themselves what they need, where the run above is not one of images."""
    image_lab(tab.name, server_functions=tab.service.server_functions())
    own_image(tab.name, server_functions=tab.service.server_functions())
