"""The autoencoder's and the VAE's training: what the encoder is shown, where it puts held-out images, and what comes back."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from playground.config import LIKELIHOODS, AutoencoderConfig, LatentConfig, VAEConfig
from playground.data import Dataset, strips
from playground.runs.checkpoint import Loaded
from playground.runs.tasks.base import Interrupted, Task, as_pictures, one_per_class
from playground.vae.autoencoder import VAE, Autoencoder, DiagonalGaussian, begin_at, build_autoencoder
from playground.vae.bounds import draw_log_weights, importance_estimate, iwae
from playground.vae.gaps import quadrature_elbo
from playground.vae.likelihoods import binarise, dequantise
from playground.vae.objectives import Loss, importance_weighted, negative_elbo, reconstruction_error
from playground.vae.quadrature import QUICK, log_evidence

LIVE_IMAGES, LIVE_DRAWS = 32, 50
"""Held-out images, and draws of z for each, in the bounds that are read while a model trains."""
ROWS = 200
"""Rows of a table that are shown as lines, at most."""
BOXED = 1000
"""Training images around whose codes a box is drawn."""
LIVE_ORDER = 8
"""Nodes per dimension where the ELBO is integrated."""
LIVE_ERROR = 0.1
"""Mean error of the integral beside them, in nats, above which it is not told."""
OF_OTHERS = 2
"""Added to that for images from elsewhere: training and held-out images have 0 and 1."""
DRAWN_ONCE = 2014
"""Seed of whatever is drawn once for each image: the same for every run, so that likelihoods can be compared."""


@dataclass(frozen=True)
class NoisyBatch:
    """A batch whose encoder is shown something else than what is to come out, (n, C, H, W) each."""

    x: Tensor
    seen: Tensor


class LatentTask(Task):
    """What both have in common: images, noise on what the encoder is shown, and the latent map."""

    config: LatentConfig

    def __init__(self, config: LatentConfig, dataset: Dataset, device: torch.device) -> None:
        super().__init__(config, dataset, device)
        self._draw_once()
        self.map_x = self.scale(self.test_x[: config.map_points])
        self.shown = self.scale(self.test_x[torch.from_numpy(one_per_class(dataset)).to(device)])

    build = staticmethod(build_autoencoder)

    def adopt(self, model: Autoencoder | VAE, source: Loaded | None) -> None:
        """The mean of the training images: what encoder and decoder begin at."""
        begin_at(model, self.mean_image())

    def mean_image(self) -> Tensor:
        """Of all training images, scaled, (C, H, W), in parts: as float32 they would take four times the data."""
        total = torch.zeros(self.dataset.shape, device=self.device)
        for part in self.train_x.split(1000):
            total += self.scale(part).sum(0)
        return total / len(self.train_x)

    def _draw_once(self) -> None:
        """Replaces stored data by what the likelihood speaks of, where that takes random numbers."""

    def seen(self, levels: Tensor) -> Tensor:
        """An image from elsewhere, uint8 (n, C, H, W), as held-out ones are seen."""
        return self.scale(levels)

    def batch(self, generator: torch.Generator) -> Tensor | NoisyBatch:
        """A batch drawn with replacement; with `input_noise` the encoder's copy is noisy."""
        x = super().batch(generator)
        return NoisyBatch(x, self.with_noise(x, generator)) if self.config.input_noise > 0.0 else x

    def with_noise(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """`x + input_noise · N(0, I)`."""
        return x + self.config.input_noise * torch.randn(x.shape, generator=generator, device=x.device)

    def in_range(self, x: Tensor) -> Tensor:
        """What was made, images within [0, 1]; columns of a table have no bounds."""
        return x.clamp(0.0, 1.0) if self.dataset.is_image else x

    def baseline(self) -> dict[str, float]:
        """`mse` of answering every held-out image with the mean training image."""
        return {"mse": float((self.scale(self.test_x[: self.n_held_out]) - self.mean_image()).square().mean())}

    def pictures(self, reconstructions: Tensor, codes: Tensor) -> dict[str, np.ndarray]:
        """What both draw: `latent` (n, d) float32; `originals`, `reconstructions` uint8 and `errors` float32, (k, C, H, W); and
        with `input_noise` what the encoder is shown while training, `noisy` uint8. Rows of a table stand there as bars (`strips`)."""
        error = (reconstructions - self.shown).abs().cpu().numpy()
        arrays = {
            "latent": codes.cpu().numpy(),
            "originals": as_pictures(self.shown),
            "reconstructions": as_pictures(reconstructions),
            "errors": error if self.dataset.is_image else strips.error_bars(error),
        }
        if self.config.input_noise > 0.0:
            arrays["noisy"] = as_pictures(self.with_noise(self.shown, torch.Generator(self.device).manual_seed(DRAWN_ONCE)))
        return arrays


class AutoencoderTask(LatentTask):
    """AE: one code for each image, with a penalty on the codes or the encoder's slopes if wanted."""

    config: AutoencoderConfig

    def loss(self, model: Autoencoder, x: Tensor | NoisyBatch, generator: torch.Generator) -> Loss:
        x, seen = (x.x, x.seen) if isinstance(x, NoisyBatch) else (x, x)
        probe = None
        if self.config.contraction > 0.0:
            size = (len(x), model.latent_dim)
            probe = 2.0 * torch.randint(2, size, generator=generator, device=x.device).to(x.dtype) - 1.0
        return reconstruction_error(model, x, seen, self.config.sparsity, self.config.contraction, probe)

    def fresh(self, model: Autoencoder, n: int, interrupted: Interrupted) -> Tensor:
        """An autoencoder defines no distribution; as if it did: decoded draws from the box around the codes of some training images."""
        generator = torch.Generator().manual_seed(self.config.seed)
        low, high = model.encode(self.some_train(BOXED, generator)).aminmax(dim=0)
        u = torch.rand(n, model.latent_dim, generator=generator).to(self.device)
        return self.in_range(model.decode(low + (high - low) * u))

    def snapshot(self, model: Autoencoder, interrupted: Interrupted) -> dict[str, np.ndarray]:
        """As in `pictures`; of a table also the reconstructions of the rows of the map, standardised, `rows` (n, D), at most 200."""
        codes = model.encode(self.map_x)
        arrays = self.pictures(model.decode(model.encode(self.shown)), codes)
        return arrays if self.dataset.is_image else arrays | {"rows": model.decode(codes[:ROWS]).cpu().numpy()}


class VAETask(LatentTask):
    """VAE: a bound on log p(x), and samples from the prior, always from the same `z` so that the eye can follow them."""

    config: VAEConfig
    has_bounds = True

    def __init__(self, config: VAEConfig, dataset: Dataset, device: torch.device) -> None:
        super().__init__(config, dataset, device)
        generator = torch.Generator().manual_seed(config.seed)
        self.prior_z = torch.randn(32, config.latent_dim, generator=generator).to(device)
        if config.objective == "iwae":
            self.n_held_out = max(200, self.n_held_out // config.importance_samples)

    def _draw_once(self) -> None:
        """Held-out images get their random numbers once, training images too where they are to be black and white."""
        self.levels, self.likelihood = self.train_x, LIKELIHOODS[self.config.likelihood]
        if self.likelihood.binarised:
            self.train_x, self.test_x = (_black_and_white(x, seed) for seed, x in enumerate((self.train_x, self.test_x)))
        elif self.likelihood.learns_spread and self.dataset.is_image:
            u = torch.rand(self.test_x.shape, generator=torch.Generator().manual_seed(DRAWN_ONCE))
            self.test_x = dequantise(self.test_x, u.to(self.device))

    def seen(self, levels: Tensor) -> Tensor:
        """With random numbers that are drawn once, too."""
        if self.likelihood.binarised:
            return self.scale(_black_and_white(levels, OF_OTHERS))
        if not self.likelihood.learns_spread:
            return self.scale(levels)
        u = torch.rand(levels.shape, generator=torch.Generator().manual_seed(DRAWN_ONCE + OF_OTHERS))
        return dequantise(levels, u.to(levels.device))

    def examples(self, index: Tensor, generator: torch.Generator) -> Tensor:
        """Pixels k / 255; where the variance is learned, fresh `(k + u - ½) / 255`; for Bernoulli 0 or 1, drawn afresh if dynamic."""
        spread_out = self.likelihood.learns_spread and self.dataset.is_image
        afresh = self.config.binarise == "dynamic" if self.likelihood.binarised else spread_out
        if not afresh:
            return self.scale(self.train_x[index])
        levels = self.levels[index]
        u = torch.rand(levels.shape, generator=generator, device=levels.device)
        return binarise(levels, u) if self.likelihood.binarised else dequantise(levels, u)

    @property
    def steps_are_alike(self) -> bool:
        return self.step >= self.config.kl_warmup

    def beta(self) -> float:
        """The weight of the KL at this step: during the warm-up a growing share of the setting."""
        share = min(1.0, self.step / self.config.kl_warmup) if self.config.kl_warmup else 1.0
        return self.config.beta * share

    def loss(self, model: VAE, x: Tensor | NoisyBatch, generator: torch.Generator) -> Loss:
        x, seen = (x.x, x.seen) if isinstance(x, NoisyBatch) else (x, x)
        if self.config.objective == "iwae":
            size = (len(x), self.config.importance_samples, model.latent_dim)
            return importance_weighted(model, x, torch.randn(size, generator=generator, device=x.device), seen)
        eps = torch.randn(len(x), model.latent_dim, generator=generator, device=x.device)
        return negative_elbo(model, x, eps, self.beta(), self.config.free_bits, seen)

    @torch.no_grad()
    def live_bounds(self, model: VAE) -> dict[str, float]:
        """Of always the same few held-out images, in nats per example: `neg_elbo`; `neg_iwae` of 50 draws, which are others at every
        step, with their standard error `neg_iwae_se`; and in one or two latent dimensions, where the ELBO is integrated, too,
        `neg_log_p` by quadrature with the mean `gap` log p(x) - ELBO and its standard error over the images, `gap_se`."""
        x, integrable = self.scale(self.test_x[:LIVE_IMAGES]), model.latent_dim <= 2
        if x.device.type == "mps":  # which has no numbers in double precision
            x, model = x.cpu(), copy.deepcopy(model).cpu()
        log_w = draw_log_weights(model, x, LIVE_DRAWS, torch.Generator(x.device).manual_seed(self.step))
        elbo = quadrature_elbo(model, x, model.encode(x), LIVE_ORDER).double() if integrable else log_w.mean(1)
        noise = importance_estimate(log_w).error.square().sum().sqrt() / len(x)
        found = {"neg_elbo": -elbo.mean(), "neg_iwae": -iwae(log_w, LIVE_DRAWS).mean(), "neg_iwae_se": noise}
        if integrable:
            evidence = log_evidence(model, x, QUICK)
            if float(evidence.error.mean()) < LIVE_ERROR:
                gap = evidence.log_p - elbo
                found |= {"neg_log_p": -evidence.log_p.mean(), "gap": gap.mean(), "gap_se": gap.std() / len(gap) ** 0.5}
        return {name: float(value) for name, value in found.items()}

    def fresh(self, model: VAE, n: int, interrupted: Interrupted) -> Tensor:
        """Means E[x|z] of draws from the prior."""
        z = torch.randn(n, model.latent_dim, generator=torch.Generator().manual_seed(self.config.seed + 1))
        return self.in_range(model.decode(z.to(self.device)))

    def snapshot(self, model: VAE, interrupted: Interrupted) -> dict[str, np.ndarray]:
        """As in `pictures`; `samples`, means E[x|z], and `drawn`, draws from p(x|z) of the same z, uint8 (32, C, H, W); and of the map's
        images what `latent_moments` tells, float32. Of a table also what was drawn, `rows` (32, D), standardised."""
        q, noise = model.encode(self.map_x), torch.Generator().manual_seed(self.config.seed)
        drawn = model.draw(self.prior_z, noise)
        arrays = self.pictures(model.decode(model.latent(self.shown)), q.mean) | {
            "samples": as_pictures(model.decode(self.prior_z)),
            "drawn": as_pictures(drawn),
        }
        if not self.dataset.is_image:
            arrays["rows"] = drawn.cpu().numpy()
        return arrays | {name: value.cpu().numpy() for name, value in latent_moments(q).items()}


def latent_moments(q: DiagonalGaussian) -> dict[str, Tensor]:
    """What n posteriors say of each dimension, (d,) each: their mean KL to the prior in nats, `kl_per_dimension`; the variance of
    their means, `mean_variance` (Burda et al. 2016, appendix C, call a dimension active above 0.01); and mean and variance of
    their average, the aggregated posterior, which should match the prior: `aggregate_mean`, `aggregate_variance = Var mean + E std²`."""
    variance = q.mean.var(0, correction=0)
    return {
        "kl_per_dimension": q.kl_per_dimension().mean(0),
        "mean_variance": variance,
        "aggregate_mean": q.mean.mean(0),
        "aggregate_variance": variance + q.std.square().mean(0),
    }


def _black_and_white(x: Tensor, seed: int) -> Tensor:
    """Images drawn once from their grey levels, uint8 0 or 255, in pieces."""
    generator = torch.Generator().manual_seed(DRAWN_ONCE + seed)
    parts = [binarise(part, torch.rand(part.shape, generator=generator).to(x.device)) for part in x.split(1000)]
    return torch.cat([part.mul_(255.0).to(torch.uint8) for part in parts])
