"""A trained model as a folder that plain diffusers loads: `DiffusionPipeline.from_pretrained(folder)`.

The folder has everything: the `UNet2DModel`, a scheduler with the model's own noise levels, and a card that says how to draw from
it. Nothing of this project is needed to use it.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from playground.config import ConfigError, DiffusionConfig, RunConfig, diffuses_data
from playground.data import DATASETS
from playground.diffusion.denoiser import Denoiser
from playground.diffusion.levels import TABLE, alphas_cumprod, betas_of
from playground.diffusion.noise import SCHEDULES
from playground.diffusion.unet2d import prediction_of, units_of
from playground.runs.checkpoint import unpack
from playground.runs.control import Control
from playground.runs.driver import Step, Study, drive
from playground.runs.events import Event
from playground.runs.generation import load_model

ABOUT = "playground.json"
"""Beside diffusers' own files: what the model was trained on, so that it can be measured where it is opened again."""


def check_exportable(config: RunConfig) -> DiffusionConfig:
    """`config`. Raises `ConfigError` with a sentence where diffusers alone could not draw from a model with these settings."""
    if not diffuses_data(config):
        raise ConfigError("Only a diffusion model of images can be saved for diffusers.")
    if config.network != "unet2d":
        raise ConfigError(
            "diffusers can only load networks of its own: choose Network = UNet2DModel (under More settings), train, and save again."
        )
    if config.conditional == "on":
        raise ConfigError("No pipeline of diffusers tells a UNet2DModel its class: train with Class-conditional off to save it.")
    return config


def scheduler_for(config: DiffusionConfig) -> Any:
    """The scheduler that an exported folder comes with: DDIM on the model's own noise levels, or Euler along the straight line."""
    import diffusers

    if units_of(config) == "flow":
        return diffusers.FlowMatchEulerDiscreteScheduler(num_train_timesteps=TABLE, shift=1.0)
    return diffusers.DDIMScheduler(
        num_train_timesteps=TABLE,
        trained_betas=betas_of(alphas_cumprod(SCHEDULES[config.schedule])),
        prediction_type=prediction_of(config),
        clip_sample=True,
        timestep_spacing="trailing",
    )


def save_folder(checkpoint: bytes, folder: str | Path) -> None:
    """Writes a checkpoint's averaged weights as a diffusers folder. Raises `ConfigError` for what diffusers could not use."""
    import diffusers

    about = unpack(checkpoint)
    config = check_exportable(about.config)
    network: Any = load_model(checkpoint, "cpu", Denoiser).network
    kind = diffusers.DDPMPipeline if units_of(config) == "flow" else diffusers.DDIMPipeline
    kind(unet=network.unet, scheduler=scheduler_for(config)).save_pretrained(str(folder))
    trained_on = {name: getattr(config, name) for name in ("dataset", "schedule", "parametrization")} | {"step": about.step}
    Path(folder, ABOUT).write_text(json.dumps(trained_on, indent=2) + "\n", "utf-8")
    Path(folder, "README.md").write_text(card(config, about.step), "utf-8")


def folder_as_zip(checkpoint: bytes) -> bytes:
    """The folder of `save_folder` as a zip archive."""
    with TemporaryDirectory() as folder:
        save_folder(checkpoint, folder)
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
            for path in sorted(Path(folder).rglob("*")):
                if path.is_file():
                    zipped.write(path, path.relative_to(folder).as_posix())
        return archive.getvalue()


def export_run(checkpoint: bytes, control: Control | None = None) -> Iterator[Event]:
    """`folder_as_zip` as a job: one `Snapshot` with `zip`, u8 (bytes,)."""
    return drive(exporting(checkpoint), control)


def exporting(checkpoint: bytes) -> Study:
    """The study behind `export_run`, of one step."""
    data = folder_as_zip(checkpoint)
    yield Step(1, 1, lambda: {"zip": np.frombuffer(data, np.uint8)})


def card(config: DiffusionConfig, step: int) -> str:
    """The README of an exported folder."""
    data = DATASETS[config.dataset]
    options = "" if units_of(config) == "flow" else ", use_clipped_model_output=True"
    return f"""---
library_name: diffusers
pipeline_tag: unconditional-image-generation
---
# A diffusion model of {data.title}

Trained for {step:,} steps; noise schedule `{config.schedule}`, the network predicts `{config.parametrization}`.

```python
import torch
from diffusers import DiffusionPipeline

pipe = DiffusionPipeline.from_pretrained("this folder")
images = pipe(batch_size=16, num_inference_steps=20, generator=torch.Generator().manual_seed(0){options}).images
```

Data: {data.title}, {data.source}. Licence of the data: {data.licence}.
"""
