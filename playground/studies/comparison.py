"""What makes an autoencoder generative? Five ways to draw latents for a decoder, measured alike against held-out images.

    AE + Gaussian     z from one Gaussian with the moments of the codes
    AE + mixture      z from ten Gaussians fitted to the codes by EM
    VAE prior         z ~ N(0, I), as the VAE was trained for
    AE + diffusion    z from a small diffusion model of the AE's codes
    VAE + diffusion   z from a small diffusion model of draws from q(z|x)  (as in Vahdat et al. 2021; Rombach et al. 2022)

All five decode with the mean of their decoder. Beside them stand what no rule for z can be expected to beat, decoded codes of
real images, and the floor: real training images against the held-out ones. """

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from playground.checkpoint import unpack
from playground.config import ComparisonConfig, ConfigError, LatentDiffusionConfig, RunConfig
from playground.control import Control
from playground.data import load_dataset
from playground.denoiser import ClippedDenoiser
from playground.events import Event, Failed, Finished, Progress, Snapshot, Started, json_array
from playground.generation import load_model
from playground.inspection.generative import COMPONENTS, mixture
from playground.latent_denoiser import LatentDenoiser
from playground.metrics import REPEATS, Draw, Ruler
from playground.sampling import initial_noise, reverse, time_grid
from playground.tasks import TASKS, pick_device, to_uint8
from playground.training import train

SHOWN = 24
"""Images of each row that are shown."""
CHUNK = 1024
ROWS = ("floor", "ae_codes", "vae_codes", "ae_gaussian", "ae_mixture", "vae_prior", "ae_diffusion", "vae_diffusion")
"""In the order in which they are measured: the quick ones first."""


def comparison_run(config: ComparisonConfig, checkpoint: bytes, vae: bytes, control: Control | None = None) -> Iterator[Event]:
    """Measures the rows, one after another: `checkpoint` is an autoencoder's, `vae` a VAE's, of the same data and latent size.

    Each `Snapshot` holds all rows so far: `table`, JSON as bytes, `{rows: {name: {distance, std, seconds}}, now: name | None,
    n, repeats, latent_dim, steps}` with energy distances in units of pixel values (`metrics.py`; `std` is that of one
    measurement), and of each row that is ready `grid/<name>`, uint8 (24, C, H, W). A stop keeps what there is. Raises
    `ConfigError`. """
    control = control or Control()
    about = {"ae": unpack(checkpoint).config, "vae": unpack(vae).config}
    check(about)
    yield from Comparison(config, about, {"ae": checkpoint, "vae": vae}, control).run()


def check(about: dict[str, RunConfig]) -> None:
    """Raises `ConfigError` where the two cannot be compared."""
    ae, vae = about["ae"], about["vae"]
    if (ae.model, vae.model) != ("ae", "vae"):
        raise ConfigError("The comparison needs the checkpoint of an autoencoder and that of a VAE, in this order.")
    if ae.dataset != vae.dataset:
        raise ConfigError(
            f"The autoencoder was trained on {ae.dataset!r} and the VAE on {vae.dataset!r}: train both on the same data, "
            "then compare."
        )
    if ae.latent_dim != vae.latent_dim:
        raise ConfigError(
            f"The autoencoder has {ae.latent_dim} latent dimensions and the VAE {vae.latent_dim}: the one with more would "
            "win for "
            "that reason alone. Train both with the same number, then compare."
        )


class Comparison:
    """One run: the two models, the rows that are ready, and the work that is left."""

    def __init__(
        self, config: ComparisonConfig, about: dict[str, RunConfig], checkpoints: dict[str, bytes], control: Control
    ) -> None:
        self.config, self.about, self.checkpoints, self.control = config, about, checkpoints, control
        self.device = pick_device(config.device)
        self.dataset = load_dataset(about["ae"].dataset)
        self.task = TASKS["ae"](about["ae"], self.dataset, self.device)
        self.seen = TASKS["vae"](about["vae"], self.dataset, self.device)
        self.real = self.task.scale(self.task.test_x)
        self.models = {name: load_model(data, str(self.device)) for name, data in checkpoints.items()}
        self.rows: dict[str, dict[str, float]] = {}
        self.grids: dict[str, np.ndarray] = {}
        self.done, self.total, self.began = 0, 2 * config.steps + len(ROWS), time.perf_counter()
        self.rate = 0.0

    def run(self) -> Iterator[Event]:
        """The events of this run."""
        n_parameters = sum(p.numel() for model in self.models.values() for p in model.parameters())
        about = {
            "dataset": self.dataset.name,
            "steps": self.total,
            "latent_dim": self.about["ae"].latent_dim,
            "training_steps": self.config.steps,
        }
        yield Started(self.config.model_dump() | about, n_parameters, str(self.device))
        yield self.snapshot(ROWS[0])
        with torch.no_grad():
            self.ruler = Ruler(self.real, self.config.seed, self.config.n_samples, REPEATS)
        for place, name in enumerate(ROWS):
            if not self.control.proceed():
                break
            began = time.perf_counter()
            if name.endswith("_diffusion"):
                yield self.snapshot(name)
                model = yield from self.diffusion(name.removesuffix("_diffusion"))
                if model is None:
                    break
                draw = self.of_diffusion(model)
            else:
                draw = self.rules()[name]()
            self.measure(name, draw, began)
            self.done += 1
            yield self.progress()
            yield self.snapshot(ROWS[place + 1] if place + 1 < len(ROWS) else None)
        stopped = len(self.rows) < len(ROWS)
        yield self.snapshot(None)
        yield Finished(self.done, b"", stopped=stopped)

    @torch.no_grad()
    def measure(self, name: str, draw: Draw, began: float) -> None:
        """One row: its distance, what it took (with its training), and some of its samples."""
        reading = self.ruler.measure(draw)
        self.rows[name] = {"distance": reading.mean, "std": reading.std, "seconds": time.perf_counter() - began}
        self.grids[f"grid/{name}"] = to_uint8(draw(SHOWN, torch.Generator().manual_seed(self.config.seed)))

    def rules(self) -> dict[str, Callable[[], Draw]]:
        """What makes the draws of each row that needs no training."""
        ae, vae, seed = self.models["ae"], self.models["vae"], self.config.seed
        return {
            "floor": lambda: self.task.some_train,
            "ae_codes": lambda: lambda n, generator: self.decode("ae", ae.encode(self.task.some_train(n, generator))),
            "vae_codes": lambda: self.of_vae_codes,
            "ae_gaussian": lambda: self.of_codes(mixture(self.codes(), 1, seed)),
            "ae_mixture": lambda: self.of_codes(mixture(self.codes(), COMPONENTS, seed)),
            "vae_prior": lambda: lambda n, generator: self.decode("vae", torch.randn(n, vae.latent_dim, generator=generator)),
        }

    def of_vae_codes(self, n: int, generator: torch.Generator) -> Tensor:
        """Training images, as the VAE was shown them (black and white for a Bernoulli one), through it: decoded draws from
        `q(z|x)`."""
        posterior = self.models["vae"].encode(self.seen.some_train(n, generator))
        eps = torch.randn(posterior.mean.shape, generator=generator).to(self.device)
        return self.decode("vae", posterior.sample(eps))

    @torch.no_grad()
    def codes(self) -> Tensor:
        """The autoencoder's codes of all training images, on the CPU, (N, d). Raises `ConfigError` where some are not
        finite."""
        codes = torch.cat([self.models["ae"].encode(self.task.scale(part)) for part in self.task.train_x.split(CHUNK)]).cpu()
        if not bool(codes.isfinite().all()):
            raise ConfigError("Some codes of the autoencoder are not finite numbers, so no distribution can be fitted to them.")
        return codes

    def of_codes(self, draw_codes: Draw) -> Draw:
        """Decoded draws from a distribution of the autoencoder's codes."""
        return lambda n, generator: self.decode("ae", draw_codes(n, generator))

    def decode(self, which: str, z: Tensor) -> Tensor:
        """(n, d) -> (n, C, H, W)."""
        return torch.cat([self.models[which].decode(part) for part in z.to(self.device).split(CHUNK)])

    def diffusion(self, which: str) -> Iterator[Event]:
        """Trains a diffusion model of the latents of one of the two, telling how far it is; returns it, or None after a
        stop."""
        config = LatentDiffusionConfig(
            dataset=self.dataset.name,
            steps=self.config.steps,
            width=self.config.width,
            seed=self.config.seed,
            device=self.config.device,
        )
        own, before = Control(), self.done
        own.send({"kind": "watch", "rate": 0.0})
        checkpoint = b""
        for event in train(config, own, source=self.checkpoints[which]):
            if not self.control.proceed():
                return None
            if isinstance(event, Progress):
                self.done, self.rate = before + event.step, event.steps_per_second
                yield self.progress()
            checkpoint = getattr(event, "checkpoint", checkpoint) or checkpoint
            if isinstance(event, Failed):
                raise ConfigError(f"The diffusion in the latent space could not be trained: {event.message}")
        return load_model(checkpoint, str(self.device))

    def of_diffusion(self, model: LatentDenoiser) -> Draw:
        """Decoded samples of a latent diffusion, by DDIM from noise of the CPU's generator, so that a seed means the same
        anywhere."""
        denoiser = ClippedDenoiser(model, -float(model.bound), float(model.bound))
        times = time_grid(model.schedule, self.config.sampling_steps)

        def draw(n: int, generator: torch.Generator) -> Tensor:
            noise = initial_noise(model.schedule, (n, model.latent_dim), generator).to(self.device)
            *_, last = reverse(denoiser, model.schedule, noise, times, "ddim")
            return model.decode(last.x)

        return draw

    def progress(self) -> Progress:
        return Progress(self.done, time.perf_counter() - self.began, {}, self.rate)

    def snapshot(self, now: str | None) -> Snapshot:
        """All rows so far; `now` is the one that is being made."""
        table = {
            "rows": self.rows, "now": now, "n": min(self.config.n_samples, len(self.real) // 2), "repeats": REPEATS,
            "latent_dim": self.about["ae"].latent_dim, "steps": self.config.steps,
        }  # fmt: skip
        return Snapshot(self.done, {"table": json_array(table), **self.grids})
