"""Questions to a trained model: decode this point, who lives near it, where are the holes.

    answer(task, model, "decode", {"z": [[0.0, 1.0]]}) -> {"images": uint8 (1, H, W)}

`table.py` lists them all; what an answer is made from is a `Space` (an autoencoder or a VAE) or a `Lab` (a diffusion model), which live
as long as the weights. One pure function answers one question; `training.py` lets a training answer between its steps, `worker.py`
serves them in a process of its own. Whoever asks may be anyone, so `arguments.py` checks everything, and a refusal is a `ConfigError`
with a sentence.
"""

from playground.questions.table import DIFFUSION, LATENT, Answerer, answer, pack_weights
from playground.questions.training import train
from playground.questions.worker import serve

__all__ = ["DIFFUSION", "LATENT", "Answerer", "answer", "pack_weights", "serve", "train"]
