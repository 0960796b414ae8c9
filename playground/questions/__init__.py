"""Questions to a trained model: decode this point, who lives near it, where are the holes.

    answer(task, model, "decode", {"z": [[0.0, 1.0]]}) -> {"images": uint8 (1, H, W)}

`catalogue.py` lists them all, with the arguments of each as a pydantic model (`arguments.py`): without torch, so that the page refuses
what cannot be asked before any worker hears of it. `answerer.py` answers, from a `Space` (an autoencoder or a VAE) or a `Diffusion` (a
diffusion model), which live as long as the weights: one pure function for one question. `training.py` lets a training answer between its
steps, `worker.py` serves them in a process of its own. Whoever asks may be anyone, so a refusal is a `ConfigError` with a sentence.
"""
