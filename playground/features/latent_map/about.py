"""A run in a few words, for what is taken away from the page: model, data, and the settings that tell it from others."""

from __future__ import annotations

from typing import Any

from playground.config import MODELS
from playground.data import DATASETS
from playground.features.rate_distortion.view import label

PENALTIES = {"input_noise": "input noise", "sparsity": "sparsity", "contraction": "contraction"}


def about(config: dict[str, Any]) -> dict[str, str]:
    """Of an autoencoder or a VAE: `{text: "VAE of Digits, β 1, d = 2, σ 0.4, learning rate 0.001, seed 0", file: "vae-digits"}`."""
    model, dataset = MODELS[config["model"]], config["dataset"]
    if model.has_bound:
        settings = label(config)
    else:
        settings = ", ".join(
            [f"d = {config['latent_dim']}", *(f"{words} {config[name]:g}" for name, words in PENALTIES.items() if config.get(name))]
        )
    more = [f"{words} {config[name]:g}" for name, words in (("learning_rate", "learning rate"), ("seed", "seed")) if name in config]
    text = ", ".join([f"{model.title[0].upper()}{model.title[1:]} of {DATASETS[dataset].title}", settings, *more])
    return {"text": text, "file": f"{config['model']}-{dataset.replace('_', '-')}"}
