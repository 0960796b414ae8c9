"""Points, classes, latents and our own networks as folders for diffusers, which bring their module: the same samples where this project is not."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch
from test_diffusers_folders import SEED, STEPS, Ending
from test_script import trained

from playground.config import AutoencoderConfig, DiffusionConfig, LatentDiffusionConfig
from playground.data import load_dataset
from playground.diffusion.denoiser import Denoiser
from playground.diffusion.levels import level_at, table_times
from playground.diffusion.sampling import reverse
from playground.features.diffusers_folder.exporting import folder_as_zip, save_folder
from playground.features.diffusers_folder.importing import FolderError, open_folder
from playground.runs.checkpoint import unpack
from playground.runs.generation import load_model, workspace
from playground.runs.tasks import guided

N = 4
QUICK = {"steps": 8, "width": 32, "depth": 1, "batch_size": 32, "warmup_steps": 2, "device": "cpu", "precision": "f32"}
DIGITS = QUICK | {"dataset": "digits"}
LATENT = LatentDiffusionConfig(**(DIGITS | {"width": 16}))
KINDS = {
    "points": DiffusionConfig(**(QUICK | {"dataset": "mixture", "skip": "gaussians"})),
    "points, exploding noise": DiffusionConfig(
        **(QUICK | {"dataset": "moons", "schedule": "variance_exploding", "parametrization": "eps"})
    ),
    "mixer, classes, guidance": DiffusionConfig(**(DIGITS | {"network": "mixer", "conditional": "on", "guidance_scale": 2.0})),
    "U-Net from nothing": DiffusionConfig(
        **(DIGITS | {"network": "unet", "skip": "none", "schedule": "rectified_flow", "parametrization": "velocity"})
    ),
    "UNet2DModel, classes": DiffusionConfig(**(DIGITS | {"network": "unet2d", "conditional": "on"})),
    "latents": LATENT,
}
ELSEWHERE = """
import json, sys, torch
from diffusers import DiffusionPipeline
found = {}
for folder, options in json.loads(sys.argv[1]).items():
    pipe = DiffusionPipeline.from_pretrained(folder, trust_remote_code=True)
    pipe.set_progress_bar_config(disable=True)
    out = pipe(batch_size=4, num_inference_steps=10, generator=torch.Generator().manual_seed(5), output_type="pt", **options)
    found[folder] = out.points if "points" in out else out.images
assert not any(name.partition(".")[0] == "playground" for name in sys.modules)
torch.save(found, sys.argv[2])
"""


@pytest.fixture(scope="module")
def checkpoints() -> dict[str, bytes]:
    source = trained(AutoencoderConfig(**DIGITS))
    return {name: trained(config, source if config is LATENT else None) for name, config in KINDS.items()}


def drawn(checkpoint: bytes, label: torch.Tensor | None, scale: float) -> torch.Tensor:
    """By our own DDIM, on the levels that the exported scheduler walks on."""
    model, config = load_model(checkpoint, "cpu", Denoiser), unpack(checkpoint).config
    shape, span, to_data = workspace(model, load_dataset(config.dataset))
    noise = torch.randn(N, *shape, generator=torch.Generator().manual_seed(SEED))
    index = torch.arange(1000, 0, -1000 // STEPS) - 1
    times = torch.cat([table_times(model.schedule)[index], torch.zeros(1, dtype=torch.float64)])
    x = noise * level_at(model.schedule, float(times[0])).norm
    *_, last = reverse(guided(model, label, scale, span), Ending(model.schedule), x, times, "ddim")
    return to_data(last.x)


def test_plain_diffusers_draws_the_same_samples(checkpoints, tmp_path: Path) -> None:
    """All of them in one process, which cannot see this project."""
    asked, classes = {}, list(range(N))
    for k, (name, checkpoint) in enumerate(checkpoints.items()):
        save_folder(checkpoint, tmp_path / str(k))
        config = KINDS[name]
        asked[str(tmp_path / str(k))] = (
            {"class_labels": classes, "guidance_scale": config.guidance_scale} if config.conditional == "on" else {}
        )
    command = [sys.executable, "-I", "-c", ELSEWHERE, json.dumps(asked), str(tmp_path / "out.pt")]
    there = {"PATH": "/usr/bin", "HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=there, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    theirs = torch.load(tmp_path / "out.pt")
    for k, (name, checkpoint) in enumerate(checkpoints.items()):
        label = torch.tensor(classes) if KINDS[name].conditional == "on" else None
        ours = drawn(checkpoint, label, KINDS[name].guidance_scale)
        torch.testing.assert_close(
            theirs[str(tmp_path / str(k))], ours, atol=2e-4, rtol=0, msg=lambda text, name=name: f"{name}: {text}"
        )


def test_the_arena_runs_no_code_of_a_folder(checkpoints) -> None:
    data = folder_as_zip(checkpoints["mixer, classes, guidance"])
    assert {"pipeline.py", "unet/run_denoiser.py"} <= set(zipfile.ZipFile(io.BytesIO(data)).namelist())
    with pytest.raises(FolderError, match="Its network is RunDenoiser"):
        open_folder(data)
