"""Runs that last: what is on the disk is whole at any moment, says what is damaged, and goes on as if nothing had been."""

from __future__ import annotations

import errno
import gc
import os
import shutil
import subprocess
import sys
import threading
import time
import weakref
from dataclasses import replace
from pathlib import Path

import cut_off
import numpy as np
import pytest
import torch
from clock import Clock
from fake_tasks import Values

from playground.config import AutoencoderConfig, parse_config
from playground.data import load_dataset
from playground.data.writing import write_file
from playground.questions.training import train
from playground.runs.checkpoint import unpack
from playground.runtimes import InProcessRuntime, RegistryError, RunRegistry, UnknownRun, files
from playground.runtimes import folder as folders
from playground.runtimes.claims import claim
from playground.runtimes.records import RunRecord
from playground.runtimes.shelf import FULL_OF_PINS, Bounds
from playground.runtimes.store import RunStore

ROOT = Path(__file__).resolve().parents[1]
DEADLINE = 60.0
SMALL = AutoencoderConfig(dataset="digits", steps=30, width=16, depth=1, device="cpu")


def until(condition, what: str) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"waited {DEADLINE:g} s for {what}"
        time.sleep(0.005)


@pytest.fixture
def make(tmp_path):
    """Registries on one folder, as of one server after another."""
    made = []

    def build(task="playground.questions.training:train", bounds=Bounds(), **options):
        store = RunStore(tmp_path / "runs", bounds, every=0.02)
        made.append(RunRegistry(InProcessRuntime(), task=task, sweep_seconds=None, store=store, **options))
        return made[-1]

    yield build
    for registry in made:
        registry.close()


def finished(registry, config=SMALL) -> str:
    """A training that is over and on the disk."""
    run = registry.start(config)
    until(lambda: not registry.get(run).active, "the end")
    until(lambda: registry.store.whole(registry._find(run)), "the disk")
    return run


def restarted(registry, make, **options):
    registry.close()
    return make(**options)


def spoil(path: Path) -> None:
    """Flip one bit in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


# --- what was written is read -----------------------------------------------------------------------------------------


def test_a_run_is_read_as_it_was(make):
    registry = make()
    run = finished(registry)
    before, curves = registry._find(run).state()
    after = restarted(registry, make).get(run)
    assert (after.status, after.step, after.config, after.progress) == (before.status, before.step, before.config, before.progress)
    assert after.started == before.started and after.started.data == load_dataset("digits").fingerprint
    assert after.checkpoint == before.checkpoint and after.version > before.version
    for of, there in zip(before.moments.snapshots, after.moments.snapshots, strict=True):
        assert of.step == there.step and all(np.array_equal(there.arrays[name], array) for name, array in of.arrays.items())
    for name, (steps, values) in before.history.items():
        assert np.array_equal(after.history[name][0], steps) and np.array_equal(after.history[name][1], values)
    assert [(m.step, m.data) for m in after.moments.checkpoints] == [(m.step, m.data) for m in before.moments.checkpoints]


def test_only_what_belongs_to_it_is_in_its_folder_and_nothing_is_pickled(make):
    registry = make()
    run = finished(registry)
    there = list((registry.store.shelf.path / run).iterdir())
    entries = folders.entries_of(folders.read_about(registry.store.shelf.path / run))
    assert {path.name for path in there} == {entry.name for entry in entries} | {"run.json", ".lock"}
    assert {path.suffix for path in there} == {".npz", ".safetensors", ".json", ""}
    for entry in entries:
        if entry.name.endswith(".npz"):
            assert files.unpacked(entry.read(registry.store.shelf.path / run))


def test_a_training_is_on_the_disk_while_it_goes_on(make):
    registry = make(task="fake_tasks:counting")
    run = registry.start(Values(steps=10**9, pause=0.001, checkpoint_at=5))
    shelf = registry.store.shelf
    until(lambda: run in shelf and shelf.entry(run).step > 5, "the first writing")
    entry = shelf.entry(run)
    until(lambda: shelf.entry(run).step > entry.step, "the next one")
    assert shelf.goes_on(shelf.entry(run)) and shelf.entry(run).status == "running"


def test_studies_and_samples_are_not_kept(make):
    registry = make()
    run = registry.start(Values(steps=3), task="fake_tasks:counting")
    until(lambda: not registry.get(run).active, "the end")
    registry.store.flush()
    assert registry.store.shelf.entries() == []


def test_a_folder_of_format_1_is_opened_for_ever(make, tmp_path):
    """`tests/run_format_1` was written by the first version that kept runs; it must never be made anew."""
    shutil.copytree(ROOT / "tests" / "run_format_1", tmp_path / "runs" / "run_format_1")
    registry = make()
    record = registry.get("run_format_1")
    assert (record.status, record.step, record.config["model"], record.config["dataset"]) == ("finished", 12, "vae", "digits")
    assert record.message == "" and record.started.data == load_dataset("digits").fingerprint
    assert (
        record.history["held_out/kl"][0][-1] == 12 and record.snapshot.step == 12 and record.snapshot.arrays["latent"].shape[1] == 2
    )
    entry = registry.store.shelf.entry("run_format_1")
    assert (entry.name, entry.notes, entry.pinned, entry.trouble) == ("The first", "of format 1", True, "") and entry.picture
    weights = unpack(record.checkpoint)
    assert weights.step == 12 and weights.group("optimizer") and all(torch.isfinite(x).all() for x in weights.group("ema").values())
    fork = registry.fork("run_format_1", 12, parse_config(record.config | {"steps": 15}))
    until(lambda: not registry.get(fork).active, "the end of the fork")
    assert registry.get(fork).status == "finished" and registry.get(fork).step == 15


# --- cut off ----------------------------------------------------------------------------------------------------------


def test_killed_and_continued_is_bit_for_bit_what_was_never_cut_off(make, tmp_path):
    path = {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    command = [
        sys.executable,
        "-c",
        "import sys, cut_off, pathlib; cut_off.main(pathlib.Path(sys.argv[1]))",
        str(tmp_path / "runs"),
    ]
    done = subprocess.run(command, env=os.environ | path, capture_output=True, text=True, timeout=120)
    assert done.returncode == -9, done.stderr
    registry = make()
    entries = {entry.config["model"]: entry.run for entry in registry.store.shelf.entries()}
    assert entries.keys() == cut_off.CONFIGS.keys()
    for model, run in entries.items():
        record = registry.get(run)
        assert record.status == "stopped" and f"Continue goes on from step {cut_off.HELD_AT}." in record.message
        registry.continue_(run)
        until(lambda: not registry.get(run).active, "the end")
        *_, straight = train(cut_off.CONFIGS[model])
        ours, theirs = (unpack(data).tensors for data in (registry.get(run).checkpoint, straight.checkpoint))
        assert registry.get(run).status == "finished" and registry.get(run).message == ""
        assert ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_a_run_that_goes_on_elsewhere_is_shown_and_not_continued(make):
    registry = make()
    run = finished(registry)
    registry = restarted(registry, make)
    elsewhere = claim(registry.store.shelf.path / run)
    assert "another program" in registry.get(run).message
    registry._find(run).record = replace(registry.get(run), status="stopped")
    with pytest.raises(RegistryError, match="another program"):
        registry.continue_(run)
    elsewhere.release()


def test_a_server_that_is_shut_down_leaves_what_can_be_continued(make):
    registry = make(task="fake_tasks:counting")
    run = registry.start(Values(steps=10**9, pause=0.001, checkpoint_at=5))
    until(lambda: registry.get(run).checkpoint is not None, "weights")
    registry.close()
    about = folders.read_about(registry.store.shelf.path / run)
    assert about["status"] == "stopped" and "shut down" in about["message"]


# --- damage -----------------------------------------------------------------------------------------------------------


def checkpoints(folder: Path) -> list[Path]:
    """Oldest first."""
    return sorted(folder.glob("checkpoint-*"))


def forked(registry, run: str) -> str:
    """A run with two checkpoints: that which it goes on from, and its own last."""
    fork = registry.fork(run, 30, SMALL.replace(steps=40))
    until(lambda: not registry.get(fork).active, "the end of the fork")
    until(lambda: registry.store.whole(registry._find(fork)), "the disk")
    return fork


@pytest.mark.parametrize(
    "harm", [spoil, lambda path: path.write_bytes(path.read_bytes()[:100]), Path.unlink], ids=["bit", "cut", "gone"]
)
def test_where_the_newest_weights_are_damaged_older_ones_are_used_and_it_is_said(make, harm):
    registry = make()
    run = forked(registry, finished(registry))
    *_, older, newest = checkpoints(registry.store.shelf.path / run)
    harm(newest)
    registry, step = restarted(registry, make), int(older.name.split("-")[1])
    record = registry.get(run)
    assert (record.status, record.checkpoint_step) == ("stopped", step)
    assert "The checkpoint of step 40" in record.message and f"The weights are those of step {step}." in record.message
    registry.continue_(run)
    until(lambda: not registry.get(run).active, "the end")
    assert registry.get(run).step == 40 and registry.get(run).status == "finished"


def test_a_damaged_moment_is_left_out_and_a_damaged_checkpoint_of_the_past_refused(make):
    registry = make()
    run = forked(registry, finished(registry))
    folder = registry.store.shelf.path / run
    spoil(min(folder.glob("snapshot-*")))
    for path in checkpoints(folder)[:-1]:
        spoil(path)
    n = len(list(folder.glob("snapshot-*")))
    registry = restarted(registry, make)
    record = registry.get(run)
    assert len(record.moments.snapshots) == n - 1 and record.status == "finished" and "The snapshot of step 0" in record.message
    with pytest.raises(RegistryError, match="The checkpoint of step 30 is damaged"):
        registry.fork(run, 30, SMALL.replace(steps=50))


def test_damaged_settings_are_said_and_the_run_can_be_deleted(make):
    registry = make()
    run = finished(registry)
    spoil(registry.store.shelf.path / run / "run.json")
    registry = restarted(registry, make)
    assert registry.store.shelf.entry(run).trouble
    with pytest.raises(RegistryError, match="settings of this run"):
        registry.get(run)
    registry.store.shelf.delete(run)
    assert registry.store.shelf.entries() == []


def test_a_full_disk_is_said_the_training_goes_on_and_what_was_written_stays(make, monkeypatch):
    registry = make(task="fake_tasks:counting")
    run = registry.start(Values(steps=10**9, pause=0.001, checkpoint_at=5))
    shelf, write = registry.store.shelf, write_file
    until(lambda: run in shelf and shelf.entry(run).step > 5, "the first writing")

    def full(path: Path, data: bytes, sure: bool = True) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(folders, "write_file", full)
    until(lambda: registry.get(run).unkept, "the sentence")
    step = registry.get(run).step
    until(lambda: registry.get(run).step > step, "the next step")
    assert "No space left on device" in registry.get(run).unkept and registry.get(run).status == "running"
    folders.read(shelf.path / run)
    monkeypatch.setattr(folders, "write_file", write)
    registry.stop(run)
    until(lambda: not registry.get(run).active, "the end")
    registry.store.flush()
    assert registry.get(run).unkept == "" and shelf.entry(run).status == "stopped"


def test_a_write_that_breaks_off_leaves_no_half_file(tmp_path, monkeypatch):
    target = tmp_path / "file"
    write_file(target, b"before")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_file(target, b"after")
    assert target.read_bytes() == b"before" and list(tmp_path.iterdir()) == [target]


def test_the_first_write_of_a_run_that_breaks_off_leaves_nothing_behind(tmp_path, monkeypatch):
    record = RunRecord("one", config={"model": "ae"}, status="stopped", checkpoint=b"weights")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as broken, pytest.raises(OSError, match="No space left"):
        broken.setattr(os, "fsync", full)
        folders.RunFolder(tmp_path / "one").write(record, {}, b"picture")
    assert list(tmp_path.iterdir()) == []
    folders.RunFolder(tmp_path / "one").write(record, {}, b"picture")
    assert (tmp_path / "one" / folders.ABOUT).exists()


# --- room -------------------------------------------------------------------------------------------------------------


def test_the_oldest_that_is_neither_pinned_nor_active_goes_first(make):
    registry = make(task="fake_tasks:counting", bounds=Bounds(runs=4))
    shelf = registry.store.shelf
    active = registry.start(Values(steps=10**9, pause=0.001, checkpoint_at=5))
    until(lambda: active in shelf, "the first writing")
    runs = []
    for _ in range(4):
        runs.append(finished(registry, Values(steps=3)))
        if len(runs) == 1:
            shelf.label(runs[0], pinned=True)
    assert {entry.run for entry in shelf.entries()} == {active, runs[0], runs[2], runs[3]}


def test_the_bound_in_bytes_holds_too(make):
    registry = make(task="fake_tasks:weighing", bounds=Bounds(bytes=2_500_000))
    runs = [finished(registry, Values(size=1_000_000)) for _ in range(4)]
    assert {entry.run for entry in registry.store.shelf.entries()} == set(runs[-2:])
    assert sum(entry.bytes for entry in registry.store.shelf.entries()) <= 2_500_000


def test_pins_take_half_of_the_room_at_most(make):
    registry = make(task="fake_tasks:counting", bounds=Bounds(runs=4))
    shelf, runs = registry.store.shelf, [finished(registry, Values(steps=3)) for _ in range(3)]
    for run in runs[:2]:
        shelf.label(run, pinned=True)
    with pytest.raises(RegistryError) as error:
        shelf.label(runs[2], pinned=True)
    assert str(error.value) == FULL_OF_PINS


def test_deleted_runs_can_be_had_back_and_those_that_go_on_are_not_deleted(make):
    registry = make(task="fake_tasks:counting")
    shelf, run = registry.store.shelf, finished(registry, Values(steps=3))
    shelf.label(run, name="  mine ", notes="why")
    shelf.delete(run)
    assert run not in shelf and shelf.entries() == []
    shelf.restore(run)
    assert (shelf.entry(run).name, shelf.entry(run).notes, shelf.entry(run).step) == ("mine", "why", 3)
    active = registry.start(Values(steps=10**9, pause=0.001, checkpoint_at=5))
    until(lambda: active in shelf, "the first writing")
    with pytest.raises(RegistryError, match="stop it first"):
        shelf.delete(active)


@pytest.mark.parametrize("labels", [{"name": "x" * 81}, {"pinned": "yes"}, {"colour": "red"}, {"name": 3}])
def test_labels_that_are_none_are_refused(make, labels):
    registry = make(task="fake_tasks:counting")
    run = finished(registry, Values(steps=3))
    with pytest.raises(RegistryError, match="A run has a name"):
        registry.store.shelf.label(run, **labels)


@pytest.mark.parametrize("run", ["../../etc", "", ".deleted", "a/b", None, 3, "x" * 65, "nothing"])
def test_what_can_be_no_run_is_none(make, run):
    registry = make(task="fake_tasks:counting")
    with pytest.raises(UnknownRun):
        registry.get(run)
    with pytest.raises(UnknownRun):
        registry.store.shelf.entry(run)


# --- memory -----------------------------------------------------------------------------------------------------------


def test_a_run_that_nobody_looks_at_leaves_the_memory_and_comes_back(make):
    clock = Clock()
    registry = make(clock=clock)
    run = finished(registry)
    before = registry.get(run)
    registry.sweep()
    assert registry.holds(run)
    clock.now += 1000
    registry.sweep()
    assert not registry.holds(run) and len(registry) == 0
    after = registry.get(run)
    assert after.step == before.step and after.version > before.version and registry.holds(run)


def test_too_much_in_memory_leaves_it_before_anything_is_forgotten(make):
    registry = make(task="fake_tasks:counting", max_moment_bytes=2000)
    runs = [finished(registry, Values(steps=100)) for _ in range(3)]
    registry.memory.bound()
    assert not registry.holds(runs[0])
    assert all(len(folders.read(registry.store.shelf.path / run).record.moments.snapshots) == 60 for run in runs)


def remembered(store) -> set[str]:
    """All runs of which a store knows anything."""
    return set().union(store._changed, store._due, store._weights, store._folders, store._claims, store._pictures)


def ended(registry, **values) -> str:
    run = registry.start(Values(**values))
    until(lambda: not registry.get(run).active, "the end")
    return run


def test_what_waits_for_a_slow_disk_is_bounded_and_nothing_stays_of_runs_that_left(make, monkeypatch):
    registry = make(task="fake_tasks:weighing", max_runs=3, max_weight_bytes=4000, bounds=Bounds(runs=2))
    store, write, quick = registry.store, folders.RunFolder.write, threading.Event()
    monkeypatch.setattr(folders.RunFolder, "write", lambda *args: quick.wait(DEADLINE) and write(*args))
    runs = [ended(registry, size=1000)]
    until(lambda: runs[0] in store._claims, "the first writing")
    runs += [ended(registry, size=1000) for _ in range(11)]
    registry.memory.bound()
    assert sum(registry.get(run).weights_bytes for run in runs) <= 4000 and registry.get(runs[-1]).weights_bytes == 1000
    first = weakref.ref(registry._find(runs[0]))
    quick.set()
    until(lambda: not store._changed and not store._claims, "the disk")
    ended(registry, size=1000)
    until(lambda: not store._changed and not store._claims, "the disk")
    gc.collect()
    store.shelf.make_room()
    assert {entry.run for entry in store.shelf.entries()} == set(store.shelf._read)
    assert len(registry) <= 4 and remembered(store) <= set(registry._runs) and first() is None


def test_runs_that_a_full_disk_does_not_take_leave_the_memory_too(make, monkeypatch):
    def full(path: Path, data: bytes, sure: bool = True) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(folders, "write_file", full)
    registry = make(task="fake_tasks:weighing", max_runs=3)
    for _ in range(8):
        run = ended(registry, size=1000)
        until(lambda run=run: registry.get(run).unkept, "the sentence")
    assert len(registry) == 3 and remembered(registry.store) <= set(registry._runs)


def test_who_waits_for_a_run_that_is_opened_by_many_gets_one(make):
    registry = make()
    run = finished(registry)
    registry = restarted(registry, make)
    found = []
    threads = [threading.Thread(target=lambda: found.append(registry._find(run))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(live) for live in found}) == 1
