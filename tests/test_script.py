"""A run as one file: what the script computes is what the playground computes, and it needs torch and safetensors alone."""

from __future__ import annotations

import ast
import csv
import io
import math
import os
import runpy
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from playground.config import AutoencoderConfig, ConfigError, DiffusionConfig, LatentDiffusionConfig, SampleConfig, VAEConfig
from playground.data import load_dataset
from playground.features.take_away import script
from playground.features.take_away.script_zip import script_zip
from playground.runs.checkpoint import Loaded, unpack
from playground.runs.control import Control
from playground.runs.generation import sample
from playground.runs.training import train

STEPS, SEED, N = 4, 3, 10
QUICK = {"dataset": "digits", "steps": STEPS, "width": 16, "depth": 1, "device": "cpu", "precision": "f32", "warmup_steps": 2}
QUICK |= {"batch_size": 32}
AE, VAE = AutoencoderConfig(**QUICK), VAEConfig(**QUICK)
ALONE = {"torch", "safetensors", "argparse", "copy", "csv", "math", "struct", "zlib", "pathlib"}


def diffusion(**settings) -> DiffusionConfig:
    return DiffusionConfig(**(QUICK | {"sampling_steps": 4} | settings))


def points(**settings) -> DiffusionConfig:
    return diffusion(dataset="mixture", **settings)


ENCODING = {
    "ae": AE,
    "ae, penalties and noise": AE.replace(sparsity=0.1, contraction=0.05, input_noise=0.2, gradient_clip=0.0),
    "ae, convolutions": AE.replace(network="conv", depth=2, decay="constant"),
    "vae": VAE,
    "vae, warm-up, noise": VAE.replace(beta=2.0, kl_warmup=5, input_noise=0.1),
    "vae, free bits": VAE.replace(free_bits=0.5, ema_length=0.0),
    "vae, one learned σ": VAE.replace(likelihood="gaussian_learned"),
    "vae, σ per pixel": VAE.replace(likelihood="gaussian_per_pixel", network="conv"),
    "vae, Bernoulli": VAE.replace(likelihood="bernoulli"),
    "vae, Bernoulli drawn once": VAE.replace(likelihood="bernoulli", binarise="fixed"),
    "vae, IWAE": VAE.replace(objective="iwae"),
}
TABLE = QUICK | {"dataset": "wine"}
ENCODING |= {
    "ae of a table": AutoencoderConfig(**TABLE, sparsity=0.1, contraction=0.05, input_noise=0.2),
    "vae of a table": VAEConfig(**TABLE, observation_std=0.7),
    "vae of a table, one learned σ": VAEConfig(**TABLE, likelihood="gaussian_learned", latent_dim=3),
    "vae of a table, σ per column": VAEConfig(**TABLE, likelihood="gaussian_per_pixel", objective="iwae", input_noise=0.1),
}
SCHEDULES, TARGETS = ("linear", "cosine", "rectified_flow", "variance_exploding"), ("eps", "x_0", "v", "velocity")
SAMPLERS = ("ddpm", "ddim", "euler", "heun", "edm_heun", "dpmpp_2m")
GRIDS, SKIPS = ("karras", "log_snr", "uniform_t"), ("none", "linear", "gaussians")
DIFFUSING = {
    f"{schedule}, {target}": points(schedule=schedule, parametrization=target, skip=SKIPS[(i + j) % 2], sampler="ddim")
    for i, schedule in enumerate(SCHEDULES)
    for j, target in enumerate(TARGETS)
} | {
    f"{sampler}, {GRIDS[k % 3]}": points(
        sampler=sampler, eta=0.5, time_grid=GRIDS[k % 3], skip=SKIPS[k % 3], schedule=SCHEDULES[k % 4]
    )
    for k, sampler in enumerate(SAMPLERS)
}
DIFFUSING |= {
    "mixer": diffusion(network="mixer", skip="gaussians", targets="single"),
    "mixer from one Gaussian": diffusion(network="mixer", skip="linear", conditional="on"),
    "U-Net with guidance": diffusion(network="unet", conditional="on", guidance_scale=3.0),
    "U-Net, class ignored": diffusion(network="unet", skip="none", conditional="on", guidance_scale=0.0, sampler="heun"),
    "MLP of images with classes": diffusion(conditional="on", parametrization="velocity"),
    "one step": points(sampling_steps=1),
    "diffusion of a table": diffusion(dataset="wine", conditional="on", guidance_scale=2.0, sampler="ddpm"),
    "diffusion of a table from Gaussians": diffusion(dataset="wine", skip="gaussians", targets="stable"),
}
LATENT = {"latents of an AE": ("ae", {}), "latents of a VAE": ("vae, one learned σ", {"conditional": "on", "skip": "gaussians"})}
LATENT |= {"latents of black and white": ("vae, Bernoulli", {"skip": "none", "targets": "single"})}
LATENT |= {"latents of a table": ("vae of a table, one learned σ", {"dataset": "wine", "conditional": "on"})}
LATENT |= {"latents of a table's AE": ("ae of a table", {"dataset": "wine", "sampler": "heun"})}
SLOW = {f"{schedule}, {target}" for i, schedule in enumerate(SCHEDULES) for j, target in enumerate(TARGETS) if i != j}
CASES = [pytest.param(case, marks=pytest.mark.slow) if case in SLOW else case for case in (*ENCODING, *DIFFUSING, *LATENT)]


def trained(config, source: bytes | None = None) -> bytes:
    control = Control()
    control.send({"kind": "watch", "rate": 0.0})
    *_, end = train(config, control, source=source)
    return end.checkpoint


def checkpoint_of(case: str) -> bytes:
    if case not in LATENT:
        return trained((ENCODING | DIFFUSING)[case])
    source, settings = LATENT[case]
    return trained(LatentDiffusionConfig(**(QUICK | {"sampling_steps": 4} | settings)), trained(ENCODING[source]))


def unpacked(checkpoint: bytes, folder: Path) -> Path:
    """The folder that is inside the zip."""
    zipfile.ZipFile(io.BytesIO(script_zip(checkpoint))).extractall(folder)
    (inside,) = folder.iterdir()
    return inside


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def drawn(checkpoint: bytes) -> torch.Tensor:
    """Samples as the playground draws them with the sampler of the run."""
    config = unpack(checkpoint).config
    names = (
        "sampler",
        "sampling_steps",
        "time_grid",
        "eta",
        *(["guidance_scale"] if getattr(config, "conditional", "off") == "on" else []),
    )
    settings = {name: getattr(config, name) for name in names if hasattr(config, name)}
    *_, last = sample(checkpoint, SampleConfig(n_samples=N, sampling_seed=SEED, device="cpu", **settings))
    return torch.from_numpy(last.x)


@pytest.mark.parametrize("case", CASES)
def test_the_script_computes_what_the_playground_does(case, tmp_path):
    checkpoint = checkpoint_of(case)
    loaded, folder = unpack(checkpoint), unpacked(checkpoint, tmp_path)
    text = (folder / "run.py").read_text("utf-8")
    names = {"__name__": "run", "__file__": str(folder / "run.py")}
    exec(compile(text, "run.py", "exec"), names)
    data, model = load_file(folder / "data.safetensors"), names["load"](folder / "weights.safetensors")
    assert names["held_out"](model, data) == names["RUN"] and all(map(math.isfinite, names["RUN"].values()))
    if "sample" in names:
        torch.testing.assert_close(names["sample"](model, N, SEED), drawn(checkpoint), rtol=1e-5, atol=1e-5)
    again = names["train"](data, *([model] if case in LATENT else []), STEPS).state_dict()
    assert {f"ema/{name}" for name in again} == {name for name in loaded.tensors if name.startswith("ema/")}
    for name, value in again.items():  # β KL is written in one piece here: the only sum that is rounded otherwise
        torch.testing.assert_close(value, loaded.tensors[f"ema/{name}"], rtol=1e-4, atol=1e-6, msg=name)


def rows_of(path: Path) -> np.ndarray:
    """Of a CSV that a script of wine wrote, whose columns have their names."""
    head, *rows = csv.reader(path.open(newline="", encoding="utf-8"))
    assert tuple(head) == load_dataset("wine").columns.names
    return np.array(rows, np.float64)


@pytest.mark.parametrize(
    "case", ["vae", "mixer", "latents of an AE", "vae of a table", "diffusion of a table", "latents of a table"]
)
@pytest.mark.slow
def test_it_runs_where_nothing_of_this_project_is(case, tmp_path):
    checkpoint = checkpoint_of(case)
    folder = unpacked(checkpoint, tmp_path)

    def said(*arguments: str) -> list[str]:
        """Of the script in a process of its own, which sees neither this folder nor the environment's."""
        command = [sys.executable, "-I", str(folder / "run.py"), *arguments]
        there = {"OMP_NUM_THREADS": "1", "PATH": os.environ["PATH"]}
        done = subprocess.run(command, cwd=tmp_path, env=there, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    ours, theirs = (line.partition(":")[2].strip() for line in said())
    assert ours == theirs
    said("sample", "-n", str(N), "--seed", str(SEED))
    assert torch.equal(load_file(folder / "samples.safetensors")["samples"], drawn(checkpoint))
    if "table" in case:
        in_units = load_dataset("wine").columns.values(drawn(checkpoint).numpy())
        np.testing.assert_allclose(rows_of(folder / "samples.csv"), in_units, rtol=1e-12)
    else:
        assert (folder / "samples.png").read_bytes()[:4] == b"\x89PNG"
    assert any(line.startswith(f"step {STEPS}: ") for line in said("train"))


def test_rows_come_back_in_the_units_of_their_table(tmp_path, monkeypatch):
    folder, data = unpacked(checkpoint_of("ae of a table"), tmp_path), load_dataset("wine")
    monkeypatch.setattr(sys, "argv", ["run.py", "reconstruct"])
    runpy.run_path(str(folder / "run.py"), run_name="__main__")
    rows = rows_of(folder / "reconstructions.csv")
    assert rows.shape == (32, 13) and np.isfinite(rows).all()
    np.testing.assert_allclose(rows[:16], data.columns.values(data.test.x[:16]), rtol=1e-12)


READ = ["ae", "vae, Bernoulli", "heun, karras", "U-Net with guidance", "latents of an AE"]
READ += ["ae of a table", "vae of a table, σ per column", "diffusion of a table", "latents of a table"]


@pytest.mark.parametrize("case", READ)
def test_it_is_one_that_a_person_would_read(case, tmp_path):
    """Torch alone, nothing of what this run does not use, no line that is too long, and what somebody called the data is no code."""
    loaded = unpack(checkpoint_of(case))
    data = replace(load_dataset(loaded.config.dataset), title='a"""\nimport os\n{{ 271 * 829 }}', licence="own\nexec('1')")
    if data.columns:
        named = ('"""\nexec(1)', "{{ 271 * 829 }}", *data.columns.names[2:])
        data = replace(data, columns=replace(data.columns, names=named))
    text = script.script_of(loaded, data, {"mse": 1.0})
    tree = ast.parse(text)
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= ALONE
    assert (
        "exec" not in {getattr(node.func, "id", "") for node in ast.walk(tree) if isinstance(node, ast.Call)}
        and "224659" not in text
    )
    assert max(map(len, text.splitlines())) <= 132 and len(text.splitlines()) < 600
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | {
        node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)
    }
    defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")}
    assert defined - used <= {"forward"}, "a function that nothing calls"


def test_what_torch_alone_cannot_build_is_refused_by_name():
    config = DiffusionConfig(dataset="digits", network="unet2d")
    with pytest.raises(ConfigError, match="UNet2DModel is a network of diffusers"):
        script.script_of(Loaded(config, 1, 1.0, (1, 8, 8), {}), None, {})


def test_losses_that_are_not_finite_are_python_too():
    told = script.readings({"mse": 0.25, "kl": float("nan"), "elbo": float("-inf")})
    back = eval(told)
    assert back["mse"] == 0.25 and math.isnan(back["kl"]) and back["elbo"] == -math.inf
