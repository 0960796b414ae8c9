"""The command line: the same settings and the same folders as the page."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from shelved import shelved, written

from playground.cli import main as module
from playground.cli.main import main
from playground.config import CONFIGS, VAEConfig, field_specs
from playground.runs.checkpoint import unpack
from playground.runtimes import InProcessRuntime

ROOT = Path(__file__).resolve().parents[1]
QUICK = ["--dataset", "digits", "--steps", "6", "--width", "16", "--depth", "1", "--device", "cpu"]


@pytest.fixture
def said(tmp_path, monkeypatch, capsys):
    """Runs a command on one folder; its status and the lines that it said."""
    monkeypatch.setattr(module, "WorkerRuntime", lambda threads: InProcessRuntime())

    def run(*arguments: str) -> tuple[int, list[str]]:
        status = main([*arguments, "--runs", str(tmp_path / "runs")])
        captured = capsys.readouterr()
        return status, (captured.out or captured.err).splitlines()

    return run


def trained(said, *more: str) -> str:
    status, lines = said("train", "vae", *QUICK, "--json", *more)
    last = json.loads(lines[-1])
    assert status == 0 and last["status"] == "finished" and last["step"] == 6 and "held_out/kl" in last["losses"]
    return last["run"]


def test_every_setting_of_every_model_is_an_option():
    for model, config in CONFIGS.items():
        help_ = subprocess_help(model)
        for name in field_specs(config):
            assert f"--{name.replace('_', '-')} " in help_, (model, name)


def subprocess_help(model: str) -> str:
    models = next(action for action in module.parser()._actions if action.dest == "command").choices["train"]
    return next(action for action in models._actions if action.dest == "model").choices[model].format_help()


def test_a_training_is_listed_and_found_by_its_name_or_the_beginning_of_its_id(said, tmp_path):
    run = trained(said, "--name", "mine")
    status, lines = said("runs", "--json")
    (entry,) = map(json.loads, lines)
    assert status == 0 and (entry["run"], entry["name"], entry["status"], entry["step"]) == (run, "mine", "finished", 6)
    assert "VAE, Digits, finished, step 6" in said("runs", "mine")[1][0] and said("runs", "no", "such")[1] == []
    for called in ("mine", run, run[:5]):
        assert said("export", called, "--out", str(tmp_path / "weights.safetensors"))[0] == 0
    assert unpack((tmp_path / "weights.safetensors").read_bytes()).step == 6
    assert said("export", "mine", "--form", "script", "--out", str(tmp_path / "alone"))[0] == 0
    assert (tmp_path / "alone" / "vae_digits" / "run.py").is_file()
    assert said("export", "mine", "--form", "run", "--out", str(tmp_path / "run.zip"))[0] == 0
    status, lines = said("import", str(tmp_path / "run.zip"), "--json")
    back = json.loads(lines[-1])
    assert status == 0 and back["about"] == "VAE, Digits" and json.loads(said("runs", "mine", "--json")[1][0])["run"] == back["run"]
    assert "has finished" in said("continue", run)[1][0]


def test_samples_are_saved_as_an_array_and_as_a_picture(said, tmp_path):
    run = trained(said)
    for name in ("x.npz", "x.png"):
        assert said("sample", run, "--n-samples", "5", "--device", "cpu", "--out", str(tmp_path / name))[0] == 0
    assert np.load(tmp_path / "x.npz")["samples"].shape == (5, 1, 8, 8)
    assert Image.open(tmp_path / "x.png").size == (24, 16)


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (("train", "vae", "--steps", "0"), "steps = '0' is refused"),
        (("sample", "nothing"), "No single run is called 'nothing'"),
        (("export", "x", "--out", "y"), "No single run is called 'x'"),
    ],
)
def test_refusals_are_sentences(said, arguments, sentence):
    status, lines = said(*arguments)
    assert status == 1 and sentence in lines[0]
    status, lines = said(*arguments, "--json")
    assert status == 1 and sentence in json.loads(lines[0])["error"]


def test_a_folder_of_your_own_is_brought_once(said, tmp_path):
    for k in range(60):
        (tmp_path / "mine" / "ab"[k % 2]).mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.random.default_rng(k).integers(0, 255, (16, 16), np.uint8)).save(
            tmp_path / "mine" / "ab"[k % 2] / f"{k}.png"
        )
    names = []
    for _ in range(2):
        status, lines = said("train", "ae", "--dataset", str(tmp_path / "mine"), *QUICK[2:], "--json")
        assert status == 0, lines
        names.append(json.loads(said("runs", "--json")[1][-1])["config"]["dataset"])
    assert names[0] == names[1] and names[0].startswith("own-images-")


@pytest.mark.parametrize("name", ["mine.npz", "mine.zip", "mine.csv"])
def test_a_file_of_your_own_does_as_well(said, tmp_path, name):
    random, path = np.random.default_rng(0), tmp_path / name
    if name.endswith(".npz"):
        np.savez(path, images=random.integers(0, 255, (60, 16, 16), np.uint8))
    elif name.endswith(".csv"):
        np.savetxt(path, random.normal(size=(60, 4)), delimiter=",", header="a,b,c,d", comments="")
    else:
        with zipfile.ZipFile(path, "w") as archive:
            for k in range(60):
                part = io.BytesIO()
                Image.fromarray(random.integers(0, 255, (16, 16), np.uint8)).save(part, "png")
                archive.writestr(f"{k}.png", part.getvalue())
    status, lines = said("train", "ae", "--dataset", str(path), *QUICK[2:], "--json")
    assert status == 0, lines
    assert json.loads(said("runs", "--json")[1][-1])["config"]["dataset"].startswith("own-")


def test_what_a_server_trained_is_opened_here(said, tmp_path):
    with shelved(tmp_path / "runs") as service:
        run = service.registry.start(VAEConfig(dataset="digits", steps=3, width=16, depth=1, device="cpu"))
        written(service, run)
        assert json.loads(said("runs", "--json")[1][0])["run"] == run
        assert said("sample", run, "--n-samples", "2", "--device", "cpu", "--out", str(tmp_path / "s.npz"))[0] == 0


def test_it_is_a_program(tmp_path):
    command = [sys.executable, "-m", "playground", "runs", "--runs", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


FEW = ["--n-samples", "20", "--draws", "2", "--n-examples", "2", "--importance-samples", "50"]


def test_what_was_measured_is_told_beside_each_other_and_not_measured_again(said, tmp_path):
    runs = [trained(said, "--latent-dim", "3", "--seed", seed) for seed in ("0", "1")]
    status, lines = said("compare", *runs, "--json", *FEW)
    last = json.loads(lines[-1])
    assert status == 0 and last["runs"] == runs and last["title"] == "VAE, 2 seeds"
    rows = {row["name"]: row for row in last["rows"]}
    assert (
        rows["bound"]["spread"] == "over 2 seeds"
        and rows["bound"]["sd"] > 0
        and rows["frechet"]["beside"]["label"] == "real images"
    )
    assert (tmp_path / "runs" / runs[0] / "evaluation.npz").is_file() and len(lines) > 1
    status, lines = said("compare", *runs)
    assert status == 0 and lines[0].endswith("beside it") and any(line.startswith("Fréchet distance") for line in lines)
    status, lines = said("compare", runs[0], "nothing")
    assert status == 1 and "No single run is called" in lines[0]
    status, lines = said("compare", "--all-four")
    assert status == 1 and "give it --data NAME" in lines[0]
