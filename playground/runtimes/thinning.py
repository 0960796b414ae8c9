"""What stays of the weights of a run that has ended: the newest as they are, and of some earlier moments the averaged ones alone.

A checkpoint of all that a training needs, weights, their average and two moments of Adam, is four times as large as what pictures and
questions are made of. While a run goes on, any of its marks may be continued to the same numbers; once it has ended, an earlier mark begins
with a new optimiser, and says so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

import numpy as np
import safetensors
import safetensors.numpy

from playground.runs.events import Checkpoint
from playground.runtimes.moments import MomentHistory, thinned

ENDED_BYTES = 16_000_000
"""Of all checkpoints of a run that has ended, the newest among them, which stays in any case."""
KEPT = ("ema/", "random/")
"""What a light checkpoint has: the averaged weights, with all that is not trained, and the state of the random numbers."""
LIGHT = 0.75
"""A checkpoint that has less than this of the newest one's bytes is light."""
TORCH = {
    "float32": "torch.float32",
    "float64": "torch.float64",
    "int64": "torch.int64",
    "uint8": "torch.uint8",
    "bool": "torch.bool",
}


def lightened(data: bytes) -> bytes:
    """A checkpoint (`runs/checkpoint.py`) with its averaged weights alone: it can be used as before, and be continued with a new optimiser."""
    size = int.from_bytes(data[:8], "little")
    about = json.loads(data[8 : 8 + size])["__metadata__"]
    arrays = {name: value for name, value in safetensors.numpy.load(data).items() if name.startswith(KEPT)}
    about.pop("sha256")
    return safetensors.numpy.save(arrays, metadata=about | {"sha256": digest(arrays, about)})


def digest(arrays: Mapping[str, np.ndarray], about: Mapping[str, str]) -> str:
    """As `runs.checkpoint` has it of tensors: the web process, which thins, has no torch."""
    found = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for name in sorted(arrays):
        value = np.ascontiguousarray(arrays[name])
        found.update(f"{name} {value.shape} {TORCH[value.dtype.name]}".encode())
        found.update(value.reshape(-1).view(np.uint8).data if value.size else b"")
    return found.hexdigest()


def ended(moments: MomentHistory, best: int | None = None) -> MomentHistory:
    """What stays of a run that has ended; the very same object where all of it is small enough. Of its earlier checkpoints so many stay, light, as
    there is room for: spread evenly, the first among them, and the last one at or before the step `best`, where the held-out loss was lowest."""
    if len(moments.checkpoints) < 2 or sum(moment.size for moment in moments.checkpoints) <= ENDED_BYTES:
        return moments
    *past, newest = moments.checkpoints
    try:
        light = {past[0].step: Checkpoint(past[0].step, lightened(past[0].data))}
        room = max(0, ENDED_BYTES - newest.size) // max(1, light[past[0].step].size)
        chosen = list(thinned(tuple(past), room)) if room else []
        favourite = moments.checkpoint_at(best) if best is not None else None
        if favourite is not None and favourite is not newest and room > 2 and favourite not in chosen:
            nearest = min(range(1, len(chosen) - 1), key=lambda i: abs(chosen[i].step - favourite.step))
            chosen[nearest] = favourite
        for moment in chosen:
            light.setdefault(moment.step, Checkpoint(moment.step, lightened(moment.data)))
    except (OSError, ValueError, LookupError, TypeError, safetensors.SafetensorError):
        return moments  # what cannot be read is not thrown away
    kept = tuple(light[moment.step] for moment in sorted(chosen, key=lambda moment: moment.step))
    return MomentHistory(moments.snapshots, (*kept, newest))


def light_steps(moments: MomentHistory) -> list[int]:
    """The steps of the checkpoints that hold the averaged weights alone."""
    whole = moments.checkpoints[-1].size if moments.checkpoints else 0
    return [moment.step for moment in moments.checkpoints if moment.size < LIGHT * whole]


def began_anew(moments: MomentHistory | None, step: int) -> str:
    """What a run is told that goes on from a light checkpoint; nothing of others."""
    light = moments is not None and step in light_steps(moments)
    return " Only the averaged weights of that moment were kept: its optimiser began anew." if light else ""
