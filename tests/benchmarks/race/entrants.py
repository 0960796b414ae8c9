"""Who races, with which settings, and when they are measured.

Peers stand here twice. Once as their own README or documentation sets them, where their size runs: theirs are for a GPU, and for images of another
size. And once tuned by us, at about as many weights as ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module

from torch import nn

from . import autoencoders, diffusion
from .timing import Racer


@dataclass(frozen=True)
class Entrant:
    """`make(seed)` makes what makes a racer, which alone is timed: libraries and data are there by then. `marks` are the processor seconds at which it is measured, `seeds` those that it runs at most."""

    make: Callable[[int], Callable[[], Racer]]
    marks: tuple[float, ...]
    seeds: int = 3
    ours: bool = False


EARLY = (0.0, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 11.0, 15.0, 30.0, 60.0)
TUNED, AS_SET = (8.0, 15.0, 30.0, 60.0), (60.0,)
SAMPLES, FEW, FEWEST = 500, 250, 100
"""Samples behind a distance; fewer of networks whose images are dear: their distances are further from the truth, and much larger than that."""


@cache
def distance() -> diffusion.Distance:
    return diffusion.Distance()


def drawn(racer: Callable[..., Racer], n: int = SAMPLES, **settings: object) -> Callable[[int], Callable[[], Racer]]:
    """One of the diffusion race, measured by `n` samples."""

    def make(seed: int) -> Callable[[], Racer]:
        for library in ("denoising_diffusion_pytorch", "smalldiffusion", "diffusers.training_utils", "torch_ema"):
            import_module(library)
        return partial(racer, seed, distance(), n, **settings)

    return make


def encoded(racer: Callable[..., Racer], kind: str, **settings: object) -> Callable[[int], Callable[[], Racer]]:
    """One of the races of autoencoders."""

    def make(seed: int) -> Callable[[], Racer]:
        import_module("pythae.trainers")
        autoencoders.images()
        return partial(racer, kind, seed, **settings)

    return make


def dit(wrapper: str = "", **size: int) -> Callable[[], nn.Module]:
    """Makes smalldiffusion's diffusion transformer, within its wrapper of this name, if any."""

    def build() -> nn.Module:
        import smalldiffusion as library

        return (getattr(library, wrapper)(library.DiT) if wrapper else library.DiT)(in_dim=28, channels=1, **size)

    return build


DDPM = {"schedule": "ScheduleDDPM", "sigmas": {"N": 1000, "beta_start": 0.0001, "beta_end": 0.02}}
UNET2D = {
    "layers_per_block": 1,
    "block_out_channels": (8, 16, 32),
    "down_block_types": ("DownBlock2D",) * 3,
    "up_block_types": ("UpBlock2D",) * 3,
    "norm_num_groups": 8,
    "add_attention": False,
}
BUTTERFLIES = {
    "layers_per_block": 2,
    "block_out_channels": (128, 128, 256, 256, 512, 512),
    "down_block_types": ("DownBlock2D",) * 4 + ("AttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "AttnUpBlock2D") + ("UpBlock2D",) * 4,
}


def with_layers(kind: str) -> dict[str, Entrant]:
    """The race of autoencoders with fully connected layers: pythae's one hidden layer of 512 on either side, as it sets it, ten epochs; ours
    with the smaller network that the page has by default, and with pythae's."""
    size = {"width": 512, "depth": 1}
    return {
        "ours": Entrant(encoded(autoencoders.ours, kind), EARLY[:10], ours=True),
        "ours, its network": Entrant(encoded(autoencoders.ours, kind, **size), EARLY[:10], ours=True),
        "ours, its network, tuned": Entrant(
            encoded(autoencoders.ours, kind, **size, steps=300, learning_rate=1.5e-2, warmup_steps=50), EARLY, ours=True
        ),
        "pythae": Entrant(
            encoded(autoencoders.pythae, kind, networks=autoencoders.its_default, rate=1e-3, batch=64, epochs=10),
            (2.0, 4.0, 8.0, 60.0),
        ),
        "pythae, tuned": Entrant(
            encoded(autoencoders.pythae, kind, networks=autoencoders.its_default, rate=3e-3, batch=128, epochs=10),
            (2.0, 4.0, 8.0, 60.0),
        ),
    }


def with_convolutions(kind: str) -> dict[str, Entrant]:
    """The race with convolutions: the networks that pythae proposes for MNIST, and, tuned, ours within pythae."""
    return {
        "ours": Entrant(encoded(autoencoders.ours, kind, network="conv"), EARLY[:11], ours=True),
        "pythae": Entrant(
            encoded(autoencoders.pythae, kind, networks=autoencoders.its_convolutions, rate=1e-3, batch=64, epochs=10),
            (60.0,),
            seeds=1,
        ),
        "pythae, our network": Entrant(
            encoded(autoencoders.pythae, kind, networks=autoencoders.our_convolutions, rate=3e-3, batch=64, epochs=10),
            (4.0, 8.0, 15.0),
        ),
    }


RACES = {
    "diffusion": {
        "ours": Entrant(drawn(diffusion.ours), EARLY, ours=True),
        "ours, from one Gaussian": Entrant(drawn(diffusion.ours, skip="linear"), EARLY, ours=True),
        "ours, U-Net": Entrant(drawn(diffusion.ours, network="unet", width=48), EARLY[::2], ours=True, seeds=1),
        "denoising-diffusion-pytorch": Entrant(
            drawn(
                diffusion.denoising_diffusion_pytorch,
                FEWEST,
                dim=64,
                mults=(1, 2, 4, 8),
                side=32,
                batch=32,
                accumulate=2,
                rate=8e-5,
                mirror=True,
                draws=10,
            ),
            AS_SET,
            seeds=1,
        ),
        "denoising-diffusion-pytorch, tuned": Entrant(
            drawn(
                diffusion.denoising_diffusion_pytorch,
                FEW,
                dim=8,
                mults=(1, 2, 4),
                side=28,
                batch=16,
                accumulate=1,
                rate=2e-3,
                mirror=False,
                draws=10,
            ),
            TUNED[2:],
        ),
        "smalldiffusion": Entrant(
            drawn(
                diffusion.smalldiffusion,
                FEWEST,
                build=dit(patch_size=2, depth=6, head_dim=32, num_heads=6, mlp_ratio=4.0),
                **DDPM | {"batch": 1024, "rate": 1e-3, "average": 0.99, "mirror": True, "draws": 10, "gam": 1.6},
            ),
            AS_SET,
            seeds=1,
        ),
        "smalldiffusion, tuned": Entrant(
            drawn(
                diffusion.smalldiffusion,
                build=dit("PredV", patch_size=4, depth=2, head_dim=32, num_heads=2),
                **DDPM | {"batch": 32, "rate": 5e-3, "average": 0.99, "mirror": False, "draws": 20, "gam": 1.6},
            ),
            TUNED,
        ),
        "diffusers": Entrant(
            drawn(
                diffusion.diffusers,
                FEWEST,
                network=BUTTERFLIES,
                batch=16,
                rate=1e-4,
                warmup=500,
                total=31_250,
                side=32,
                mirror=True,
                draws=10,
                average=False,
                scheduler={},
            ),
            AS_SET,
            seeds=1,
        ),
        "diffusers, tuned": Entrant(
            drawn(
                diffusion.diffusers,
                network=UNET2D,
                batch=16,
                rate=4e-3,
                warmup=50,
                total=1500,
                side=28,
                mirror=False,
                draws=20,
                average=True,
                scheduler={"prediction_type": "v_prediction"},
            ),
            TUNED,
        ),
    },
    "VAE": with_layers("vae"),
    "AE": with_layers("ae"),
    "VAE, convolutions": with_convolutions("vae"),
    "AE, convolutions": with_convolutions("ae"),
}
