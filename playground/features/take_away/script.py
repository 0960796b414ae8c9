"""A run as one Python file that needs torch and safetensors alone: its model, loss and sampler, written for its settings.

The parts stand in `text/`, with the formulas of `vae/` and `diffusion/` as a person would write them for one run; the layers of encoder and
decoder are read off the model. `tests/test_script.py` holds what the file computes against what the playground does.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import jinja2
from torch import nn

from playground.config import (
    LIKELIHOODS,
    MODELS,
    ConfigError,
    DiffusionConfig,
    LatentConfig,
    LatentDiffusionConfig,
    RunConfig,
    VAEConfig,
    field_specs,
)
from playground.data import Dataset
from playground.diffusion.gaussians import LEADING
from playground.diffusion.linear import RANK, WHOLE
from playground.diffusion.networks import channels_of, patch_of
from playground.diffusion.noise import SCHEDULES
from playground.diffusion.sampling import time_grid
from playground.features.take_away.forms import scripted
from playground.runs.checkpoint import Loaded
from playground.runs.tasks import HELD_OUT, data_range
from playground.vae.autoencoder import build_autoencoder
from playground.vae.likelihoods import START_STD, START_STD_OF_COLUMNS
from playground.vae.networks import Centre

TEXT = Path(__file__).parent / "text"
IMPORTS = ("argparse", "copy", "csv", "math", "struct", "zlib")
PREDICTS = {"eps": "the noise", "x_0": "the data", "v": "v = alpha eps - sigma x_0", "velocity": "the velocity dx/dt"}
PARTS = jinja2.Environment(
    loader=jinja2.FileSystemLoader(TEXT), trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined, autoescape=False
)


def readings(values: dict[str, float]) -> str:
    """Numbers by name as Python, which has no word for those that are not finite."""
    told = {name: json.dumps(value) if math.isfinite(value) else f'float("{value}")' for name, value in values.items()}
    return "{" + ", ".join(f"{json.dumps(name)}: {value}" for name, value in told.items()) + "}"


def worded(text: str) -> str:
    """Somebody's own words as a Python string."""
    return json.dumps(text, ensure_ascii=False)


PARTS.filters |= {"quoted": json.dumps, "readings": readings, "worded": worded}


def check_writable(config: RunConfig) -> None:
    """Raises `ConfigError` with a sentence for a model that torch alone cannot build."""
    if refusal := scripted(config):
        raise ConfigError(refusal)


def script_of(loaded: Loaded, dataset: Dataset, expected: dict[str, float]) -> str:
    """The script for a checkpoint; `expected` are the held-out losses that it prints beside its own. Raises `ConfigError`."""
    check_writable(loaded.config)
    known = context(loaded.config, dataset) | {"expected": expected, "licence_line": f"Data: {plain(dataset.licence)}."}
    body = PARTS.get_template("script.py.jinja").render(known)
    return tidied(f'"""{heading(loaded, dataset)}"""\n\n{imports(body)}\n\n{body}')


def module_of(config: DiffusionConfig, dataset: Dataset) -> tuple[str, dict[str, Any]]:
    """The denoiser of a run as a module that diffusers loads beside its weights; and what is known of it, such as its `shape`."""
    known = context(config, dataset)
    body = PARTS.get_template("unet_module.py.jinja").render(known)
    own = "\n".join(f"import {name}" for name in IMPORTS if re.search(rf"\b{name}\.", body))
    head = f'"""A denoiser of {plain(dataset.title)}, for diffusers."""\n\n{own}\n\n'
    head += "import torch\nfrom diffusers import ConfigMixin, ModelMixin\nfrom diffusers.configuration_utils import register_to_config\n"
    head += (
        "from diffusers.models.unets.unet_2d import UNet2DOutput\nfrom torch import nn\nfrom torch.nn import functional as F\n\n\n"
    )
    return tidied(head + body), known


def tidied(text: str) -> str:
    """As a formatter would leave it: no more than two empty lines, and two before everything that is defined."""
    text = re.sub(r"\n{4,}", "\n\n\n", re.sub(r"[ \t]+\n", "\n", text))
    return re.sub(r"\n{2,}(?=(?:def|class|@|# ---))", "\n\n\n", text).rstrip() + "\n"


def heading(loaded: Loaded, dataset: Dataset) -> str:
    """What the script says of itself."""
    model, commands = MODELS[loaded.config.model], commands_of(loaded.config)
    seen, ending = ("images", "png") if dataset.is_image else ("rows", "csv")
    lines = {
        "loss": "the held-out loss of weights.safetensors, beside the one that the playground measured",
        "reconstruct": f"held-out {seen}, and below them what comes back, in reconstructions.{ending}",
        "sample": "samples of weights.safetensors, by the sampler of the run",
        "train": "trains it again from nothing, with the settings of the run",
    }
    article = "An" if model.title[0] in "aeiou" else "A"
    usage = "\n".join(f"    python run.py {command:<12} {lines[command]}" for command in commands)
    return (
        f"{article} {model.title} of {plain(dataset.title)}, after {loaded.step:,} steps. It needs torch and safetensors, which takes NumPy to save.\n\n"
        f"{usage}\n\nOn one thread (OMP_NUM_THREADS=1) of the same kind of processor its numbers are those of the playground; elsewhere sums\n"
        "are rounded in another order, which changes about the sixth digit. It trains in float32.\n"
    )


def imports(body: str) -> str:
    """Those that the script uses."""
    own = [f"import {name}" for name in IMPORTS if re.search(rf"\b{name}\.", body)]
    functional = ["from torch.nn import functional as F"] if re.search(r"\bF\.", body) else []
    others = ["import torch", "from safetensors.torch import load_file, save_file", "from torch import nn", *functional]
    return "\n".join([*own, "from pathlib import Path", "", *others])


def commands_of(config: RunConfig) -> list[str]:
    """What the script can be asked for."""
    return ["loss", "sample" if MODELS[config.model].is_generative else "reconstruct", "train"]


def plain(text: str) -> str:
    """Somebody's own words as they may stand in a comment or in a docstring: nothing of them is code."""
    return re.sub(r"[^\w ,.;:()/&+–-]", " ", text, flags=re.ASCII if text.isascii() else 0).replace("  ", " ").strip() or "own data"


def context(config: RunConfig, dataset: Dataset) -> dict[str, Any]:
    """All that the parts of the script are told."""
    general = {name: getattr(config, name) for name in field_specs(type(config))}
    general |= {"diffuses": False, "latents": False, "conditional": False, "image": dataset.is_image, "shape": dataset.shape}
    columns = dataset.columns and list(zip(dataset.columns.names, dataset.columns.mean.tolist(), dataset.columns.std.tolist()))
    general |= {
        "columns": columns,
        "things": "images" if dataset.is_image else "rows",
        "squash": ".sigmoid()" if dataset.is_image else "",
    }
    general |= {"start_std": START_STD if dataset.is_image else START_STD_OF_COLUMNS}
    general |= {"generative": MODELS[config.model].is_generative, "commands": commands_of(config), "kl_warmup": 0}
    if isinstance(config, LatentConfig):
        return general | encoding(config, dataset.shape)
    assert isinstance(config, DiffusionConfig)
    return general | diffusing(config, dataset)


def encoding(config: LatentConfig, shape: tuple[int, ...]) -> dict[str, Any]:
    """Of an autoencoder or a VAE."""
    model, variational = build_autoencoder(config, shape), MODELS[config.model].has_bound
    layers = {"encoder": lines_of(model.encoder), "decoder": lines_of(model.decoder)}
    known = {name: getattr(config, name) for name in field_specs(type(config))}
    known |= layers | {"variational": variational, "model_call": "VAE()" if variational else "Autoencoder()", "likelihood": ""}
    known |= {"learns_spread": False, "iwae": False, "n_held_out": HELD_OUT, "n_pixels": math.prod(shape)}
    last = (i for i, layer in enumerate(model.decoder.children()) if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d))
    known["last_layer"] = list(last)[-1]
    if isinstance(config, VAEConfig):
        iwae = config.objective == "iwae"
        known |= {"likelihood": config.likelihood, "learns_spread": LIKELIHOODS[config.likelihood].learns_spread, "iwae": iwae}
        known["n_held_out"] = max(200, HELD_OUT // config.importance_samples) if iwae else HELD_OUT
    return known


def lines_of(network: nn.Module) -> list[str]:
    """The layers of a sequence, as they are written."""
    return [line_of(layer) for layer in network.children()]


def line_of(layer: nn.Module) -> str:
    """One of them."""
    if isinstance(layer, Centre):
        return "Centre()"
    if isinstance(layer, nn.Linear):
        return f"nn.Linear({layer.in_features}, {layer.out_features})"
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        sizes = f"{layer.in_channels}, {layer.out_channels}, {layer.kernel_size[0]}"
        return f"nn.{type(layer).__name__}({sizes}, stride={layer.stride[0]}, padding=1)"
    if isinstance(layer, nn.Unflatten):
        return f"nn.Unflatten(1, {tuple(layer.unflattened_size)})"
    return f"nn.{type(layer).__name__}()"


def diffusing(config: DiffusionConfig, dataset: Dataset) -> dict[str, Any]:
    """Of a diffusion of data, or of latents."""
    inner = encoding(config.autoencoder, dataset.shape) if isinstance(config, LatentDiffusionConfig) else {}
    latents, shape = bool(inner), (inner["latent_dim"],) if inner else dataset.shape
    of_images, schedule, conditional = len(shape) == 3, SCHEDULES[config.schedule], config.conditional == "on"
    kind, numbers = config.network_for(shape), math.prod(shape)
    times = time_grid(schedule, 2, grid="karras")
    ends = [float(times[0]), float(times[-2] if schedule.t_min > 0.0 else times[-1])]
    low, high = data_range(dataset)
    scale = config.guidance_scale if config.label_dropout > 0.0 else 1.0
    rank, n_seen = numbers if numbers <= WHOLE else RANK, shape[0] * (2 if of_images and config.skip != "none" else 1)
    taken = ("encoder", "decoder", "likelihood", "learns_spread", "variational", "latent_dim")
    return {name: inner[name] for name in taken if latents} | {
        "diffuses": True,
        "latents": latents,
        "variational": inner.get("variational", False),
        "model_call": "Denoiser()",
        "image_shape": dataset.shape,
        "shape": shape,
        "n_numbers": numbers,
        "kind": kind,
        "entered": numbers // shape[0] * n_seen * (7 if numbers <= 3 else 1),
        "waves": numbers <= 3,
        "n_seen": n_seen,
        "sees_guess": of_images,
        "patch": patch_of(*shape[1:]) if of_images else 0,
        "grid": tuple(side // patch_of(*shape[1:]) for side in shape[1:]) if of_images else (),
        "channels": channels_of(config.width, shape[-1]),
        "conditional": conditional,
        "n_labels": len(dataset.label_names),
        "t_min": schedule.t_min,
        "t_max": schedule.t_max,
        "ends": ends,
        "derivatives": config.parametrization == "velocity" or config.sampler in ("euler", "heun"),
        "predicts": PREDICTS[config.parametrization],
        "rank": rank,
        "leading": min(LEADING, rank),
        "gaussians": config.gaussians,
        "guidance_scale": scale,
        "guided": conditional and scale not in (0.0, 1.0),
        "random_steps": config.sampler == "ddpm" or (config.sampler == "ddim" and config.eta > 0.0),
        "sampler_title": field_specs(type(config))["sampler"].titles[config.sampler],
        "low": low,
        "high": high,
        "stable": config.targets == "stable",
        "n_held_out": 512 if of_images else HELD_OUT,
    }
