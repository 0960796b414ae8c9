"""What an autoencoder and a VAE look like while they learn."""

from __future__ import annotations

from typing import Any

from playground.features.feature import Feature, Views
from playground.features.latent_map.view import autoencoder_views, map_static, vae_views


def dots(config: dict[str, Any]) -> Views:
    """What the dots of the map of a run are."""
    return map_static(config["dataset"], config["map_points"])


FEATURE = Feature("latent_map", pictures={"ae": autoencoder_views, "vae": vae_views}, static={"ae": dots, "vae": dots})
