"""What a run says: small, frozen, picklable events.

The same generator of events serves pytest, the command line and a worker process, so arrays are NumPy on the CPU and
weights travel as safetensors bytes (see `checkpoint.py`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Started:
    """The first event: what will run, and where."""

    config: dict[str, Any]
    n_parameters: int
    device: str
    step: int = 0
    """Step the run starts from; above 0 when it was resumed."""
    data: str = ""
    """Fingerprint of the data set (`Dataset.fingerprint`), where a training has one."""


@dataclass(frozen=True)
class Progress:
    """Readings of a running loop, a few times a second.

    `losses` maps names such as `train`, `held_out`, `train/reconstruction`, `held_out/kl` to means; units are those of the
    loss (nats per example for the VAE's terms). `seconds` is time spent training, pauses left out.
    """

    step: int
    seconds: float
    losses: dict[str, float]
    steps_per_second: float = 0.0
    learning_rate: float = 0.0


@dataclass(frozen=True)
class Snapshot:
    """Pictures' worth of arrays at one step; which arrays depends on the model (see `tasks/`)."""

    step: int
    arrays: dict[str, np.ndarray]


@dataclass(frozen=True)
class Checkpoint:
    """Everything needed to go on from `step`."""

    step: int
    data: bytes = field(repr=False)

    @property
    def size(self) -> int:
        """Bytes, wherever they are."""
        return len(self.data)

    @property
    def held(self) -> int:
        """Bytes of memory that it takes."""
        return len(self.data)


@dataclass(frozen=True)
class Paused:
    """The loop stands still (`paused`) or moves again."""

    step: int
    paused: bool


@dataclass(frozen=True)
class Finished:
    """The last event of a run that ended as it should; `stopped` when somebody pressed Stop."""

    step: int
    checkpoint: bytes = field(repr=False)
    stopped: bool = False


@dataclass(frozen=True)
class Failed:
    """The last event of a run that went wrong: a sentence, what to try, and the last good weights (if any)."""

    step: int
    message: str
    suggestion: str = ""
    checkpoint: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class SampleStep:
    """One state on the way from noise (`t = 1`) to data (`t = 0`); `x` in data units, shape (n, *data shape)."""

    index: int
    total: int
    t: float
    x: np.ndarray
    x_0: np.ndarray
    """What the denoiser makes of `x` at this step: its estimate of the clean data."""


@dataclass(frozen=True)
class Answer:
    """The answer to the question with this `id` (see `questions/`): arrays, or a sentence that says why not."""

    id: int
    arrays: dict[str, np.ndarray] | None
    error: str = ""


def diverged(step: int, total: float, terms: dict[str, float], learning_rate: float, kept: bytes | None) -> Failed:
    """The end of a training whose loss at `step`, its total and its terms, went wrong; `kept` are the last good weights."""
    names = [name for name, value in terms.items() if not math.isfinite(value)]
    what = f"The loss ({', '.join(names or list(terms)[:1])}) "
    what += "stopped being a finite number" if names else f"grew to {total:.1e}"
    advice = "Try a learning rate ten times smaller, a longer warm-up, or a gradient clip of 1."
    message = f"{what} at step {step}, with learning rate {learning_rate:g}."
    return Failed(step, message, advice + (" The last good weights are kept." if kept else ""), kept)


Event = Started | Progress | Snapshot | Checkpoint | Paused | Finished | Failed | SampleStep | Answer


def json_array(value: Any) -> np.ndarray:
    """What is no array, for a snapshot: its JSON as bytes, uint8 (n,). Raises `ValueError` for numbers that are not finite, which JSON
    does not have."""
    return np.frombuffer(json.dumps(value, allow_nan=False).encode(), np.uint8)


def read_json(array: np.ndarray) -> Any:
    """What `json_array` was given."""
    return json.loads(np.asarray(array, np.uint8).tobytes())


def drawn(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """The samples among the arrays of a finished drawing: pixels, uint8 (n, C, H, W), points (n, 2), or rows of a table in its units (n, D)."""
    return np.asarray(
        arrays["values"] if "values" in arrays else arrays["samples"] if "samples" in arrays else arrays["trajectory"][-1]
    )
