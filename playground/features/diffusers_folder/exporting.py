"""A trained model as a folder that plain diffusers loads: `DiffusionPipeline.from_pretrained(folder)`.

The folder has everything: the network, a scheduler with the model's own noise levels, and a card that says how to draw from it. Nothing of
this project is needed to use it. A `UNet2DModel` without classes needs no code but diffusers'; all others bring `pipeline.py`, and our own
networks a module beside their weights, made of the parts of the stand-alone script: these load with `trust_remote_code=True`.
"""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import safetensors.torch

from playground.config import ConfigError, DiffusionConfig, RunConfig
from playground.data import DATASETS, load_dataset
from playground.data.writing import ROOM
from playground.diffusion.denoiser import Denoiser
from playground.diffusion.latent_denoiser import LatentDenoiser
from playground.diffusion.levels import TABLE, alphas_cumprod, betas_of
from playground.diffusion.noise import SCHEDULES
from playground.diffusion.unet2d import PredictionType, prediction_of, units_of
from playground.features.take_away.forms import by_diffusers_alone, for_diffusers
from playground.features.take_away.script import module_of, plain
from playground.runs.checkpoint import Loaded, unpack
from playground.runs.control import Control
from playground.runs.driver import file_run
from playground.runs.events import Event
from playground.runs.generation import model_in
from playground.runs.tasks import data_range

INDEX, OWN = "model_index.json", "run_denoiser"
ABOUT = "playground.json"
"""Beside diffusers' own files: what the model was trained on, so that it can be measured where it is opened again."""


def check_exportable(config: RunConfig) -> DiffusionConfig:
    """`config`. Raises `ConfigError` with a sentence for what diffusers could not draw from."""
    if (refusal := for_diffusers(config)) or not isinstance(config, DiffusionConfig):
        raise ConfigError(refusal)
    return config


def scheduler_for(config: DiffusionConfig) -> Any:
    """The scheduler that an exported folder comes with: DDIM on the model's own noise levels, or Euler along the straight line."""
    import diffusers

    if units_of(config) == "flow":
        return diffusers.FlowMatchEulerDiscreteScheduler(num_train_timesteps=TABLE, shift=1.0)
    return ddim(config, prediction_of(config))


def ddim(config: DiffusionConfig, prediction: PredictionType, **more: Any) -> Any:
    """DDIM on the model's own noise levels."""
    import diffusers

    return diffusers.DDIMScheduler(
        num_train_timesteps=TABLE,
        trained_betas=betas_of(alphas_cumprod(SCHEDULES[config.schedule])),
        prediction_type=prediction,
        clip_sample=True,
        timestep_spacing="trailing",
        **more,
    )


def save_folder(checkpoint: bytes, folder: str | Path) -> None:
    """Writes a checkpoint's averaged weights as a diffusers folder. Raises `ConfigError` for what diffusers could not use."""
    import diffusers

    about, folder = unpack(checkpoint), Path(folder)
    config = check_exportable(about.config)
    model: Any = model_in(about, "cpu", Denoiser)
    if config.network == "unet2d":
        kind = diffusers.DDPMPipeline if units_of(config) == "flow" else diffusers.DDIMPipeline
        kind(unet=model.network.unet, scheduler=scheduler_for(config)).save_pretrained(str(folder))
    else:
        save_own(config, about, model, folder)
    if not by_diffusers_alone(config):
        bring_pipeline(folder)
    trained_on = {name: getattr(config, name) for name in ("dataset", "schedule", "parametrization")} | {"step": about.step}
    put_json(folder / ABOUT, trained_on)
    Path(folder, "README.md").write_text(card(config, about.step), "utf-8")


def save_own(config: DiffusionConfig, about: Loaded, model: Denoiser, folder: Path) -> None:
    """Our own network as a component of diffusers: a module, its settings and its weights; and a scheduler for it."""
    import diffusers

    dataset = load_dataset(config.dataset)
    module, known = module_of(config, dataset)
    unet, labels = folder / "unet", known["n_labels"] if known["conditional"] else 0
    unet.mkdir(parents=True)
    (unet / f"{OWN}.py").write_text(module, "utf-8")
    settings = {"_class_name": "RunDenoiser", "sample_shape": known["shape"], "n_labels": labels}
    put_json(unet / "config.json", settings | {"_diffusers_version": diffusers.__version__})
    weights = {f"denoiser.{name}": value.contiguous() for name, value in about.group("ema").items()}
    safetensors.torch.save_file(weights, unet / "diffusion_pytorch_model.safetensors", {"format": "pt"})
    reach = float(model.bound) if isinstance(model, LatentDenoiser) else data_range(dataset)[1]
    ddim(config, "sample", clip_sample_range=reach).save_pretrained(folder / "scheduler")
    parts = {"unet": [OWN, "RunDenoiser"], "scheduler": ["diffusers", "DDIMScheduler"]}
    put_json(folder / INDEX, parts | {"_diffusers_version": diffusers.__version__})


def bring_pipeline(folder: Path) -> None:
    """Lets a folder be run by `pipeline.py`, which is put into it."""
    shutil.copyfile(Path(__file__).with_name("pipeline.py"), folder / "pipeline.py")
    index = json.loads((folder / INDEX).read_text("utf-8"))
    put_json(folder / INDEX, index | {"_class_name": ["pipeline", "RunPipeline"]})


def put_json(path: Path, values: dict[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=2) + "\n", "utf-8")


def folder_as_zip(checkpoint: bytes) -> bytes:
    """The folder of `save_folder` as a zip archive."""
    with TemporaryDirectory(prefix=ROOM) as folder:
        save_folder(checkpoint, folder)
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
            for path in sorted(Path(folder).rglob("*")):
                if path.is_file():
                    zipped.write(path, path.relative_to(folder).as_posix())
        return archive.getvalue()


def export_run(checkpoint: bytes, control: Control | None = None) -> Iterator[Event]:
    """`folder_as_zip` as a job: one `Snapshot` with `file`, u8 (bytes,)."""
    return file_run(lambda: folder_as_zip(checkpoint), control)


OWN_CODE = """
`pipeline.py`, and `run_denoiser.py` beside the weights of a network that diffusers does not have, are code of this folder: read them first. Other
schedulers of diffusers that know a `prediction_type` may take the place of this one. A class is a number from 0; without one, samples are of all.
"""


def card(config: DiffusionConfig, step: int) -> str:
    """The README of an exported folder."""
    data, alone = DATASETS[config.dataset], by_diffusers_alone(config)
    options = ", use_clipped_model_output=True" if alone and units_of(config) != "flow" else ""
    options += ", class_labels=0" if config.conditional == "on" else ""
    return f"""---
library_name: diffusers
{"pipeline_tag: unconditional-image-generation" if data.is_image else "tags: [diffusion]"}
---
# A diffusion model of {plain(data.title)}

Trained for {step:,} steps; noise schedule `{config.schedule}`, the network predicts `{config.parametrization}`.

```python
import torch
from diffusers import DiffusionPipeline

pipe = DiffusionPipeline.from_pretrained("this folder"{"" if alone else ", trust_remote_code=True"})
drawn = pipe(batch_size=16, num_inference_steps=20, generator=torch.Generator().manual_seed(0){options})
print(drawn.{"images" if data.is_image else "points"})
```
{"" if alone else OWN_CODE}
Data: {plain(data.title)}, {plain(data.source)}. Licence of the data: {plain(data.licence)}.
"""
