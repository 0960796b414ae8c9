"""Latent diffusion's training: that of diffusion, on the latents of an autoencoder or a VAE that was trained before.

Once the model is there the images give way to their standardised latents, a data set of points in d dimensions: from then on
everything is as for points, and only the pictures pass the decoder.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from playground.config import MODELS, ConfigError, LatentDiffusionConfig, VAEConfig
from playground.data import Dataset
from playground.data.base import Split
from playground.diffusion.latent_denoiser import LatentDenoiser, build_latent_denoiser
from playground.diffusion.linear import EXAMPLES
from playground.diffusion.objectives import Examples
from playground.runs.checkpoint import CheckpointError, Loaded, load_weights
from playground.runs.tasks.base import STRIP_FRAMES, Interrupted, thin, way_as_pictures
from playground.runs.tasks.diffusion import DiffusionTask, film
from playground.runs.tasks.latent import ROWS, AutoencoderTask, LatentTask, VAETask

SHOWN = 25
"""Samples that are decoded for a picture."""
MAP_POINTS = 1500
"""Held-out latents beside the particles, at most."""


class LatentDiffusionTask(DiffusionTask):
    """Diffusion of latents: decoded samples, and where there are two dimensions the particles themselves."""

    config: LatentDiffusionConfig

    def __init__(self, config: LatentDiffusionConfig, dataset: Dataset, device: torch.device) -> None:
        self.config, self.images, self.device, self.step = config, dataset, device, 0  # the rest comes with `prepare`
        self.held: list[Tensor] = []

    build = staticmethod(build_latent_denoiser)

    @property
    def data_shape(self) -> tuple[int, ...]:
        return self.images.shape

    @staticmethod
    def complete(config: LatentDiffusionConfig, source: Loaded | None, resume: Loaded | None) -> LatentDiffusionConfig:
        """`config` with the settings of the autoencoder that its weights come from."""
        if resume is not None:
            if not isinstance(resume.config, LatentDiffusionConfig):
                raise CheckpointError(
                    "This checkpoint is of another kind of model: a latent diffusion goes on from a latent diffusion."
                )
            return config.replace(autoencoder=resume.config.autoencoder)
        if source is None:
            raise ConfigError(
                "A latent diffusion works with a trained autoencoder or VAE: give the checkpoint of one as its source."
            )
        if not MODELS[source.config.model].encodes:
            raise ConfigError(
                "The source of a latent diffusion must be an autoencoder or a VAE: this checkpoint is of a diffusion model."
            )
        if source.config.dataset != config.dataset:
            raise ConfigError(
                f"dataset = {config.dataset!r} is refused: the {MODELS[source.config.model].title} "
                "was trained on "
                f"{source.config.dataset!r}, and so must the diffusion in its latent space be."
            )
        return config.replace(autoencoder=source.config)

    @torch.no_grad()
    def adopt(self, model: LatentDenoiser, source: Loaded) -> None:
        """Takes over the averaged weights of the autoencoder, and standardises the model to its latents."""
        load_weights(model.autoencoder, source)
        seen = self.autoencoding()
        means, stds = posterior(model, seen, seen.train_x)  # not standardised yet: with mean 0 and std 1
        if not bool(means.isfinite().all() and stds.isfinite().all()):
            raise ConfigError("Some latents of this autoencoder are not finite numbers, so nothing can be learned from them.")
        model.standardise_to(means, stds)
        z = draw(*posterior(model, seen, seen.train_x))
        model.bound.copy_(z.abs().max())
        if model.linear is not None:
            model.linear.fit(z[:EXAMPLES])

    @torch.no_grad()
    def prepare(self, model: LatentDenoiser) -> None:
        """The data from now on: the latents of the model's autoencoder. Nothing to do where they are those already."""
        weights = [model.mean, model.std, *model.autoencoder.state_dict().values()]
        if self.held and all(map(torch.equal, weights, self.held)):
            return
        self.held = [value.clone() for value in weights]
        seen = self.autoencoding()
        train, test = (posterior(model, seen, x) for x in (seen.train_x, seen.test_x))
        splits = [
            Split(draw(*posterior).cpu().numpy(), split.labels)
            for posterior, split in ((train, self.images.train), (test, self.images.test))
        ]
        latents = replace(self.images, shape=(model.latent_dim,), train=splits[0], test=splits[1], columns=None)
        super().__init__(self.config, latents, self.device)
        self.data_range = (-float(model.bound), float(model.bound))
        self.means, self.stds = train

    def scale(self, x: Tensor) -> Tensor:
        """Latents are stored as the model sees them."""
        return x

    def examples(self, index: Tensor, generator: torch.Generator) -> Examples:
        """Latents of the training images `index`, (n, d): for a VAE fresh draws from `q(z|x)`; with classes as for all
        diffusion."""
        kept, means = super().examples(index, generator), self.means[index]
        noise = torch.randn(means.shape, generator=generator, device=means.device)
        return Examples(torch.addcmul(means, self.stds[index], noise), kept.label)

    def snapshot(self, model: LatentDenoiser, interrupted: Interrupted) -> dict[str, np.ndarray] | None:
        """As for images, of 25 samples: each latent on the way is decoded, and so is what is expected of the one whose picture changes
        most. In two dimensions also `trajectory` (T + 1, 300, 2), `trajectory_times` (T + 1,) and `latents` (m, 2), those of
        held-out images. Of a table `rows` (n, D), decoded samples. A class-conditional model shows as many samples of each class, at least 25, and says so in
        `sample_labels` (n,)."""
        found = self.walk(model, interrupted)
        if found is None:
            return None
        shown = np.arange(SHOWN) if found.label is None else first_of_each(found.label, SHOWN)
        keep = thin(len(found.times), STRIP_FRAMES)
        way, expected = (self._decoded(model, z[keep][:, shown]) for z in (found.x, found.x_0))
        pictures = film(found.times[keep], way, expected, decoded=True)
        if found.label is not None:
            pictures["sample_labels"] = found.label[shown]
        if not self.images.is_image:
            pictures["rows"] = model.decode(found.x[-1]).cpu().numpy()[:ROWS]
        if model.latent_dim == 2:
            pictures |= {
                "trajectory": found.x.cpu().numpy(),
                "trajectory_times": found.times,
                "latents": self.dataset.test.x[:MAP_POINTS],
            }
        return pictures

    def fresh(self, model: LatentDenoiser, n: int, interrupted: Interrupted) -> Tensor | None:
        """As of all diffusion, decoded."""
        z = self.drawn(model, n, interrupted)
        return None if z is None else model.decode(z)

    def _decoded(self, model: LatentDenoiser, z: Tensor) -> np.ndarray:
        """Latents (k, n, d) as pictures (k, n, C, H, W), uint8."""
        return way_as_pictures(model.decode(z.flatten(0, 1)).unflatten(0, z.shape[:2]))

    def autoencoding(self) -> LatentTask:
        """The training of the autoencoder, for the images as it is shown them."""
        config = self.config.autoencoder
        here = self.images, self.device
        return VAETask(config, *here) if isinstance(config, VAEConfig) else AutoencoderTask(config, *here)


def posterior(model: LatentDenoiser, seen: LatentTask, x: Tensor) -> tuple[Tensor, Tensor]:
    """Means and standard deviations of the latents of stored images, in parts, for as float32 they take four times the data."""
    means, stds = zip(*(model.posterior(seen.scale(part)) for part in x.split(1000)))
    return torch.cat(means), torch.cat(stds)


def draw(means: Tensor, stds: Tensor) -> Tensor:
    """One latent of each example, always the same, (n, d)."""
    eps = torch.randn(means.shape, generator=torch.Generator().manual_seed(0))
    return torch.addcmul(means, stds, eps.to(means.device))


def first_of_each(labels: np.ndarray, n: int) -> np.ndarray:
    """Indices of the first few of each class, in order, at least `n` in all where there are so many."""
    classes = np.unique(labels)
    few = -(-n // len(classes))
    return np.concatenate([np.flatnonzero(labels == label)[:few] for label in classes])
