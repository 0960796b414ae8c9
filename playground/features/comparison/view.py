"""The comparison of six ways to draw latents: rows with their distance to real images, and samples of each."""

from __future__ import annotations

from playground.config import of_table
from playground.features.comparison.sentences import summary
from playground.features.feature import Memory
from playground.runs.events import read_json
from playground.runtimes.records import RunRecord
from playground.views.codec import u8
from playground.views.images import Payload, tiles_of

ROWS = {
    "ae_box": ("AE + box", "anywhere in the box around the codes", "reconstruction"),
    "ae_gaussian": ("AE + Gaussian", "one Gaussian fitted to the codes", "reconstruction"),
    "ae_mixture": ("AE + mixture", "ten Gaussians fitted to the codes", "reconstruction"),
    "vae_prior": ("VAE prior", "z ~ N(0, I), as it was trained for; x drawn from p(x|z)", "posterior"),
    "ae_diffusion": ("AE + diffusion", "a diffusion model of the codes", "reconstruction"),
    "vae_diffusion": ("VAE + diffusion", "a diffusion model of draws from q(z|x); x drawn from p(x|z)", "posterior"),
    "ae_codes": ("AE, real codes", "real images, encoded and decoded", "reconstruction"),
    "vae_codes": ("VAE, real codes", "z ~ q(z|x) of real images; x drawn from p(x|z)", "posterior"),
    "floor": ("real images", "training images in the place of samples", "data"),
}
"""Name -> title, how z is drawn, and the role whose colour the row has: that of its decoder."""
REFERENCES = ("ae_codes", "vae_codes", "floor")
"""Nothing is generated there: they say how good a row can be."""


def comparison_views(memory: Memory, record: RunRecord) -> dict[str, Payload]:
    """`comparison`, as in `shape.py`: of a VAE `distance_of_means` is that of E[x|z], not of draws, and what a classifier sees is of
    `looked_at` images D(z) or E[x|z]."""
    arrays = record.newest.arrays
    table = read_json(arrays["table"])
    known = table["rows"]
    rows, size = [], (0, 0)
    for name, (title, how, role) in ROWS.items():
        row = {"name": name, "title": title, "how": how, "role": role, "reference": name in REFERENCES}
        row["state"] = "ready" if name in known else "now" if name == table["now"] and record.active else "waiting"
        if name in known:
            tiles = tiles_of(arrays[f"grid/{name}"])
            size = tiles.shape[1:3]
            best = known.get(f"{name.partition('_')[0]}_codes", {}).get("distance") if name not in REFERENCES else None
            row |= known[name] | {"tiles": u8(tiles), "best": best}
        rows.append(row)
    return {
        "comparison": {
            "rows": rows,
            "h": int(size[0]),
            "w": int(size[1]),
            "unit": f"energy distance, in {'standard deviations' if of_table(record.config.get('dataset')) else 'pixel values'}",
            "n": table["n"],
            "repeats": table["repeats"],
            "looked_at": table["looked_at"],
            "network": table["network"],
            "latent_dim": table["latent_dim"],
            "summary": summary(known),
            "step": record.newest.step,
        }
    }
