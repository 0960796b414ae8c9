"""Questions to an autoencoder or a VAE: decode this point, who lives near it, where are the holes.

    answer(task, model, "decode", {"z": [[0.0, 1.0]]}) -> {"images": uint8 (1, H, W)}

`answers.py` and `generative.py` hold one pure function a question; `worker.py` serves them in a process of its own. Whoever
asks may be anyone, so `arguments.py` checks everything, and a refusal is a `ConfigError` with a sentence.
"""

from playground.inspection.table import ANSWERS, answer, pack_weights, reply
from playground.inspection.worker import serve

__all__ = ["ANSWERS", "answer", "pack_weights", "reply", "serve"]
