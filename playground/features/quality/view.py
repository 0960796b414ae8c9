"""How far the samples of a training are from real images, and how far as many real images are."""

from __future__ import annotations

from playground.measures.networks import described
from playground.runtimes.records import RunRecord
from playground.views.codec import f32
from playground.views.payloads import Payload
from playground.views.readings import kind, latest, latest_step

OF_LATENTS = ", and decoded"
DRAWN = {
    "ae": "as if the autoencoder were generative: decoded draws from the box around codes of training images",
    "vae": "means E[x|z] of draws z from the prior",
    "diffusion": "drawn by DPM-Solver++(2M) in 10 steps",
    "latent_diffusion": f"drawn by DPM-Solver++(2M) in 10 steps{OF_LATENTS}",
}
"""What the samples of each training are that are measured while it goes on."""
TERMS = ("frechet", "precision", "recall")


def quality_view(record: RunRecord) -> dict[str, Payload]:
    """`quality`, as in `shape.py`; nothing before the first reading, nor of data that are no images."""
    history = record.history
    if "quality/frechet" not in history or latest(record, "quality/floor_frechet") is None:
        return {}
    steps, values = history["quality/frechet"]
    now, floor = (
        {name: latest(record, f"quality/{prefix}{name}") for name in (*TERMS, "frechet_std")} for prefix in ("", "floor_")
    )
    return {
        "quality": {
            "steps": f32(steps),
            "values": f32(values),
            "now": now,
            "floor": floor,
            "n": int(latest(record, "quality/n") or 0),
            "drawn": DRAWN[kind(record.config)],
            "network": described(record.config["dataset"]),
            "step": latest_step(record, "quality/frechet"),
        }
    }
