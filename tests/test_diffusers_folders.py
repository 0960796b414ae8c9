"""A trained model leaves as a folder that plain diffusers draws from, and folders, ours and others', come in."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch

from playground.config import AutoencoderConfig, ConfigError, DiffusionConfig
from playground.diffusion.levels import alphas_cumprod, level_at, table_times, time_of
from playground.diffusion.noise import SCHEDULES
from playground.diffusion.sampling import reverse
from playground.diffusion.unet2d import UNet2D, units_of
from playground.features.diffusers_folder.exporting import export_run, folder_as_zip, save_folder
from playground.features.diffusers_folder.importing import FolderError, TableSchedule, is_zip, open_folder
from playground.runs.checkpoint import pack
from playground.runs.control import Control
from playground.runs.generation import load_model
from playground.runs.tasks import guided
from playground.runs.training import train
from playground.runtimes.jobs import first_arrays

TINY = {
    "dataset": "digits",
    "network": "unet2d",
    "width": 32,
    "depth": 1,
    "steps": 30,
    "batch_size": 32,
    "warmup_steps": 2,
    "device": "cpu",
}
KINDS = {"table": ("cosine", "v"), "exploding": ("variance_exploding", "eps"), "flow": ("rectified_flow", "velocity")}
STEPS, SEED = 10, 5

ELSEWHERE = """
import sys, torch
from diffusers import DiffusionPipeline
pipe = DiffusionPipeline.from_pretrained(sys.argv[1])
pipe.set_progress_bar_config(disable=True)
options = {"use_clipped_model_output": True} if type(pipe).__name__ == "DDIMPipeline" else {}
images = pipe(batch_size=4, num_inference_steps=10, generator=torch.Generator().manual_seed(5), output_type="np", **options).images
assert not any(name.partition(".")[0] == "playground" for name in sys.modules)
torch.save(torch.from_numpy(images).permute(0, 3, 1, 2).clone(), sys.argv[2])
"""


@pytest.fixture(scope="module")
def checkpoints() -> dict[str, bytes]:
    def trained(schedule: str, parametrization: str) -> bytes:
        control = Control()
        control.send({"kind": "watch", "rate": 0.0})
        *_, end = train(DiffusionConfig(schedule=schedule, parametrization=parametrization, **TINY), control)
        return end.checkpoint

    return {name: trained(*kind) for name, kind in KINDS.items()}


def ours(checkpoint: bytes, noise: torch.Tensor) -> torch.Tensor:
    """Images in [0, 1] by our own sampler, on the levels that the exported scheduler walks on in ten steps."""
    model = load_model(checkpoint, "cpu")
    if units_of(model_config(checkpoint)) == "flow":
        times = torch.cat([torch.linspace(1.0, 0.001, STEPS, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)])
        states = reverse(model, model.schedule, noise, times, "euler")
    else:
        denoiser = guided(model, None, 1.0, (-1.0, 1.0))
        index = torch.arange(1000, 0, -1000 // STEPS) - 1
        times = torch.cat([table_times(model.schedule)[index], torch.zeros(1, dtype=torch.float64)])
        first = level_at(model.schedule, float(times[0]))
        schedule = Ending(model.schedule)
        states = reverse(denoiser, schedule, noise * first.norm, times, "ddim")
    for state in states:
        pass
    return (state.x / 2 + 0.5).clamp(0, 1)


class Ending(TableSchedule):
    """A schedule that ends in clean data, as diffusers' tables do, also where our own leaves a little noise at t = 0."""

    def __init__(self, schedule) -> None:
        self.inner, self.t_min, self.t_max = schedule, schedule.t_min, schedule.t_max

    def alpha(self, t):
        return self.inner.alpha(t)

    def sigma(self, t):
        return torch.where(t > 0, self.inner.sigma(t), torch.zeros_like(t))

    def derivatives(self, t):
        return self.inner.derivatives(t)


def model_config(checkpoint: bytes) -> DiffusionConfig:
    from playground.runs.checkpoint import unpack

    return unpack(checkpoint).config


@pytest.mark.parametrize("kind", [pytest.param(kind, marks=pytest.mark.thorough if kind == "exploding" else ()) for kind in KINDS])
def test_plain_diffusers_draws_the_same_samples(checkpoints, kind: str, tmp_path: Path) -> None:
    """In a process of its own, which cannot see this project."""
    folder, out = tmp_path / "folder", tmp_path / "out.pt"
    save_folder(checkpoints[kind], folder)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-I", "-c", ELSEWHERE, str(folder), str(out)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    noise = torch.randn(4, 1, 8, 8, generator=torch.Generator().manual_seed(SEED))
    theirs = torch.load(out)
    torch.testing.assert_close(theirs, ours(checkpoints[kind], noise), atol=1e-4, rtol=0)
    assert float(theirs.std()) > 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_of_ours_opens_again_as_the_same_denoiser(checkpoints, kind: str) -> None:
    model, folder = load_model(checkpoints[kind], "cpu"), open_folder(folder_as_zip(checkpoints[kind]))
    assert folder.shape == (1, 8, 8) and folder.dataset == "digits"
    assert folder.n_parameters == sum(p.numel() for p in model.network.parameters())
    x = torch.randn(3, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    for t in (0.2, 0.5, 0.9):
        level = level_at(folder.denoiser.schedule, t)
        time = time_of(model.schedule, level)
        scale = level_at(model.schedule, time).norm / level.norm
        theirs = folder.denoiser(x, torch.full((1,), t)).x_0
        torch.testing.assert_close(theirs, model(x * scale, torch.full((1,), time)).x_0, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("name", ["DDPMScheduler", "PNDMScheduler"])
def test_a_small_foreign_folder_opens(name: str, tmp_path: Path) -> None:
    """A pipeline that somebody else saved: three channels, diffusers' default betas, another scheduler."""
    import diffusers

    torch.manual_seed(0)
    unet = diffusers.UNet2DModel(
        sample_size=16,
        in_channels=3,
        out_channels=3,
        block_out_channels=(8, 16),
        layers_per_block=1,
        norm_num_groups=4,
        down_block_types=("DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=4,
    )
    scheduler = getattr(diffusers, name)()
    diffusers.DDPMPipeline(unet=unet, scheduler=scheduler).save_pretrained(str(tmp_path / "inside"))
    folder = open_folder(zipped(tmp_path))
    assert folder.shape == (3, 16, 16) and folder.dataset is None
    x = torch.randn(2, 3, 16, 16)
    k = 500
    eps = unet(x, k).sample
    found = folder.denoiser(x, torch.full((1,), k / 999))
    torch.testing.assert_close(found.eps, eps, atol=1e-5, rtol=1e-5)
    level = level_at(folder.denoiser.schedule, k / 999)
    assert level.a**2 == pytest.approx(float(scheduler.alphas_cumprod[k]), rel=1e-5)


def zipped(folder: Path) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path in folder.rglob("*"):
            if path.is_file():
                archive.write(path, path.relative_to(folder).as_posix())
    return out.getvalue()


def archive(**files: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, text in files.items():
            made.writestr(name.replace("__", "/").replace("_json", ".json"), text)
    return out.getvalue()


INDEX = json.dumps(
    {"_class_name": "DDPMPipeline", "unet": ["diffusers", "UNet2DModel"], "scheduler": ["diffusers", "DDPMScheduler"]}
)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"PK\x03\x04 nothing", "could not be opened"),
        (archive(readme="hello"), "no model_index.json"),
        (archive(model_index_json=INDEX.replace("UNet2DModel", "UNet2DConditionModel")), "UNet2DConditionModel: only folders"),
        (archive(model_index_json=INDEX), "no scheduler/scheduler_config.json"),
        (archive(model_index_json=INDEX.replace("DDPMScheduler", "os.system")), "no scheduler/scheduler_config.json"),
        (
            archive(model_index_json=INDEX.replace("DDPMScheduler", "Nothing"), scheduler__scheduler_config_json="{}"),
            "'Nothing' is not one",
        ),
        (archive(model_index_json=INDEX, scheduler__scheduler_config_json="{}"), "no unet/config.json"),
        (archive(model_index_json=INDEX, scheduler__scheduler_config_json="[]"), "no scheduler/scheduler_config.json"),
    ],
)
def test_what_is_no_folder_is_refused_in_a_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(FolderError, match=sentence):
        open_folder(data)


def test_archives_are_told_from_checkpoints(checkpoints) -> None:
    assert is_zip(folder_as_zip(checkpoints["table"])) and not is_zip(checkpoints["table"])


def test_the_job_hands_over_the_archive(checkpoints) -> None:
    archive = first_arrays(export_run(checkpoints["table"]))["file"].tobytes()
    names = zipfile.ZipFile(io.BytesIO(archive)).namelist()
    assert {"model_index.json", "README.md", "unet/diffusion_pytorch_model.safetensors", "scheduler/scheduler_config.json"} <= set(
        names
    )


def test_what_diffusers_could_not_use_is_refused() -> None:
    with pytest.raises(ConfigError, match="Only a diffusion model"):
        folder_as_zip(pack(AutoencoderConfig(dataset="digits"), 1, 0.0, (1, 8, 8), {}))


# --- the network --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_network_is_told_the_index_of_its_noise_level(schedule: str) -> None:
    network = UNet2D(DiffusionConfig(**TINY, schedule=schedule), (1, 8, 8))
    times = table_times(SCHEDULES[schedule])
    for k in (0, 1, 250, 999):
        assert float(network.index(SCHEDULES[schedule].log_snr(times[k : k + 1]).float())) == pytest.approx(k, abs=2e-2)
    between = SCHEDULES[schedule].log_snr((times[250:251] + times[251:252]) / 2).float()
    assert 250 < float(network.index(between)) < 251


def test_classes_reach_the_network() -> None:
    torch.manual_seed(0)
    network = UNet2D(DiffusionConfig(**TINY), (1, 8, 8), n_labels=3)
    torch.nn.init.normal_(network.unet.conv_out.weight)
    x, log_snr = torch.randn(2, 1, 8, 8), torch.zeros(1)
    none, minus, two = network(x, log_snr), network(x, log_snr, torch.tensor([-1])), network(x, log_snr, torch.tensor([2, 2]))
    assert torch.equal(none, minus) and not torch.allclose(none, two)


def test_a_network_for_images_is_refused_for_points() -> None:
    from playground.diffusion.denoiser import build_denoiser

    with pytest.raises(ValueError, match="unet2d.*refused for points"):
        build_denoiser(DiffusionConfig(dataset="mixture", network="unet2d"), (2,))


def test_a_table_as_a_schedule() -> None:
    table = alphas_cumprod(SCHEDULES["linear"])
    schedule = TableSchedule(table)
    t = torch.arange(1000, dtype=torch.float64) / 999
    torch.testing.assert_close(schedule.alpha(t) ** 2, table, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(schedule.alpha(t) ** 2 + schedule.sigma(t) ** 2, torch.ones(1000, dtype=torch.float64))
    inside = torch.tensor([0.1234567, 0.7654321], dtype=torch.float64, requires_grad=True)
    d_alpha, d_sigma = schedule.derivatives(inside.detach())
    step = 1e-7
    for value, found in ((schedule.alpha, d_alpha), (schedule.sigma, d_sigma)):
        slope = (value(inside.detach() + step) - value(inside.detach() - step)) / (2 * step)
        torch.testing.assert_close(found, slope, rtol=1e-4, atol=1e-6)


# --- folders that would fill the memory -----------------------------------------------------------------------------------------

NETWORK = {
    "sample_size": 8,
    "in_channels": 1,
    "out_channels": 1,
    "block_out_channels": [8, 16],
    "layers_per_block": 1,
    "norm_num_groups": 4,
    "down_block_types": ["DownBlock2D", "DownBlock2D"],
    "up_block_types": ["UpBlock2D", "UpBlock2D"],
    "add_attention": False,
}


def folder(network: dict | None = None, scheduler: dict | None = None, weights: bytes | None = None, index: str = INDEX) -> bytes:
    """A folder that opens as it is, with settings changed."""
    import diffusers
    import safetensors.torch

    if weights is None:
        weights = safetensors.torch.save(diffusers.UNet2DModel(**NETWORK).state_dict())
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("model_index.json", index)
        made.writestr("scheduler/scheduler_config.json", json.dumps({"num_train_timesteps": 1000} | (scheduler or {})))
        made.writestr("unet/config.json", json.dumps(NETWORK | (network or {})))
        made.writestr("unet/diffusion_pytorch_model.safetensors", weights)
    return out.getvalue()


def test_the_folder_of_these_tests_opens() -> None:
    assert open_folder(folder()).shape == (1, 8, 8)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"scheduler": {"num_train_timesteps": 300_000_000}},
            r"num_train_timesteps = 300000000 is refused in a folder: it must be from 2 to 20,000\.",
        ),
        ({"scheduler": {"num_train_timesteps": 10**400}}, "num_train_timesteps = 1000"),
        ({"scheduler": {"trained_betas": [0.1] * 200_000}}, "trained_betas has 200,000 entries"),
        ({"scheduler": {"beta_end": float("nan")}}, "beta_end = nan is refused"),
        ({"network": {"block_out_channels": [32768, 32768]}}, "block_out_channels = 32768 is refused"),
        ({"network": {"block_out_channels": [4096, 4096]}}, "do not fit"),
        ({"network": {"layers_per_block": 5000}}, "layers_per_block = 5000 is refused"),
        ({"network": {"down_block_types": ["DownBlock2D"] * 9}}, "9 entries"),
        ({"network": {"sample_size": 100_000}}, "sample_size = 100000"),
        ({"network": {"sample_size": None}}, "does not say how large"),
        ({"network": {"in_channels": 10**6}}, "in_channels = 1000000"),
        ({"network": {"down_block_types": ["Nothing", "DownBlock2D"]}}, "could not be opened"),
        ({"network": {"norm_num_groups": 0}}, "could not be opened"),
        ({"network": {"nothing": "x" * (2 << 20)}}, "larger than 1 MB"),
        ({"weights": b"nothing"}, "safetensors is damaged"),
        ({"weights": (2**60).to_bytes(8, "little") + b"{}"}, "safetensors is damaged"),
        ({"index": INDEX.replace("DDPMScheduler", "N" * 10**5)}, "is not one of diffusers 0"),
        ({"index": INDEX.replace('["diffusers", "DDPMScheduler"]', '["diffusers", ["a"]]')}, "names no scheduler"),
        ({"index": INDEX.replace("UNet2DModel", "U" * 10**5)}, "only folders with a UNet2DModel"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_a_folder_is_refused_before_anything_large_is_built(changes: dict, sentence: str) -> None:
    import resource

    data = folder(**changes)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(FolderError, match=sentence) as caught:
        open_folder(data)
    assert len(str(caught.value)) < 400
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000, "kB"
