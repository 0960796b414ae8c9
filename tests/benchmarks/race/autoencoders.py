"""The race of autoencoders and VAEs on Fashion-MNIST with pythae: 10,000 images, 16 latent dimensions, unit variance.

Quality is held out: of a VAE ½|x - x̂|² + KL by one draw, of an autoencoder |x - x̂|².
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from itertools import islice

import torch
from torch import Tensor, nn

from playground.config import AutoencoderConfig, VAEConfig
from playground.data import load_dataset
from playground.runs.control import Control
from playground.runs.training import Trainer
from playground.vae.autoencoder import build_autoencoder

from .timing import Racer

LATENT, PIECE = 16, 10
"""Latent dimensions; batches between two looks at the clock."""
CONFIGS = {"ae": AutoencoderConfig, "vae": VAEConfig}


def images() -> tuple[Tensor, Tensor]:
    """Training and held-out images, (n, 1, 28, 28) from 0 to 1."""
    data = load_dataset("fashion_mnist")
    return tuple(torch.from_numpy(part.x.copy()).float() / 255.0 for part in (data.train, data.test))


def squares(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).square().flatten(1).sum(1).mean()


def settings_of(kind: str, **settings: float | str) -> AutoencoderConfig | VAEConfig:
    unit = {"observation_std": 1.0} if kind == "vae" else {}
    return CONFIGS[kind](dataset="fashion_mnist", latent_dim=LATENT, device="cpu", **unit, **settings)


def ours(kind: str, seed: int, **settings: float | str) -> Racer:
    """A run of the tab of this kind with these `settings`, as it is trained there but for pictures."""
    trainer, test = Trainer(settings_of(kind, seed=seed, **settings), Control(), None), images()[1]

    def steps() -> Iterator[None]:
        while trainer.step < trainer.config.steps:
            yield trainer._advance()

    def quality() -> float:
        code = trainer.ema.encode(test)
        if kind == "ae":
            return float(squares(trainer.ema.decode(code), test))
        eps = torch.randn(code.mean.shape, generator=torch.Generator().manual_seed(1))
        return float(0.5 * squares(trainer.ema.decode(code.sample(eps)), test) + code.kl().mean())

    return Racer(trainer.model, steps(), quality)


class Pieces:
    """A loader of which every pass is the next few batches of the loader inside, so that the clock can be looked at between them."""

    def __init__(self, loader: torch.utils.data.DataLoader) -> None:
        self.dataset, self.batches = loader.dataset, self.endless(loader)

    def endless(self, loader: torch.utils.data.DataLoader) -> Iterator[object]:
        while True:
            yield from loader

    def __len__(self) -> int:
        return PIECE

    def __iter__(self) -> Iterator[object]:
        return islice(self.batches, PIECE)


def pythae(kind: str, seed: int, *, networks: Callable[[str], dict[str, nn.Module]], rate: float, batch: int, epochs: int) -> Racer:
    """pythae's own trainer for so many epochs, with its fully connected networks, one hidden layer of 512, or those that `networks` makes."""
    from pythae.data.datasets import BaseDataset
    from pythae.models import AE, VAE, AEConfig
    from pythae.models import VAEConfig as PythaeVAEConfig
    from pythae.trainers import BaseTrainer, BaseTrainerConfig

    torch.manual_seed(seed)
    train, test = images()
    size = {"input_dim": (1, 28, 28), "latent_dim": LATENT}
    inside = networks(kind)
    model = VAE(PythaeVAEConfig(**size), **inside) if kind == "vae" else AE(AEConfig(**size), **inside)
    folder = tempfile.TemporaryDirectory()
    said = {"num_epochs": epochs, "learning_rate": rate, "per_device_train_batch_size": batch}
    config = BaseTrainerConfig(output_dir=folder.name, no_cuda=True, seed=seed, **said)
    trainer = BaseTrainer(model, BaseDataset(train, torch.zeros(len(train))), training_config=config)
    trainer.prepare_training()
    trainer.train_loader = Pieces(trainer.train_loader)

    def steps() -> Iterator[None]:
        for piece in range(epochs * len(train) // (batch * PIECE)):
            yield trainer.train_step(piece)
        folder.cleanup()

    def quality() -> float:
        model.eval()
        found = [model({"data": part}) for part in test.split(500)]
        losses = [float(out.loss if kind == "vae" else squares(out.recon_x, part)) for out, part in zip(found, test.split(500))]
        return sum(losses) / len(losses)

    return Racer(model, steps(), quality)


def its_default(kind: str) -> dict[str, nn.Module]:
    """No networks: pythae makes its own, fully connected."""
    return {}


def its_convolutions(kind: str) -> dict[str, nn.Module]:
    """The networks that pythae proposes for MNIST."""
    from pythae.models import AEConfig
    from pythae.models.nn.benchmarks import mnist

    size = AEConfig(input_dim=(1, 28, 28), latent_dim=LATENT)
    encoder = mnist.Encoder_Conv_VAE_MNIST if kind == "vae" else mnist.Encoder_Conv_AE_MNIST
    return {"encoder": encoder(size), "decoder": mnist.Decoder_Conv_AE_MNIST(size)}


def our_convolutions(kind: str) -> dict[str, nn.Module]:
    """Our convolutional networks, as pythae takes networks, with nothing of how ours begin: equal networks."""
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder

    model = build_autoencoder(settings_of(kind, network="conv"), (1, 28, 28))

    class Encoder(BaseEncoder):
        def __init__(self) -> None:
            super().__init__()
            self.layers = model.encoder

        def forward(self, x: Tensor) -> ModelOutput:
            mean, *log_std = self.layers(x).split(LATENT, dim=1)
            return ModelOutput(embedding=mean, **({"log_covariance": 2.0 * log_std[0]} if log_std else {}))

    class Decoder(BaseDecoder):
        def __init__(self) -> None:
            super().__init__()
            self.layers = model.decoder

        def forward(self, z: Tensor) -> ModelOutput:
            return ModelOutput(reconstruction=self.layers(z).sigmoid())

    return {"encoder": Encoder(), "decoder": Decoder()}
