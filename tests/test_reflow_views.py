"""What the page is told of reflow and of a latent diffusion: payloads that a page can read, from the arrays of snapshots."""

from __future__ import annotations

import json

import numpy as np
import pytest

from playground.data import load_dataset
from playground.features.latent_diffusion.view import OF_LATENTS, latent_diffusion_views
from playground.features.reflow.view import reflow_views
from playground.runs.events import Snapshot
from playground.runs.tasks import film
from playground.runtimes.records import RunRecord

RNG = np.random.default_rng(0)
DISTANCES = {"1": [0.5, 0.01], "2": [0.1, 0.01], "4": [0.01, 0.001], "8": [0.0, 0.001], "16": [-0.001, 0.001]}
SIDE = {"straightness": [0.9, 0.01], "relative": 2.0, "distance": DISTANCES}


class Memory:
    """The payloads of the picture before."""

    def __init__(self, **before) -> None:
        self.before = before

    def previous(self, name: str):
        return self.before.get(name)


def record(arrays: dict, dataset: str, active: bool = True, **numbers) -> RunRecord:
    if numbers:
        arrays = arrays | {"numbers": np.frombuffer(json.dumps(numbers).encode(), np.uint8)}
    return RunRecord("run", {"dataset": dataset}, "running" if active else "finished", snapshot=Snapshot(7, arrays))


def study(kind: str, arrays: dict, dataset: str, **changes) -> dict:
    numbers = {
        "phase": "training",
        "kind": kind,
        "before": SIDE,
        "after": None,
        "floor": [0.0, 0.001],
        "pairs": 10,
        "ode_steps": 5,
        "n": 9,
        "repeats": 5,
    }
    views = reflow_views(Memory(), record(arrays, dataset, **numbers | changes))
    json.dumps(views, allow_nan=False)
    return views


def test_points_have_paths_on_axes_that_do_not_move() -> None:
    before = RNG.normal(size=(33, 120, 2)).astype("f4")
    first = study("points", {"paths_before": before}, "mixture")
    later = study("points", {"paths_before": before, "paths_after": before * 0.5}, "mixture", after=SIDE)
    assert first["reflow_paths"]["view"] == later["reflow_paths"]["view"] and "after" not in first["reflow_paths"]
    assert (later["reflow_paths"]["T"], later["reflow_paths"]["n"]) == (33, 120) and later["reflow_paths"]["after"]
    assert first["reflow"]["phase"] == "training on the pairs" and "reflow_tiles" not in first
    low, high = (np.array(first["reflow_paths"]["view"][end]) for end in ("lo", "hi"))
    data = load_dataset("mixture").test.x[:800]
    assert (data >= low).all() and (data <= high).all() and (before[[0, -1]] >= low).all() and (before[[0, -1]] <= high).all()


def test_images_have_rows_of_few_steps_before_above_after() -> None:
    tiles = RNG.integers(0, 255, (5, 10, 1, 8, 8), dtype=np.uint8)
    rows = study("images", {"tiles_before": tiles, "tiles_after": tiles[:2]}, "digits", after=SIDE)["reflow_tiles"]["rows"]
    assert [(row["title"], row["note"]) for row in rows] == [
        ("1 Euler step", "before reflow"),
        ("1 Euler step", "after reflow"),
        ("2 Euler steps", "before reflow"),
        ("2 Euler steps", "after reflow"),
        ("4 Euler steps", "before reflow"),
    ]


def test_every_phase_has_words() -> None:
    for phase in ("measuring before", "pairs", "training", "measuring after"):
        assert study("points", {}, "mixture", phase=phase)["reflow"]["phase"]
    assert study("points", {}, "mixture", phase="done")["reflow"]["phase"] == ""


@pytest.fixture
def latent() -> dict:
    images = RNG.integers(0, 255, (12, 25, 1, 8, 8), dtype=np.uint8)
    return {
        **film(np.linspace(1, 0, 12), images, images, decoded=True),
        "trajectory": RNG.normal(size=(21, 300, 2)),
        "trajectory_times": np.linspace(1, 0, 21),
        "latents": RNG.normal(size=(355, 2)),
    }


def test_a_latent_diffusion_shows_images_and_particles(latent) -> None:
    views = latent_diffusion_views(Memory(), record(latent, "digits"))
    assert set(views) == {"samples", "strip", "latent_particles", "latent_particles_static"}
    moving, still = views["latent_particles"], views["latent_particles_static"]
    assert (moving["T"], moving["n"], moving["mode"]) == (21, 300, "live") and still["m"] == 355 and len(still["label_names"]) == 10
    again = latent_diffusion_views(Memory(**views), record(latent, "digits", active=False))
    assert "latent_particles_static" not in again and again["latent_particles"]["mode"] == "final"
    assert again["latent_particles"]["view"] == moving["view"]


def test_without_a_plane_there_are_images_alone(latent) -> None:
    flat = {name: value for name, value in latent.items() if name not in OF_LATENTS}
    assert set(latent_diffusion_views(Memory(), record(flat, "digits"))) == {"samples", "strip"}
