"""Replay: the pictures of a past moment, drawn so that a film does not jump, and a new run from there."""

import asyncio
import base64
import gc
import time
from dataclasses import replace
from weakref import ref

import numpy as np
import pytest

from playground.config import ConfigError
from playground.page.frames import RunViews
from playground.page.replay import cut
from playground.page.service import Service
from playground.runs.events import Checkpoint, Snapshot, Started
from playground.runtimes import InProcessRuntime, RegistryError, RunRecord, UnknownRun
from playground.runtimes.moments import MomentHistory

CONFIG = {"model": "vae", "dataset": "digits", "latent_dim": 2, "steps": 100, "map_points": 1000}
N = 40


def snapshot(step: int, latent: np.ndarray) -> Snapshot:
    tiles = np.full((10, 1, 8, 8), step, np.uint8)
    errors = np.zeros((10, 1, 8, 8), np.float32)
    return Snapshot(
        step,
        {"latent": latent.astype(np.float32), "originals": tiles, "reconstructions": tiles, "errors": errors, "samples": tiles},
    )


def record(latents: dict[int, np.ndarray], **changes) -> RunRecord:
    """A VAE's run with a moment at each of the steps, and readings at steps 10, 20, ..."""
    steps = np.arange(10, max(latents) + 1, 10)
    names = ("train/neg_elbo", "held_out/neg_elbo", "held_out/reconstruction", "held_out/kl", "held_out/mse")
    kept = MomentHistory(tuple(snapshot(step, latent) for step, latent in latents.items()), (Checkpoint(20, b"w"),))
    dims = next(iter(latents.values())).shape[1]
    return RunRecord(
        "id",
        CONFIG | {"latent_dim": dims},
        "running",
        started=Started({}, 1, "cpu"),
        snapshot=kept.snapshots[-1],
        moments=kept,
        history={name: (steps, steps / 10.0) for name in names},
        step=max(latents),
        version=9,
        snapshot_version=9,
        moments_version=7,
        **changes,
    )


def cloud(seed: int = 0, dims: int = 2, size: float = 1.0) -> np.ndarray:
    return size * np.random.default_rng(seed).normal(size=(N, dims)) * np.arange(dims, 0, -1)


def points(view: dict) -> np.ndarray:
    codes = np.frombuffer(base64.b64decode(view["points"]), "<u2").reshape(N, -1)
    low, high = np.asarray(view["lo"]), np.asarray(view["hi"])
    return low + codes / 65534 * (high - low)


def tiles(row: dict) -> set[int]:
    return set(base64.b64decode(row["data"]))


# --- views of a moment -----------------------------------------------------------------------------------------------


def test_a_moment_is_shown_as_it_was():
    latents = {step: cloud(step) for step in (0, 15, 30, 60)}
    frame = RunViews().replay(record(latents), 42)
    views = frame["views"]
    assert (frame["run"], frame["replay"]) == ("id", 30)
    assert np.allclose(points(views["map"]), latents[30], atol=1e-3)
    assert views["map"]["step"] == views["images"]["step"] == views["samples"]["step"] == 30
    assert tiles(views["images"]["rows"][1]) == tiles(views["samples"]["rows"][0]) == {30}
    assert views["images"]["rows"][1]["note"] == "held-out MSE 3.0000"
    assert (views["terms"]["step"], views["terms"]["total"]["value"]) == (30, 6.0)


def test_the_curves_are_whole_and_say_where_the_moment_is():
    curves = RunViews().replay(record({0: cloud(), 60: cloud()}), 30)["views"]["curves"]
    assert curves["marker"] == 0 and len(base64.b64decode(curves["series"][0]["steps"])) == 4 * 6


def test_before_the_first_reading_nothing_is_said_of_it():
    views = RunViews().replay(record({0: cloud(), 60: cloud()}), 3)["views"]
    assert views["images"]["rows"][1]["note"] == ""
    assert views["terms"]["step"] == 10, "the first reading, under its own step"


def test_all_moments_have_the_same_axes_and_everything_fits():
    latents = {0: cloud(size=0.1), 20: cloud(size=8.0), 40: cloud(size=1.0)}
    views = [RunViews().replay(record(latents), step)["views"]["map"] for step in latents]
    assert views[0]["view"] == views[1]["view"] == views[2]["view"]
    low, high = np.asarray(views[0]["view"]["lo"]), np.asarray(views[0]["view"]["hi"])
    assert ((latents[20] > low) & (latents[20] < high)).all(1).mean() > 0.9
    assert (low <= -3).all() and (high >= 3).all(), "the prior's rings"


def drifting(steps) -> dict[int, np.ndarray]:
    """Five dimensions, of which two are as wide as each other but for a stretch whose direction turns: the principal axes
    turn through half a circle, the points hardly move."""
    wide, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(N, 5)))
    wide = (wide - wide.mean(0)) * np.array([1, 1, 0.05, 0.05, 0.05])
    wide[:, :2] = np.linalg.solve(np.linalg.cholesky(np.cov(wide[:, :2].T)), wide[:, :2].T).T
    angles = {step: np.pi * step / max(steps) for step in steps}
    turn = {step: np.array([np.cos(angle), np.sin(angle)]) for step, angle in angles.items()}
    return {
        step: wide + 0.05 * np.column_stack([(wide[:, :2] @ turn[step])[:, None] * turn[step], np.zeros((N, 3))]) for step in steps
    }


def test_the_principal_axes_of_neighbouring_moments_are_turned_towards_each_other():
    latents, views, shown = drifting(range(0, 60, 10)), RunViews(), {}
    for step in (50, 0, 30, 10, 20, 40):  # in any order
        view = views.replay(record(latents), step)["views"]["map"]
        shown[step] = points(view)
        assert "PCA of 5 dimensions" in view["title"]
    moved = [np.abs(shown[step] - shown[step - 10]).max() for step in range(10, 60, 10)]
    assert max(moved) < 0.2 * np.abs(shown[0]).max(), moved


def test_new_moments_keep_the_axes_of_those_that_were_shown():
    run, views = record(drifting(range(0, 60, 10))), RunViews()
    before = points(views.replay(replace(run, moments=run.moments.until(30)), 30)["views"]["map"])
    after, new = (points(views.replay(run, step)["views"]["map"]) for step in (30, 40))
    assert np.allclose(before, after, atol=2e-3)
    assert np.abs(new - after).max() < 0.2 * np.abs(after).max()


def test_replay_leaves_the_newest_pictures_alone():
    views, now = RunViews(), record({0: cloud(size=0.01), 60: cloud()})
    before = views.frame(now, 0, True, True)["views"]["map"]
    views.replay(now, 0)
    assert views.frame(replace(now, version=10, snapshot_version=10), 0, True, True)["views"]["map"] == before


def test_nothing_of_a_moment_is_held_that_the_registry_forgot():
    run, views = record({0: cloud(), 60: cloud()}), RunViews()
    views.replay(run, 0)
    forgotten = ref(run.moments.snapshots[0])
    run = replace(run, moments=run.moments.newest())
    gc.collect()
    assert forgotten() is None
    assert views.replay(run, 0)["replay"] == 60


def test_particles_have_the_same_axes_too():
    def moment(step, size):
        return Snapshot(
            step, {"trajectory": np.random.default_rng(step).normal(size=(5, N, 2)) * size, "times": np.linspace(1, 0, 5)}
        )

    kept = MomentHistory((moment(0, 9.0), moment(10, 0.1)))
    run = RunRecord("id", {"model": "diffusion", "dataset": "mixture"}, "running", moments=kept, snapshot=kept.snapshots[1])
    first, second = (RunViews().replay(run, step)["views"]["particles"] for step in (0, 10))
    assert first["view"] == second["view"] and first["view"]["hi"][0] > 10 and (first["step"], second["step"]) == (0, 10)


def test_a_run_without_moments_says_so():
    for kept in (None, MomentHistory()):
        with pytest.raises(ValueError, match="No moment of this run is kept"):
            RunViews().replay(RunRecord("id", CONFIG, moments=kept), 3)


def test_a_frame_lists_the_moments_when_they_changed():
    run, views = record({0: cloud(), 60: cloud()}), RunViews()
    assert views.frame(run, 6, True, True)["moments"] == {"steps": [0, 60], "checkpoints": [20]}
    assert "moments" not in views.frame(run, 7, True, True)
    assert "moments" in views.frame(run, 9, False, True), "who comes new gets them"


def test_the_origin_stands_where_there_is_nothing_else_to_say():
    views = RunViews()
    run = record({0: cloud()}, origin="Continues it.")
    assert views.frame(run, 0, True, True)["message"] == "Continues it."
    assert views.frame(replace(run, message="Stopping …"), 0, True, True)["message"] == "Stopping …"


def test_a_cut_history_ends_at_the_step():
    history = {"a": (np.array([1, 5, 9]), np.array([1.0, 2.0, 3.0])), "late": (np.array([8]), np.array([1.0]))}
    assert {name: [part.tolist() for part in curve] for name, curve in cut(history, 5).items()} == {"a": [[1, 5], [1.0, 2.0]]}


# --- the service -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def service():
    service = Service(InProcessRuntime(), device="cpu")
    yield service
    service.registry.close()


@pytest.fixture(scope="module")
def trained(service) -> str:
    """A small run that has ended."""
    return ended(service, service.train({"model": "ae", "dataset": "digits", "width": 16, "latent_dim": 3, "steps": 300}))


def ended(service, run: str) -> str:
    deadline = time.monotonic() + 60
    while service.registry.get(run).active:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert service.registry.get(run).status == "finished", service.registry.get(run)
    return run


def replay(service, *request):
    return asyncio.run(service.replay(list(request)))


def test_a_run_that_has_ended_can_be_replayed(service, trained):
    kept = service.registry.get(trained).moments
    assert kept.snapshots[0].step == 0 and kept.snapshots[-1].step == 300 == kept.checkpoints[-1].step
    first, last = replay(service, trained, 0), replay(service, trained, 300)
    assert (first["replay"], last["replay"]) == (0, 300)
    assert first["views"]["map"]["points"] != last["views"]["map"]["points"]
    assert first["views"]["images"]["rows"][1]["data"] != last["views"]["images"]["rows"][1]["data"]
    assert replay(service, trained, 10**9)["replay"] == 300 and replay(service, trained, -5)["replay"] == 0


@pytest.mark.parametrize("request_", [[], ["x"], ["x", "y"], ["x", 1.5], ["x", True], ["x", 1, 2], None, {"run": 1}])
def test_other_requests_are_refused_in_a_sentence(service, request_):
    assert asyncio.run(service.replay(request_))["error"].endswith(".")


def test_an_unknown_run_has_no_past(service):
    assert "not known here" in replay(service, "nothing", 3)["error"]
    with pytest.raises(UnknownRun):
        service.fork("nothing", 3, {})


def test_a_fork_takes_the_settings_that_fit_and_keeps_those_of_the_weights(service, trained):
    form = {"latent_dim": 2, "width": 256, "dataset": "sprites", "learning_rate": 0.002, "batch_size": 32, "steps": 400, "seed": 5}
    run = ended(service, service.fork(trained, 300, form))
    record = service.registry.get(run)
    got = {name: record.config[name] for name in form}
    assert got == form | {"latent_dim": 3, "width": 16, "dataset": "digits"}
    assert (record.started.step, record.step) == (300, 400)
    assert record.origin == (
        "Continues another run from step 300. Its weights keep dataset = digits, latent_dim = 3, width = 16; "
        "the other settings are those of the form."
    )
    steps, _ = record.history["train/mse"]
    old, _ = service.registry.get(trained).history["train/mse"]
    assert set(old) <= set(steps) and (np.diff(steps) > 0).all(), "one curve"
    assert {m.step for m in record.moments.snapshots} >= {0, 300, 400}, "the past came along"


def test_a_fork_with_the_same_settings_says_only_where_it_comes_from(service, trained):
    form = {name: value for name, value in service.registry.get(trained).config.items() if name != "model"}
    run = service.fork(trained, 300, form | {"steps": 301})
    assert service.registry.get(run).origin == "Continues another run from step 300."
    ended(service, run)


@pytest.mark.parametrize(
    "form, words",
    [
        ({"steps": 300}, "steps = 300 is refused: that checkpoint is of step 300 already, so Steps must be larger."),
        ({"steps": 0}, "steps = 0 is refused"),
        ({"learning_rate": 50}, "learning_rate = 50 is refused"),
        ([1], "Settings are given by name"),
    ],
)
def test_a_fork_that_can_not_be_is_refused_in_a_sentence(service, trained, form, words):
    runs = len(service.registry)
    with pytest.raises(ConfigError, match=words):
        service.fork(trained, 300, form)
    assert len(service.registry) == runs


@pytest.mark.parametrize("step, error", [("3", ConfigError), (None, ConfigError), (True, ConfigError), (-1, RegistryError)])
def test_a_fork_needs_a_step_with_a_checkpoint(service, trained, step, error):
    with pytest.raises(error):
        service.fork(trained, step, {"steps": 400})


def test_the_run_that_is_forked_stops(service):
    run = service.train({"model": "ae", "dataset": "digits", "width": 16, "steps": 200_000})
    deadline = time.monotonic() + 60
    while not service.registry.get(run).moments.checkpoints:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    step = service.registry.get(run).moments.checkpoints[0].step
    fork = service.fork(run, step, {"steps": step + 5})
    ended(service, fork)
    while service.registry.get(run).active:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    record = service.registry.get(run)
    assert record.status == "stopped" and record.message == f"Stopped, because a new run goes on from its step {step:,}."
