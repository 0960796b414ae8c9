"""Runs that are kept with the project: what they say they are, read-only for everybody, and left out where a file is broken."""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from playground.config import AutoencoderConfig, parse_config
from playground.data import load_dataset
from playground.page.service import Service
from playground.runs.checkpoint import unpack
from playground.runs.generation import load_model
from playground.runs.tasks import TASKS
from playground.runtimes import InProcessRuntime, kept
from playground.runtimes.kept import TABS, kept_runs, path_of, read
from playground.ui.live import knowing

ROOT = Path(__file__).resolve().parents[1]
QUICK = {"dataset": "digits", "width": 16, "depth": 1, "steps": 5, "device": "cpu"}
MOST_BYTES = 1_500_000


@pytest.fixture(scope="module")
def script():
    """`assets/make_kept.py`, which makes them."""
    spec = importlib.util.spec_from_file_location("make_kept", ROOT / "assets" / "make_kept.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def service():
    service = Service(InProcessRuntime(), device="cpu", kept=kept_runs(), sweep_seconds=None, max_runs=2)
    yield service
    service.registry.close()


def model_and_task(record):
    config = unpack(record.checkpoint).config
    task = TASKS[config.model](config, load_dataset(config.dataset), torch.device("cpu"))
    return load_model(record.checkpoint, "cpu"), task


def test_there_is_one_for_each_tab_and_they_are_small():
    assert [record.run_id for record in kept_runs()] == [f"kept-{tab}" for tab in TABS]
    assert sum(path_of(tab).stat().st_size for tab in TABS) < MOST_BYTES


@pytest.mark.parametrize("tab", TABS)
def test_a_kept_run_is_of_the_settings_that_the_script_names(tab, script):
    record = read(path_of(tab), tab)
    assert parse_config(record.config) == unpack(record.checkpoint).config == script.RUNS[tab]
    assert record.status == "finished" and record.step == record.config["steps"] == record.checkpoint_step
    assert f"{record.step:,} steps" in record.origin and f", {record.progress.seconds:.0f} s, " in record.origin
    assert ("width 96" in record.origin) == (tab != "diffusion")
    assert max(steps[-1] for steps, _ in record.history.values()) == record.step


@pytest.mark.parametrize("tab", TABS)
def test_its_weights_make_its_pictures_and_its_readings(tab):
    record = read(path_of(tab), tab)
    model, task = model_and_task(record)
    with torch.no_grad():
        made = task.snapshot(model, lambda: False)
        losses = task.held_out(model)
    for name, array in record.snapshot.arrays.items():
        slack = 1 if array.dtype == np.uint8 else 2e-3  # a pixel between two levels; half precision of errors
        assert np.abs(np.float64(array) - made[name]).max() <= slack, name
    for name, value in losses.items():  # read before the weights were halved
        assert value == pytest.approx(record.history[f"held_out/{name}"][1][-1], rel=2e-3)


def test_nobody_can_change_one_and_it_counts_for_nothing(service):
    registry = service.registry
    before = registry.get("kept-vae")
    for name in ("pause", "resume", "continue"):
        assert "error" in service.command(["kept-vae", name])
    service.command(["kept-vae", "stop"])
    for change in (lambda: service.set("kept-vae", {"beta": 2.0}), lambda: registry.nudge("kept-vae")):
        with pytest.raises(kept.RegistryError, match="kept with the project"):
            change()
    assert "same for everybody" in service.project(["kept-vae", {"method": "pca", "dims": 2, "perplexity": 30, "seed": 0}])["error"]
    assert registry.get("kept-vae") is before
    assert len(registry) == registry.active == 0


def test_newer_runs_do_not_push_one_out(service):
    for seed in range(4):
        run = service.registry.start(AutoencoderConfig(**QUICK, seed=seed))
        service.registry._find(run).thread.join(60)
    service.registry.sweep()
    assert service.registry.get("kept-ae").checkpoint and service.registry.get("kept-ae").moments.snapshots


def test_a_page_gets_its_pictures_without_a_worker(service):
    for tab, view in (("ae", "map"), ("vae", "terms"), ("diffusion", "particles")):
        frame = asyncio.run(service.pull([f"kept-{tab}", 0, False, True]))
        assert frame["kept"] and frame["status"] == "finished" and view in frame["views"] and "curves" in frame["views"]
    assert len(service.registry._inspectors) == 0


def test_it_answers_questions(service):
    z = [[0.5, -0.5]]
    answer = asyncio.run(service.registry.ask("kept-ae", "decode", {"z": z}, timeout=60))
    model, _ = model_and_task(service.registry.get("kept-ae"))
    expected = 255.0 * model.decode(torch.tensor(z)).detach().numpy()
    assert np.abs(answer["images"].astype(float) - expected.clip(0, 255)).max() <= 1.0
    point = asyncio.run(service.registry.ask("kept-vae", "point", {"index": 3}, timeout=60))
    latent = service.registry.get("kept-vae").snapshot.arrays["latent"][3]
    assert point["latent"] == pytest.approx(latent, abs=1e-4)


def test_a_fork_goes_on_from_it_with_its_network(service):
    step = service.registry.get("kept-ae").step
    run = service.fork("kept-ae", step, {"steps": step + 3, "width": 256, "latent_dim": 2})
    service.registry._find(run).thread.join(120)
    record = service.registry.get(run)
    assert record.status == "finished" and record.step == step + 3 and not record.kept
    assert record.config["width"] == 96 and "Its weights keep width = 96" in record.origin
    reading = record.history["held_out/mse"][1][-1]
    assert reading == pytest.approx(service.registry.get("kept-ae").history["held_out/mse"][1][-1], rel=0.2)


def test_a_diffusion_may_work_in_its_latent_space(service):
    run = service.train_in_latents("kept-ae", {"model": "latent_diffusion", "steps": 3, "device": "cpu"})
    service.registry._find(run).thread.join(120)
    assert service.registry.get(run).status == "finished"


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def flipped(data: bytes) -> bytes:
    middle = len(data) // 3
    return data[:middle] + bytes([data[middle] ^ 0x40]) + data[middle + 1 :]


@pytest.mark.parametrize(
    "damage", [cut, flipped, lambda data: b"", lambda data: b"no archive"], ids=["cut", "flipped", "empty", "text"]
)
def test_a_broken_file_is_left_out_and_said(damage, tmp_path, monkeypatch, capsys):
    for tab in ("vae", "diffusion"):
        shutil.copy(path_of(tab), tmp_path)
    (tmp_path / "kept_ae.npz").write_bytes(damage(path_of("ae").read_bytes()))
    monkeypatch.setattr(kept, "ASSETS", tmp_path)
    assert [record.run_id for record in kept_runs()] == ["kept-vae", "kept-diffusion"]
    assert "kept_ae.npz is left out" in capsys.readouterr().err


def test_a_run_of_another_tab_or_no_file_is_left_out(tmp_path, monkeypatch):
    shutil.copy(path_of("vae"), tmp_path / "kept_ae.npz")
    monkeypatch.setattr(kept, "ASSETS", tmp_path)
    assert list(kept_runs()) == []


@pytest.mark.parametrize("asked", [None, "kept-ae", {}, [None, 3, [], {}, "x" * 10_000]])
def test_which_runs_are_known_is_told_of_anything(service, asked):
    assert knowing(service)(asked)["known"] == []


def test_the_runs_that_are_kept_here_are_known_and_asking_is_not_watching(service):
    before = service.registry.kept["kept-ae"].touched
    assert knowing(service)(["gone", "kept-ae"])["known"] == ["kept-ae"]
    assert service.registry.kept["kept-ae"].touched == before


def test_a_setting_that_came_later_is_missed_by_nobody():
    older = {
        name: value
        for name, value in parse_config({"model": "ae", "dataset": "digits", "width": 96}).model_dump().items()
        if name != "depth"
    }
    assert kept.settings(older) == ", width 96"
