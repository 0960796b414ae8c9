"""Runs that come back: whole, with their past, under an id of their own; and what is refused of what anybody may have written."""

from __future__ import annotations

import io
import json
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from playground.config import AutoencoderConfig, ConfigError, DiffusionConfig, LatentDiffusionConfig, VAEConfig
from playground.features.take_away import bringing
from playground.features.take_away.whole import whole
from playground.library.bringing import Bringing
from playground.page.service import Service
from playground.runs.checkpoint import pack, unpack
from playground.runs.training import train
from playground.runtimes import InProcessRuntime
from playground.runtimes.files import packed, sealed
from playground.runtimes.folder import ABOUT, Entry
from playground.runtimes.live import LiveRun
from playground.runtimes.store import RunStore

QUICK = {"dataset": "digits", "steps": 6, "width": 16, "depth": 1, "device": "cpu", "warmup_steps": 2}
KINDS = {"ae": AutoencoderConfig(**QUICK), "vae": VAEConfig(**QUICK), "points": DiffusionConfig(**(QUICK | {"dataset": "moons"}))}


def lived(config, source: bytes | None = None) -> LiveRun:
    """A training, with all that a registry knows of it."""
    live = LiveRun("before", config, 0.0, lambda live: None)
    for event in train(config, source=source):
        live._take(live.attempt, event)
    return live


@pytest.fixture(scope="module")
def runs() -> dict[str, LiveRun]:
    found = {name: lived(config) for name, config in KINDS.items()}
    latent = LatentDiffusionConfig(**(QUICK | {"steps": 4}))
    return found | {"latents": lived(latent, found["vae"].record.checkpoint)}


@pytest.fixture
def service(tmp_path):
    made = Service(InProcessRuntime(), own=True, store=RunStore(tmp_path / "runs"), sweep_seconds=None)
    yield made
    made.registry.close()


def back(service: Service, data: bytes, tmp_path: Path) -> dict:
    (tmp_path / "file").write_bytes(data)
    return Bringing(service).bring(tmp_path / "file")


def zipped(run: LiveRun, **labels: str | bool) -> bytes:
    return whole(*run.state(), labels)


@pytest.mark.parametrize("kind", ["ae", "vae", "points", "latents"])
def test_a_whole_run_comes_back_with_its_past(service, runs, kind, tmp_path):
    before = runs[kind].record
    found = back(service, zipped(runs[kind], name="One", notes="<b>two"), tmp_path)
    assert found["run"] != before.run_id and found["left_out"] == 0
    entry, after = service.registry.store.shelf.entry(found["run"]), service.registry.get(found["run"])
    assert (entry.name, entry.notes, entry.status, entry.step) == ("One", "<b>two", "finished", before.step)
    assert after.checkpoint == before.checkpoint and after.config == before.config | {"device": "auto"}
    assert after.history.keys() == before.history.keys()
    assert all(np.array_equal(after.history[name], before.history[name], equal_nan=True) for name in before.history)
    assert [m.step for m in after.moments.snapshots] == [m.step for m in before.moments.snapshots]
    for one, other in zip(after.moments.snapshots, before.moments.snapshots):
        assert all(np.array_equal(one.arrays[name], other.arrays[name]) for name in other.arrays)


@pytest.mark.parametrize("kind", ["ae", "points", "latents"])
def test_weights_alone_come_back_as_a_run_with_pictures(service, runs, kind, tmp_path):
    before = runs[kind].record
    after = service.registry.get(back(service, before.checkpoint, tmp_path)["run"])
    assert (after.checkpoint, after.step, after.status) == (before.checkpoint, before.step, "finished")
    assert after.snapshot.arrays.keys() == before.snapshot.arrays.keys()
    term = "mse" if kind == "ae" else "denoising"
    assert after.history[f"held_out/{term}"][1][-1] == pytest.approx(before.history[f"held_out/{term}"][1][-1], rel=1e-5)


def changed(data: bytes, change) -> bytes:
    """The archive with other files; where `run.json` changes it is sealed again, as whoever writes one could."""
    files = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            files[name] = archive.read(name)
    change(files)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def about(parts: dict[str, bytes], /, **changes) -> None:
    (path,) = (name for name in parts if name.endswith(ABOUT))
    values = json.loads(parts[path])
    values.pop("sha256")
    parts[path] = sealed(values | changes)


def without(files: dict[str, bytes], start: str) -> None:
    for name in [name for name in files if name.rpartition("/")[2].startswith(start)]:
        del files[name]


def broken(files: dict[str, bytes], start: str) -> None:
    name = next(name for name in files if name.rpartition("/")[2].startswith(start))
    files[name] = files[name][:-1] + bytes([files[name][-1] ^ 1])


REFUSED = {
    "a program": (lambda files: files.update({"ae_run/run.py": b"import os"}), "It holds 'run.py'"),
    "a way out": (lambda files: files.update({"../../run.json": b"{}"}), "It holds 'run.json'"),
    "no run": (lambda files: without(files, "run.json"), "It holds no run.json"),
    "another format": (lambda files: about(files, format=2), "has format 2"),
    "a changed digest": (lambda files: files.update({n: c.replace(b'"step": 6', b'"step": 7') for n, c in files.items() if n.endswith(ABOUT)}), "do not match their SHA-256"),
    "weights that are damaged": (lambda files: broken(files, "checkpoint"), "is damaged"),
    "weights that are missing": (lambda files: without(files, "checkpoint"), "cannot be read"),
    "settings of another model": (lambda files: about(files, config=KINDS["vae"].model_dump()), "another kind of model"),
    "settings that are none": (lambda files: about(files, config={"model": "gan"}), "unknown"),
    "files that are none": (lambda files: about(files, files=[{"kind": "../../etc", "step": 0}]), "cannot be read"),
    "no files": (lambda files: about(files, files=[]), "no weights"),
    "labels that are too long": (lambda files: files.update({"ae_run/labels.json": b" " * (5 << 20)}), "labels.json is larger than 4 MB"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_run_is_refused_with_a_sentence(service, runs, case, tmp_path):
    change, sentence = REFUSED[case]
    with pytest.raises((ConfigError, RuntimeError), match=sentence):
        back(service, changed(zipped(runs["ae"]), change), tmp_path)
    assert list(service.registry.store.shelf.entries()) == []
    assert {path.name for path in tmp_path.iterdir()} <= {"file", "runs"}


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "neither weights of a run"),
        (b"PK\x03\x04 and no more", "cannot be opened"),
        (b"\x80\x04\x95 a pickle", "neither weights of a run"),
        (b"\xff" * 64, "neither weights of a run"),
    ],
)
def test_what_is_no_file_of_ours_is_refused(service, data, sentence, tmp_path):
    with pytest.raises(ConfigError, match=sentence):
        back(service, data, tmp_path)


def test_weights_that_are_not_what_they_say_are_refused(service, runs, tmp_path):
    loaded = unpack(runs["ae"].record.checkpoint)
    groups = {"ema": dict(loaded.group("ema")), "model": dict(loaded.group("model"))}
    for changes, sentence in (
        ({"width": 32}, "do not fit the network"),
        ({"dataset": "own-images-0123456789abcdef"}, "are not on this server"),
    ):
        with pytest.raises(ConfigError, match=sentence):
            back(service, pack(loaded.config.replace(**changes), 6, 1.0, (1, 8, 8), groups), tmp_path)
    name = next(iter(groups["ema"]))
    groups["ema"][name] = torch.full_like(groups["ema"][name], float("nan"))
    with pytest.raises(ConfigError, match="not finite"):
        back(service, pack(loaded.config, 6, 1.0, (1, 8, 8), groups), tmp_path)


def test_a_network_that_is_too_large_is_refused_before_it_is_built(runs, tmp_path):
    (tmp_path / "file").write_bytes(runs["ae"].record.checkpoint)
    (tmp_path / "room").mkdir()
    with pytest.raises(ConfigError, match="memory"):
        bringing.brought(tmp_path / "file", tmp_path / "room", 10**6)


def test_moments_that_do_not_fit_the_model_are_left_out(service, runs, tmp_path):
    live = runs["ae"]
    data = packed({"latent": np.zeros((3, 2), "f4")})

    def change(files: dict[str, bytes]) -> None:
        (path,) = (name for name in files if name.endswith(ABOUT))
        entry = Entry.of("snapshot", 1, data)
        files[f"ae_run/{entry.name}"] = data
        about(files, files=[*json.loads(files[path])["files"], entry.__dict__])

    assert back(service, changed(zipped(live), change), tmp_path)["left_out"] == 1


def test_arrays_that_unpack_to_too_much_are_refused(monkeypatch):
    data = packed({"x": np.zeros(4 << 20)})
    assert len(data) < 100_000
    monkeypatch.setattr(bringing, "MOST", 16 << 20)
    with pytest.raises(ConfigError, match="unpack to more"):
        bringing.check_arrays(data, bringing.MOST)


def test_arrays_of_all_files_count_together(runs, tmp_path, monkeypatch):
    data = packed({"x": np.zeros(1 << 20)})

    def change(files: dict[str, bytes]) -> None:
        files.update({f"ae_run/snapshot-{k:08d}-{'0' * 16}.npz": data for k in range(3)})

    (tmp_path / "file").write_bytes(changed(zipped(runs["ae"]), change))
    monkeypatch.setattr(bringing, "MOST", 20 << 20)
    with pytest.raises(ConfigError, match="unpack to more"):
        bringing.unpack_into(tmp_path, tmp_path / "file")


def named_often(times: int):
    def change(files: dict[str, bytes]) -> None:
        (path,) = (name for name in files if name.endswith(ABOUT))
        there = json.loads(files[path])["files"]
        snapshot = next(entry for entry in there if entry["kind"] == "snapshot")
        about(files, files=there + [snapshot | {"step": snapshot["step"] + k} for k in range(times)])

    return change


@pytest.mark.parametrize("times", [1, 61], ids=["twice", "too many"])
def test_a_file_is_read_once_however_often_it_is_named(service, runs, times, tmp_path):
    with pytest.raises(ConfigError, match="names each file once, at most 60 snapshots"):
        back(service, changed(zipped(runs["ae"]), named_often(times)), tmp_path)


def test_a_pin_does_not_come_with_a_run(service, runs, tmp_path):
    found = back(service, zipped(runs["ae"], name="One", pinned=True), tmp_path)
    entry = service.registry.store.shelf.entry(found["run"])
    assert (entry.name, entry.pinned) == ("One", False)


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), 1e9])
def test_seconds_that_no_run_takes_are_refused(service, runs, seconds, tmp_path):
    loaded = unpack(runs["ae"].record.checkpoint)
    weights = pack(loaded.config, 6, seconds, (1, 8, 8), {"ema": loaded.group("ema")})
    with pytest.raises(ConfigError, match="seconds are not those of a run"):
        back(service, weights, tmp_path)


def test_the_picture_of_weights_takes_few_steps_whatever_they_say(runs, monkeypatch):
    loaded, model, data = bringing.checked(runs["points"].record.checkpoint, None)
    patient = replace(loaded, config=loaded.config.replace(sampling_steps=1000))
    asked = []

    class Task:
        def __init__(self, config, *args) -> None:
            asked.append(config.sampling_steps)
            raise ConfigError("enough")

    monkeypatch.setitem(bringing.TASKS, patient.config.model, Task)
    with pytest.raises(ConfigError, match="enough"):
        bringing.looked_at(patient, model, data)
    assert asked == [bringing.LOOKED_AT_STEPS]


def test_a_run_whose_coming_back_breaks_off_is_not_there_by_half(service, runs, tmp_path, monkeypatch):
    def killed(*_args) -> None:
        raise OSError("killed")

    shelf = service.registry.store.shelf
    with monkeypatch.context() as broken, pytest.raises(ConfigError):
        broken.setattr(bringing, "write_file", killed)
        back(service, zipped(runs["ae"], name="One"), tmp_path)
    assert shelf.entries() == []
    (half,) = shelf.path.iterdir()
    shelf.make_room()
    assert half.exists(), "it may be on its way"
    os.utime(half, (1.0, 1.0))
    shelf.make_room()
    assert not half.exists()
