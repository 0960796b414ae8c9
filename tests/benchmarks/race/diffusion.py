"""The diffusion race on Fashion-MNIST: ours, and three libraries as their own examples train and draw.

What their examples read from files they are given as tensors, with the same random mirroring where they mirror: that spares them time. Samples
are drawn by our default sampler, DPM-Solver++(2M) in 20 steps, and by the peers' own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from playground.config import DiffusionConfig, SampleConfig
from playground.data import load_dataset
from playground.measures.classifier import load_classifier
from playground.measures.features import features, frechet_distance
from playground.runs.control import Control
from playground.runs.generation import sample
from playground.runs.training import Trainer

from .timing import Racer

# The CPU build of torchvision from the index lacks its operators beside the CPU build of torch, and is only imported here, never used.
for operator in ("nms", "qnms"):
    torch.library.define(f"torchvision::{operator}", "(Tensor boxes, Tensor scores, float threshold) -> Tensor")

AT_ONCE = 50
"""Images that are drawn at once."""


class Distance:
    """The Fréchet distance of samples to the held-out images, in the features of the classifier of Fashion-MNIST."""

    def __init__(self) -> None:
        data, self.model = load_dataset("fashion_mnist"), load_classifier("fashion_mnist")
        self.train, test = (torch.from_numpy(split.x.copy()) for split in (data.train, data.test))
        self.real = features(self.model, test)

    def of(self, images: Tensor) -> float:
        """That of images (n, 1, 28, 28) from 0 to 1, or uint8."""
        return frechet_distance(features(self.model, images), self.real) if bool(images.isfinite().all()) else float("inf")

    def floor(self, n: int) -> float:
        """That of `n` training images."""
        return self.of(self.train[torch.randperm(len(self.train), generator=torch.Generator().manual_seed(0))[:n]])

    def quality(self, draw: Callable[[int], Tensor], n: int) -> Callable[[], float]:
        """What measures a racer whose images (k, 1, H, H) from -1 to 1 are drawn by `draw(k)`: `n` of them. Where it works on 32 x 32 pixels the middle is taken."""

        def measure() -> float:
            images = torch.cat([draw(min(AT_ONCE, n - start)) for start in range(0, n, AT_ONCE)])
            edge = (images.shape[-1] - 28) // 2
            return self.of(images[..., edge : edge + 28, edge : edge + 28].add(1.0).mul(0.5).clamp(0.0, 1.0))

        return measure


def batches(size: int, side: int, mirror: bool) -> Iterator[Tensor]:
    """Shuffled training images, epoch after epoch, (size, 1, side, side) from -1 to 1; 28 x 28 pixels in the middle of more."""
    x = torch.from_numpy(load_dataset("fashion_mnist").train.x.copy()).float().div(127.5).sub(1.0)
    x = F.pad(x, ((side - 28) // 2,) * 4, value=-1.0)
    while True:
        for index in torch.randperm(len(x)).split(size):
            batch = x[index]
            flipped = torch.rand(len(batch), 1, 1, 1) < 0.5
            yield torch.where(flipped, batch.flip(3), batch) if mirror else batch


def ours(seed: int, distance: Distance, n: int, **settings: float | str) -> Racer:
    """The default run of the Diffusion tab, or one with other `settings`, as it is trained there but for pictures."""
    trainer = Trainer(DiffusionConfig(dataset="fashion_mnist", seed=seed, device="cpu", **settings), Control(), None)

    def steps() -> Iterator[None]:
        while trainer.step < trainer.config.steps:
            yield trainer._advance()

    def draw(k: int) -> Tensor:
        asked = SampleConfig(n_samples=k, sampling_seed=int(torch.randint(2**31, ())), device="cpu")
        return torch.from_numpy(list(sample(trainer._checkpoint().data, asked))[-1].x).mul(2.0).sub(1.0)

    return Racer(trainer.model, steps(), distance.quality(draw, n))


def denoising_diffusion_pytorch(
    seed: int,
    distance: Distance,
    n: int,
    *,
    dim: int,
    mults: tuple[int, ...],
    batch: int,
    rate: float,
    accumulate: int,
    side: int,
    mirror: bool,
    draws: int,
    **more: object,
) -> Racer:
    """As `Trainer.train` of lucidrains' package goes: Adam, clipped gradients, a moving average; DDIM in `draws` steps."""
    from denoising_diffusion_pytorch import GaussianDiffusion, Unet
    from ema_pytorch import EMA

    torch.manual_seed(seed)
    unet = Unet(dim=dim, dim_mults=mults, channels=1, flash_attn=True)
    diffusion = GaussianDiffusion(unet, image_size=side, timesteps=1000, sampling_timesteps=draws, **more)
    optimizer = torch.optim.Adam(diffusion.parameters(), lr=rate, betas=(0.9, 0.99))
    ema = EMA(diffusion, beta=0.995, update_every=10)

    def steps() -> Iterator[None]:
        images = batches(batch, side, mirror)
        while True:
            for _ in range(accumulate):
                (diffusion(next(images).add(1.0).mul(0.5)) / accumulate).backward()
            nn.utils.clip_grad_norm_(diffusion.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            ema.update()
            yield

    def draw(k: int) -> Tensor:
        ema.ema_model.eval()
        return ema.ema_model.sample(batch_size=k).mul(2.0).sub(1.0).clone()

    return Racer(unet, steps(), distance.quality(draw, n))


def smalldiffusion(
    seed: int,
    distance: Distance,
    n: int,
    *,
    build: Callable[[], nn.Module],
    schedule: str,
    sigmas: dict[str, float],
    batch: int,
    rate: float,
    average: float,
    mirror: bool,
    draws: int,
    gam: float,
) -> Racer:
    """Its own `training_loop` and sampler, with the moving average of its examples."""
    import smalldiffusion as library
    from accelerate import Accelerator
    from torch_ema import ExponentialMovingAverage

    torch.manual_seed(seed)
    model, noise, accelerator = build(), getattr(library, schedule)(**sigmas), Accelerator(cpu=True)
    ema = ExponentialMovingAverage(model.parameters(), decay=average)

    def steps() -> Iterator[None]:
        for _ in library.training_loop(batches(batch, 28, mirror), model, noise, accelerator, epochs=1, lr=rate):
            ema.update()
            yield

    def draw(k: int) -> Tensor:
        with ema.average_parameters():
            *_, x = library.samples(model, noise.sample_sigmas(draws), gam=gam, batchsize=k, accelerator=accelerator)
        return x

    return Racer(model, steps(), distance.quality(draw, n))


def diffusers(
    seed: int,
    distance: Distance,
    n: int,
    *,
    network: dict[str, object],
    batch: int,
    rate: float,
    warmup: int,
    total: int,
    side: int,
    mirror: bool,
    draws: int,
    average: bool,
    scheduler: dict[str, object],
) -> Racer:
    """The loop of "Train a diffusion model" in diffusers' documentation, with the moving average of its `train_unconditional.py` where
    wanted; DDIM in `draws` steps."""
    from diffusers import DDIMScheduler, DDPMScheduler, UNet2DModel
    from diffusers.optimization import get_cosine_schedule_with_warmup
    from diffusers.training_utils import EMAModel

    torch.manual_seed(seed)
    model = UNet2DModel(sample_size=side, in_channels=1, out_channels=1, **network)
    noising = DDPMScheduler(num_train_timesteps=1000, **scheduler)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    rates = get_cosine_schedule_with_warmup(optimizer, warmup, total)
    ema = EMAModel(model.parameters(), use_ema_warmup=True, power=0.75) if average else None

    def steps() -> Iterator[None]:
        for clean in batches(batch, side, mirror):
            noise, times = torch.randn(clean.shape), torch.randint(0, 1000, (len(clean),))
            told = model(noising.add_noise(clean, noise, times), times, return_dict=False)[0]
            aim = noise if noising.config.prediction_type == "epsilon" else noising.get_velocity(clean, noise, times)
            F.mse_loss(told, aim).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            rates.step()
            optimizer.zero_grad()
            if ema:
                ema.step(model.parameters())
            yield

    def draw(k: int) -> Tensor:
        if ema:
            ema.store(model.parameters())
            ema.copy_to(model.parameters())
        drawing, x = DDIMScheduler.from_config(noising.config, timestep_spacing="trailing"), torch.randn(k, 1, side, side)
        drawing.set_timesteps(draws)
        for t in drawing.timesteps:
            x = drawing.step(model(x, t).sample, t, x).prev_sample
        if ema:
            ema.restore(model.parameters())
        return x

    return Racer(model, steps(), distance.quality(draw, n))
