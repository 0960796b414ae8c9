"""What makes an autoencoder generative? Six ways to draw latents for a decoder, measured alike against held-out images.

    AE + box          z from anywhere in the box around the codes
    AE + Gaussian     z from one Gaussian with the moments of the codes
    AE + mixture      z from ten Gaussians fitted to the codes by EM
    VAE prior         z ~ N(0, I), as the VAE was trained for
    AE + diffusion    z from a small diffusion model of the AE's codes
    VAE + diffusion   z from a small diffusion model of draws from q(z|x)  (as in Vahdat et al. 2021; Rombach et al. 2022)

What a decoder makes of z: the autoencoder one image, D(z); the VAE a draw from p(x|z) with its pixel noise, because that is
what its log p(x) is about. The distance of its means E[x|z], as `distance_of_means`, stands beside it. With the six stand what
no rule for z can be expected to beat, decoded codes of real images, and the floor: real training images against the held-out ones."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from playground.config import ConfigError, LatentDiffusionConfig, RunConfig, has_bound, is_plain_autoencoder
from playground.data import load_dataset
from playground.diffusion.denoiser import ClippedDenoiser
from playground.diffusion.latent_denoiser import LatentDenoiser
from playground.diffusion.sampling import initial_noise, reverse, time_grid
from playground.features.comparison.settings import ComparisonConfig
from playground.measures.energy import REPEATS, Draw, EnergyDistance, Reading, SlowDraw
from playground.measures.features import gallery_of
from playground.measures.networks import described
from playground.measures.work import Work, timed
from playground.questions.generative import COMPONENTS, box, mixture
from playground.runs.checkpoint import unpack
from playground.runs.control import Control
from playground.runs.driver import Changes, Step, Study, drive
from playground.runs.events import Event, Progress, Started, json_array
from playground.runs.generation import load_model
from playground.runs.tasks import AutoencoderTask, VAETask, as_pictures, pick_device
from playground.runs.training import train
from playground.runs.training_within import train_within
from playground.vae.autoencoder import VAE, Autoencoder

SHOWN = 24
"""Images of each row that are shown."""
CHUNK = 1024
LOOKED_AT = 500
"""Samples in a Fréchet distance, at most."""
ROWS = ("floor", "ae_codes", "vae_codes", "ae_box", "ae_gaussian", "ae_mixture", "vae_prior", "ae_diffusion", "vae_diffusion")
"""In the order in which they are measured: the quick ones first."""


def comparison_run(config: ComparisonConfig, checkpoint: bytes, vae: bytes, control: Control | None = None) -> Iterator[Event]:
    """`comparison` as a run."""
    return drive(comparison(config, checkpoint, vae), control)


def comparison(config: ComparisonConfig, checkpoint: bytes, vae: bytes) -> Study:
    """Measures the rows, one after another: `checkpoint` is an autoencoder's, `vae` a VAE's, of the same data and latent size.

    The results hold all rows so far: `table`, JSON as bytes, `{rows: {name: {distance, std, seconds}}, now: name | None,
    n, repeats, latent_dim, steps}` with energy distances in units of pixel values (`metrics.py`; `std` is that of one
    measurement; a VAE's rows also hold `distance_of_means` and `std_of_means`) and `frechet, frechet_std, precision, recall` of `looked_at` images
    D(z), of a VAE the means E[x|z], in the features of a classifier; and of each row that is ready `grid/<name>`,
    uint8 (24, C, H, W). A stop keeps what there is. Raises `ConfigError`."""
    about = {"ae": unpack(checkpoint).config, "vae": unpack(vae).config}
    check(about)
    yield from Comparison(config, about, {"ae": checkpoint, "vae": vae}).steps()


def check(about: dict[str, RunConfig]) -> None:
    """Raises `ConfigError` where the two cannot be compared."""
    ae, vae = about["ae"], about["vae"]
    if not is_plain_autoencoder(ae) or not has_bound(vae):
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

    def __init__(self, config: ComparisonConfig, about: dict[str, Any], checkpoints: dict[str, bytes]) -> None:
        self.config, self.about, self.checkpoints = config, about, checkpoints
        self.device = pick_device(config.device)
        self.dataset = load_dataset(about["ae"].dataset)
        self.task = AutoencoderTask(about["ae"], self.dataset, self.device)
        self.seen = VAETask(about["vae"], self.dataset, self.device)
        self.real = self.task.scale(self.task.test_x)
        self.gallery = gallery_of(self.dataset.name, str(self.device)) if self.dataset.is_image else None
        self.looked_at = self.gallery.size(LOOKED_AT) if self.gallery else 0
        self.ae = load_model(checkpoints["ae"], str(self.device), Autoencoder)
        self.vae = load_model(checkpoints["vae"], str(self.device), VAE)
        self.rows: dict[str, dict[str, float]] = {}
        self.grids: dict[str, np.ndarray] = {}
        self.done, self.total = 0, 2 * config.steps + len(ROWS)
        self.now: str | None = ROWS[0]

    def steps(self) -> Study:
        """All of it. A step is one of the two trainings; a row counts as one, too."""
        n_parameters = sum(p.numel() for model in (self.ae, self.vae) for p in model.parameters())
        about = {
            "dataset": self.dataset.name,
            "steps": self.total,
            "latent_dim": self.about["ae"].latent_dim,
            "training_steps": self.config.steps,
        }
        yield Started(self.config.model_dump() | about, n_parameters, str(self.device))
        yield self.step()
        with torch.no_grad():
            self.energy_distance = EnergyDistance(self.real, self.config.seed, self.config.n_samples, REPEATS)
        try:
            for place, name in enumerate(ROWS):
                (reading, means, seen), seconds = yield from timed(self.measure(name))
                self.rows[name] = {"distance": reading.mean, "std": reading.std, "seconds": seconds} | seen
                self.rows[name] |= {"distance_of_means": means.mean, "std_of_means": means.std} if means else {}
                self.now = ROWS[place + 1] if place + 1 < len(ROWS) else None
                self.done += 1
                yield self.step({f"the distance of the row {name}": [reading.mean, reading.std]})
        finally:
            self.now = None

    def measure(self, name: str) -> Generator[Step | None, Changes, tuple[Reading, Reading | None, dict[str, float]]]:
        """One row: its distance, after its training, and some of its samples; of a VAE also the distance of its means; and what a classifier
        sees."""
        if name.endswith("_diffusion"):
            codes = self.of_diffusion((yield from self.diffusion(name.removesuffix("_diffusion"))))
        else:
            codes = self.rules()[name]()
        return (yield from self.measure_images(name, codes))

    @torch.no_grad()
    def measure_images(self, name: str, codes: Draw | SlowDraw) -> Work[tuple[Reading, Reading | None, dict[str, float]]]:
        """The distance of the images of `codes`, of which it keeps some, and of a VAE that of its means; and what a classifier sees."""
        draw = self.images(name, codes)
        reading = yield from self.energy_distance.measuring(draw)
        shown = draw(SHOWN, torch.Generator().manual_seed(self.config.seed))
        self.grids[f"grid/{name}"] = as_pictures(shown if isinstance(shown, Tensor) else (yield from shown))
        means = (yield from self.energy_distance.measuring(self.images(name, codes, mean=True))) if name.startswith("vae") else None
        return reading, means, (yield from self.classified(name, codes))

    def classified(self, name: str, codes: Draw | SlowDraw) -> Work[dict[str, float]]:
        """What a classifier sees in the images of `codes`, of a VAE the means; of the floor in held-out images, for it holds samples against
        training images. Nothing, of rows of a table."""
        if self.gallery is None:
            return {}
        if name == "floor":
            return self.gallery.floor(self.looked_at)
        images = self.images(name, codes, mean=True)(self.looked_at, torch.Generator().manual_seed(self.config.seed + 2))
        return self.gallery.measure(images if isinstance(images, Tensor) else (yield from images))

    def rules(self) -> dict[str, Callable[[], Draw]]:
        """What makes the codes of each row that needs no training; of the floor, the images."""
        ae, vae, seed = self.ae, self.vae, self.config.seed
        return {
            "floor": lambda: self.task.some_train,
            "ae_codes": lambda: lambda n, generator: ae.encode(self.task.some_train(n, generator)),
            "vae_codes": lambda: self.of_vae_codes,
            "ae_box": lambda: box(self.codes()),
            "ae_gaussian": lambda: mixture(self.codes(), 1, seed),
            "ae_mixture": lambda: mixture(self.codes(), COMPONENTS, seed),
            "vae_prior": lambda: lambda n, generator: torch.randn(n, vae.latent_dim, generator=generator),
        }

    def of_vae_codes(self, n: int, generator: torch.Generator) -> Tensor:
        """Draws from `q(z|x)` of training images, as the VAE was shown them (black and white for a Bernoulli one)."""
        posterior = self.vae.encode(self.seen.some_train(n, generator))
        eps = torch.randn(posterior.mean.shape, generator=generator).to(self.device)
        return posterior.sample(eps)

    @torch.no_grad()
    def codes(self) -> Tensor:
        """The autoencoder's codes of all training images, on the CPU, (N, d). Raises `ConfigError` where some are not
        finite."""
        codes = torch.cat([self.ae.encode(self.task.scale(part)) for part in self.task.train_x.split(CHUNK)]).cpu()
        if not bool(codes.isfinite().all()):
            raise ConfigError("Some codes of the autoencoder are not finite numbers, so no distribution can be fitted to them.")
        return codes

    def images(self, name: str, draw_codes: Draw | SlowDraw, mean: bool = False) -> Draw | SlowDraw:
        """The images of a row from its codes, (n, d) -> (n, C, H, W); of a VAE draws from p(x|z), or the `mean`."""
        if name == "floor":
            return draw_codes
        vae = self.vae if name.startswith("vae") else None

        def decoded(codes: Tensor, generator: torch.Generator) -> Tensor:
            parts = codes.to(self.device).split(CHUNK)
            return torch.cat([vae.draw(z, generator) if vae and not mean else (vae or self.ae).decode(z) for z in parts])

        def draw(n: int, generator: torch.Generator) -> Work[Tensor]:
            codes = draw_codes(n, generator)
            return decoded(codes if isinstance(codes, Tensor) else (yield from codes), generator)

        return draw

    def diffusion(self, which: str) -> Generator[Step | None, Changes, LatentDenoiser]:
        """Trains a diffusion model of the latents of one of the two, telling how far it is, and returns it."""
        config = LatentDiffusionConfig(
            dataset=self.dataset.name,
            steps=self.config.steps,
            width=self.config.width,
            seed=self.config.seed,
            device=self.config.device,
        )
        own, before = Control(), self.done

        def step(progress: Progress) -> Step:
            self.done = before + progress.step
            return Step(self.done, self.total, losses=progress.losses)

        events = train(config, own, source=self.checkpoints[which])
        checkpoint = yield from train_within(events, own, step, "The diffusion in the latent space")
        return load_model(checkpoint, str(self.device), LatentDenoiser)

    def of_diffusion(self, model: LatentDenoiser) -> SlowDraw:
        """The codes that a latent diffusion draws, by DDIM from noise of the CPU's generator, so that a seed means the same
        anywhere."""
        denoiser = ClippedDenoiser(model, -float(model.bound), float(model.bound))
        times = time_grid(model.schedule, self.config.sampling_steps)

        def draw(n: int, generator: torch.Generator) -> Work[Tensor]:
            noise = initial_noise(model.schedule, (n, model.latent_dim), generator).to(self.device)
            for state in reverse(denoiser, model.schedule, noise, times, "ddim"):
                yield
            return model.latents(state.x)

        return draw

    def step(self, found: dict | None = None) -> Step:
        """How far it is, with the rows; the numbers `found` are new."""
        return Step(self.done, self.total, self.results, found or {})

    def results(self) -> dict[str, np.ndarray]:
        """All rows so far, and which one is being made."""
        table = {
            "rows": self.rows,
            "now": self.now,
            "n": min(self.config.n_samples, len(self.real) // 2),
            "repeats": REPEATS,
            "looked_at": self.looked_at,
            "network": described(self.dataset.name) if self.gallery else "",
            "latent_dim": self.about["ae"].latent_dim,
            "steps": self.config.steps,
        }
        return {"table": json_array(table), **self.grids}
