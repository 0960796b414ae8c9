"""The arena: every scheduler from the same noise, measured alike, counted at the network, and whatever is done is kept."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from playground.config import AutoencoderConfig, ConfigError, DiffusionConfig
from playground.diffusion.diffusers.catalogue import scheduler_classes
from playground.features.arena.board import PATHS, TILES, spread
from playground.features.arena.model import Reference, open_model
from playground.features.arena.run import Arena, NetworkCalls, arena_run, folder_run, schedulers_run
from playground.features.arena.settings import ArenaConfig
from playground.features.arena.view import arena, folder, schedulers
from playground.features.diffusers_folder.exporting import folder_as_zip
from playground.measures.energy import energy_distance
from playground.runs.control import Control
from playground.runs.events import Finished, Progress, Snapshot, Started
from playground.runs.training import train

TINY = {"steps": 30, "batch_size": 32, "warmup_steps": 2, "width": 32, "depth": 1, "device": "cpu"}
CONFIGS = {
    "points": DiffusionConfig(dataset="mixture", **{**TINY, "steps": 400, "batch_size": 128, "depth": 2}),
    "images": DiffusionConfig(dataset="digits", **TINY),
    "conditional": DiffusionConfig(dataset="digits", conditional="on", guidance_scale=2.0, **TINY),
    "exportable": DiffusionConfig(dataset="digits", network="unet2d", **TINY),
    "ae": AutoencoderConfig(dataset="digits", **TINY),
}
TABLE = (Path(__file__).parents[1] / "playground/features/arena/table.js").read_text("utf-8")
QUICK = {"seeds": 2, "n_samples": 40, "device": "cpu"}


@pytest.fixture(scope="module")
def checkpoints() -> dict[str, bytes]:
    def trained(config) -> bytes:
        control = Control()
        control.send({"kind": "watch", "rate": 0.0})
        *_, end = train(config, control)
        return end.checkpoint

    return {name: trained(config) for name, config in CONFIGS.items()}


def run(checkpoint: bytes, **settings) -> tuple[list, dict, dict[str, np.ndarray]]:
    events = list(arena_run(ArenaConfig(**{**QUICK, **settings}), checkpoint))
    last = [event for event in events if isinstance(event, Snapshot)][-1]
    return events, json.loads(last.arrays["board"].tobytes()), last.arrays


NAMES = ("DDPMScheduler", "DDIMScheduler", "HeunDiscreteScheduler", "UniPCMultistepScheduler", "LCMScheduler", "NoScheduler")


@pytest.fixture(scope="module")
def points(checkpoints):
    return run(checkpoints["points"], schedulers=NAMES, evaluations=(5, 10))


def test_a_run_speaks_like_any_other(points) -> None:
    events, board, _ = points
    first, *between, pictures, end = events
    assert isinstance(first, Started) and first.config["dataset"] == "mixture" and first.config["steps"] == 6 * 15 * 2
    assert isinstance(pictures, Snapshot) and isinstance(end, Finished) and not end.stopped and end.step == first.config["steps"]
    steps = [event.step for event in between if isinstance(event, Progress)]
    assert steps == sorted(steps) and steps[-1] == end.step


def test_every_row_has_its_numbers(points) -> None:
    _, board, arrays = points
    assert [(row["title"], row["target"]) for row in board["rows"]] == [
        (name, nfe) for nfe in (5, 10) for name in ("DDPM", "DDIM", "HeunDiscrete", "UniPCMultistep")
    ]
    for row in board["rows"]:
        assert row["n"] == 2 and len(row["distances"]) == 2 and row["mean"] == pytest.approx(np.mean(row["distances"]))
        assert row["std"] == pytest.approx(np.std(row["distances"], ddof=1)) and row["seconds_mean"] > 0
        assert row["nfe"] == {"HeunDiscrete": {5: 5, 10: 9}}.get(row["title"], {5: 5, 10: 10})[row["target"]]
    assert board["floor"]["n"] == 2 and board["floor"]["mean"] < 0.1
    assert board["looked_at"] == 0 and board["floor_seen"] is None and not any(row["seen"] for row in board["rows"]), "of points"


def test_those_left_out_are_named_with_the_reason(points) -> None:
    left = {entry["name"]: entry["reason"] for entry in points[1]["left_out"]}
    assert "draws another one" in left["LCMScheduler"] and "no such scheduler" in left["NoScheduler"] and len(left) == 2


def test_our_own_samplers_do_the_same(points) -> None:
    found = {(row["title"], row["target"]): row["difference"] for row in points[1]["rows"]}
    for name in ("DDPM", "DDIM"):
        assert 0 <= max(found[name, 5], found[name, 10]) < 1e-4
    assert found["HeunDiscrete", 5] < 5e-3 and found["UniPCMultistep", 5] is None


def test_all_ways_begin_at_the_same_points(points) -> None:
    _, board, arrays = points
    payload = arena(arrays, 1)
    starts = []
    for i in range(len(board["rows"])):
        picture = payload["pictures"][str(i)]
        assert picture["n"] == PATHS and picture["T"] == board["rows"][i]["nfe"] + 1
        starts.append(np.frombuffer(__import__("base64").b64decode(picture["ways"]), "<f4").reshape(picture["T"], PATHS, 2)[0])
    assert all(np.allclose(start, starts[0], atol=2e-3) for start in starts) and 0.5 < starts[0].std() < 1.5


def test_images_are_kept_as_tiles(checkpoints) -> None:
    _, board, arrays = run(checkpoints["images"], schedulers=("DDIMScheduler", "PNDMScheduler"), evaluations=(3,))
    assert arrays["tiles"].shape == (1, TILES, 8, 8) and arrays["tiles"].dtype == np.uint8 and arrays["shown"].tolist() == [0]
    payload = arena(arrays, 3)
    assert payload["image"] and payload["pictures"]["0"] | {"data": ""} == {"h": 8, "w": 8, "n": TILES, "data": ""}
    assert board["looked_at"] == 40 and board["floor_seen"]["frechet"] > 0 and 0.7 < board["floor_seen"]["recall"] <= 1
    seen = [one["frechet"] for one in board["rows"][0]["seen"]]
    assert len(seen) == 2 and board["rows"][0]["frechet"]["mean"] == pytest.approx(np.mean(seen))
    assert np.mean(seen) > board["floor_seen"]["frechet"]
    slow = board["rows"][1]
    assert slow["nfe"] is None and "cannot be run with 3" in slow["reason"]


def test_a_time_grid_is_for_all_and_is_named(checkpoints) -> None:
    """On Karras' levels DDIM and Heun ask elsewhere, and do better or worse; who cannot be given them is left out, and says so."""
    names = ("DDIMScheduler", "HeunDiscreteScheduler", "IPNDMScheduler")
    (_, own, _), (events, given, _) = (
        run(checkpoints["points"], schedulers=names, evaluations=(9,), time_grid=grid) for grid in ("own", "karras")
    )
    assert events[0].config["time_grid"] == "karras" and own["time_grid"] == "each scheduler's own"
    assert (
        given["time_grid"] == "Karras, ρ = 7 in σ/α"
        and [entry["grid"] for entry in given["schedulers"]] == ["Karras, ρ = 7 in σ/α"] * 2
    )
    assert [entry["grid"] for entry in own["schedulers"]] == ["uniform in t", "uniform in t", "its own"]
    assert "takes no others" in given["left_out"][0]["reason"] and own["left_out"] == []
    for before, after in zip(own["rows"], given["rows"]):
        assert (before["nfe"], before["steps"]) == (after["nfe"], after["steps"]) and before["mean"] != after["mean"]
        assert after["difference"] < 5e-3


def test_guidance_counts_twice(checkpoints) -> None:
    """The model's own guidance asks the network for both, so that ten evaluations are five steps."""
    _, board, _ = run(checkpoints["conditional"], schedulers=("DDIMScheduler",), evaluations=(10,), seeds=1)
    assert board["rows"][0]["nfe"] == 10 and board["rows"][0]["steps"] == 5 and board["rows"][0]["std"] is None


def test_a_stop_keeps_what_is_done(checkpoints) -> None:
    control, rows = Control(), []
    for event in arena_run(
        ArenaConfig(**QUICK, schedulers=("DDIMScheduler",), evaluations=(5, 500)), checkpoints["points"], control
    ):
        if isinstance(event, Progress) and event.step > 10 and not control.stopped:
            control.send({"kind": "stop"})
        if isinstance(event, Snapshot):
            rows = json.loads(event.arrays["board"].tobytes())["rows"]
    assert isinstance(event, Finished) and event.stopped
    assert rows[0]["n"] == 2 and rows[1]["n"] == 0 and rows[1]["mean"] is None


def test_results_that_come_quickly_are_told_during_the_next_long_row(checkpoints, monkeypatch) -> None:
    monkeypatch.setattr("playground.runs.driver.PICTURES_PER_SECOND", 20.0)
    settings = ArenaConfig(**QUICK, schedulers=("DDIMScheduler",), evaluations=(2, 1000))
    snapshots = (event for event in arena_run(settings, checkpoints["points"]) if isinstance(event, Snapshot))
    boards = (json.loads(snapshot.arrays["board"].tobytes())["rows"] for snapshot in snapshots)
    assert next(rows for rows in boards if rows and rows[0]["n"] == 2)[1]["n"] == 0


def test_a_scheduler_that_fails_on_the_way_does_not_end_the_others(checkpoints, monkeypatch) -> None:
    from diffusers import DDIMScheduler

    step, asked = DDIMScheduler.step, []

    def failing(self, model_output, timestep, sample, **more):
        asked.append(len(sample))
        if len(sample) == QUICK["n_samples"]:
            raise IndexError("index 4 is out of bounds")
        return step(self, model_output, timestep, sample, **more)

    monkeypatch.setattr(DDIMScheduler, "step", failing)
    _, board, _ = run(checkpoints["points"], schedulers=("DDIMScheduler", "UniPCMultistepScheduler"), evaluations=(4,))
    broken, fine = board["rows"]
    assert "stops with an error in 4 steps: IndexError" in broken["reason"] and broken["n"] == 0 and fine["n"] == 2


def test_the_seed_decides(checkpoints) -> None:
    settings = {"schedulers": ("DDPMScheduler",), "evaluations": (4,)}
    first, again, other = (run(checkpoints["points"], seed=seed, **settings)[1]["rows"][0]["distances"] for seed in (1, 1, 5))
    assert first == again and first != other


def test_a_folder_runs_like_a_checkpoint(checkpoints) -> None:
    data = folder_as_zip(checkpoints["exportable"])
    settings = {"schedulers": ("DDIMScheduler",), "evaluations": (5,)}
    (_, ours, tiles), (_, theirs, again) = (run(source, **settings) for source in (checkpoints["exportable"], data))
    assert theirs["rows"][0]["mean"] == pytest.approx(ours["rows"][0]["mean"], abs=1e-4)
    assert np.abs(tiles["tiles"].astype(int) - again["tiles"].astype(int)).max() <= 1
    about = folder(next(event for event in folder_run(data) if isinstance(event, Snapshot)).arrays)
    assert about["shape"] == [1, 8, 8] and about["dataset"] == "digits" and about["prediction"] == "v_prediction"


def test_a_folder_of_unknown_data_is_held_against_its_own_fine_samples(checkpoints, tmp_path) -> None:
    import io
    import zipfile

    with zipfile.ZipFile(io.BytesIO(folder_as_zip(checkpoints["exportable"]))) as archive:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as copy:
            for name in archive.namelist():
                if name != "playground.json":
                    copy.writestr(name, archive.read(name))
    events, board, _ = run(out.getvalue(), schedulers=("DDIMScheduler",), evaluations=(5,))
    assert events[0].config["dataset"] == "" and "the model itself" in board["reference"]
    assert board["rows"][0]["n"] == 2 and board["floor"]["n"] == 2


def test_what_cannot_be_run_is_refused(checkpoints) -> None:
    for data, sentence in ((checkpoints["ae"], "needs a diffusion model"), (b"PK\x03\x04 nothing", "could not be opened")):
        with pytest.raises(ConfigError, match=sentence):
            next(arena_run(ArenaConfig(), data))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"schedulers": ()}, "1 to 60 names"),
        ({"schedulers": ["os.system"]}, "1 to 60 names"),
        ({"schedulers": "DDIMScheduler"}, "1 to 60"),
        ({"evaluations": (0,)}, "whole numbers from 1"),
        ({"evaluations": (2.5,)}, "whole numbers"),
        ({"evaluations": list(range(1, 20))}, "1 to 12"),
        ({"seeds": 0}, "seeds = 0 is refused"),
        ({"time_grid": "magic"}, "one of own, uniform_t, karras, log_snr"),
    ],
)
def test_settings_are_refused_in_sentences(settings: dict, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        ArenaConfig(**settings)


def test_settings_are_put_in_order() -> None:
    config = ArenaConfig(evaluations=[20, 5, 5], schedulers=["B", "A", "B"])
    assert config.evaluations == (5, 20) and config.schedulers == ("B", "A")


def test_the_reference_measures_the_energy_distance() -> None:
    generator = torch.Generator().manual_seed(0)
    x, y = torch.randn(60, 2, generator=generator), torch.randn(40, 2, generator=generator) + 0.5
    assert Reference.of(x, "").distance(y) == pytest.approx(float(energy_distance(y, x)), abs=1e-12)


def test_evaluations_are_counted_at_the_network() -> None:
    network = torch.nn.Linear(2, 2)
    calls = NetworkCalls(network)
    for _ in range(3):
        network(torch.zeros(5, 2))
    assert calls.rows == 15


def test_the_words_below_the_table_on_evaluations_a_step_are_what_is_measured(checkpoints) -> None:
    """Heun's last step is one of Euler's, so that it asks a little less than twice."""
    words = re.search(r"NFE is counted at the network: (.+?) ask twice a step; multistep methods \((.+?)\) ask once", TABLE)
    assert words is not None
    twice, once = words[1].split(" and "), words[2].split(", ")
    assert (twice, once) == (["Heun", "KDPM2"], ["DPM-Solver++", "UniPC"])
    names = ("HeunDiscreteScheduler", "KDPM2DiscreteScheduler", "DPMSolverMultistepScheduler", "UniPCMultistepScheduler")
    classes = scheduler_classes()[0]
    assert all(classes[name]().config.solver_order == 2 for name in names[2:])
    _, board, _ = run(checkpoints["points"], schedulers=names, evaluations=(20,), seeds=1)
    per_step = {row["name"]: row["nfe"] / row["steps"] for row in board["rows"]}
    assert {name: round(asked) for name, asked in per_step.items()} == dict(zip(names, (2, 2, 1, 1), strict=True))


def test_a_spread_needs_two_numbers_and_only_finite_ones() -> None:
    assert spread([]) == {"mean": None, "std": None, "n": 0} and spread([2.0]) == {"mean": 2.0, "std": None, "n": 1}
    assert spread([1.0, 3.0]) == {"mean": 2.0, "std": pytest.approx(2**0.5), "n": 2}
    assert spread([1.0, float("nan")])["mean"] is None


def test_who_may_take_part_is_a_job() -> None:
    *_, first, last = schedulers_run("rectified_flow")
    listed = schedulers(first.arrays)
    assert isinstance(last, Finished) and listed["schedule"] == "rectified_flow"
    assert len(listed["in"]) >= 20 and {entry["name"] for entry in listed["in"]} >= set(NAMES[:4])
    assert all(entry["reason"] for entry in listed["out"]) and "LCMScheduler" in {entry["name"] for entry in listed["out"]}


def test_a_model_of_points_keeps_its_units(checkpoints) -> None:
    model = open_model(checkpoints["points"], ArenaConfig(device="cpu"))
    assert model.shape == (2,) and not model.image and torch.equal(model.noise(4, 1), model.noise(4, 1))
    assert model.fresh(5, 0).shape == (5, 2) and isinstance(Arena(ArenaConfig(device="cpu"), model, 1), Arena)
