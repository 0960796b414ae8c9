"""What each latent dimension of a VAE carries, and whether something is wrong: the collapse doctor's payload."""

from __future__ import annotations

import numpy as np

from playground.runtimes.records import RunRecord
from playground.vae.diagnosis import ACTIVE_ABOVE, KNOWN, MISMATCHED_IN_ALL, SUFFERS, diagnose, settled_at, what_mismatch_costs
from playground.views.codec import f32, u8
from playground.views.payloads import Payload

ARRAYS = ("kl_per_dimension", "mean_variance", "aggregate_mean", "aggregate_variance")


def collapse(record: RunRecord) -> dict[str, Payload]:
    """`collapse`, as in `shape.py`: before the step `settled_at` nothing is said. No payload where the snapshot does not tell."""
    arrays, step = record.newest.arrays, record.newest.step
    if any(name not in arrays for name in ARRAYS):
        return {}
    kl, mean_variance, mean, variance = (np.asarray(arrays[name], np.float64) for name in ARRAYS)
    found = diagnose(kl.tolist(), mean_variance.tolist(), mean.tolist(), variance.tolist(), record.config, step)
    return {
        "collapse": {
            "step": int(step),
            "d": len(kl),
            "kl": f32(kl),
            "mean_variance": f32(mean_variance),
            "mean": f32(mean),
            "std": f32(np.sqrt(np.maximum(variance, 0.0))),
            "active": u8(np.asarray(found.active)),
            "n_active": int(found.n_active),
            "threshold": ACTIVE_ABOVE,
            "total": float(kl.sum()) if np.isfinite(kl).all() else None,
            "sentence": found.sentence or "",
            "suggestion": found.suggestion or "",
            "well": found.sentence is None,
            "settled_at": settled_at(record.config),
            "n": len(arrays["latent"]),
            "mismatch": {
                "above": MISMATCHED_IN_ALL,
                "known": KNOWN,
                "so": SUFFERS,
                "suggestion": what_mismatch_costs(float(record.config["beta"])),
            },
        }
    }
