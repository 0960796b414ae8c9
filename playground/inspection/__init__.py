"""Questions to a trained model: decode this point, who lives near it, where are the holes.

    answer(task, model, "decode", {"z": [[0.0, 1.0]]}) -> {"images": uint8 (1, H, W)}

`table.py` lists them all; what an answer is made from is a `Space` (an autoencoder or a VAE) or a `Lab` (a diffusion model). One
pure function answers one question; `worker.py` serves them in a process of its own. Whoever asks may be anyone, so `arguments.py` checks everything, and a refusal is a `ConfigError` with a sentence.
"""

from playground.inspection.table import DIFFUSION, LATENT, answer, pack_weights, reply
from playground.inspection.worker import serve

__all__ = ["DIFFUSION", "LATENT", "answer", "pack_weights", "reply", "serve"]
