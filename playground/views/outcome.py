"""Whether a training led anywhere: one whose loss is above that of the untrained model has diverged, and one that ends worse than
one answer for all has learned nothing, whatever its status.

A learning rate that is far too high need not overflow: Adam's steps are as long as the learning rate, so the weights run away
and stay finite, and a sigmoid at the end of a decoder keeps even the error finite.
"""

from __future__ import annotations

from playground.config import model_of, unit_of, words_for
from playground.runtimes.records import RunRecord
from playground.views.readings import latest

LONG = 200
"""Steps after which a training should have learned something."""
RISE = 0.02
"""Share by which a loss must have risen before that means anything: a model that starts from the best linear one may first get a little worse."""
WORSE = 1.25
"""Times the error of the mean image: a collapsed VAE, which draws just that, lies within a few per cent of it."""


def diverged(record: RunRecord) -> str:
    """A word, a colon and a sentence if a training went wrong and stayed finite; else ""."""
    rate = record.config.get("learning_rate", 0.0)
    if reason := _above_its_start(record):
        return f"Diverged: {reason}. The learning rate ({rate:g}) is too high for this model: try a tenth of it."
    if record.status == "finished" and record.step >= LONG and (reason := _worse_than_one_answer(record)):
        return f"Nothing learned: {reason}. Try a learning rate ten times smaller (it was {rate:g}), or more steps."
    return ""


def _above_its_start(record: RunRecord) -> str:
    """Both losses, on training and on held-out data, lie clearly above the held-out loss of step 0. So must what is minimised
    (`objective`), where that is another sum: the bound of a VAE with β = 0 may rise as it learns."""
    about, history = model_of(record.config), record.history
    if about is None:
        return ""
    terms = [term for term in (about.term, "objective") if f"held_out/{term}" in history]
    for term in terms:
        steps, values = history[f"held_out/{term}"]
        if not len(steps) or steps[0] != 0 or not _both_above(record, term, float(values[0]) + RISE * abs(float(values[0]))):
            return ""
    if not terms:
        return ""
    start, now = (float(history[f"held_out/{terms[0]}"][1][i]) for i in (0, -1))
    return f"the held-out loss is {now:.3g} {unit_of(record.config)}, above the {start:.3g} of the untrained model"


def _worse_than_one_answer(record: RunRecord) -> str:
    """Both squared errors lie well above that of answering every image with the mean image."""
    baseline = latest(record, "baseline/mse")
    if baseline is None or not _both_above(record, "mse", WORSE * baseline):
        return ""
    now = latest(record, "held_out/mse")
    example, number = words_for(record.config.get("dataset"))
    return f"the held-out squared error is {now:.3g} per {number}, above the {baseline:.3g} of answering every {example} with the mean {example}"


def _both_above(record: RunRecord, term: str, limit: float) -> bool:
    """Whether the newest reading of a term on training and on held-out data lies above `limit`."""
    newest = [latest(record, f"{split}/{term}") for split in ("train", "held_out")]
    return all(value is not None and value > limit for value in newest)
