"""Pictures of a diffusion model and of its likelihood: classes named, examples to pick from, numbers with their errors."""

import json
from dataclasses import replace

import numpy as np
import pytest
from test_frames import begun, shown
from test_views import raw

from playground.data import load_dataset
from playground.features.likelihood.settings import LikelihoodConfig
from playground.features.samples.view import PICKED, diffusion_views, points_static, samples_grid, strip
from playground.page.frames import RunViews
from playground.runs.events import Snapshot, Started
from playground.runs.tasks import film
from playground.runtimes import RunRecord


def with_labels(kind: str, labels) -> RunRecord:
    record = shown(begun(kind), 10, kind)
    arrays = record.snapshot.arrays | {"sample_labels": np.asarray(labels)}
    return replace(record, snapshot=Snapshot(10, arrays))


def test_particles_of_a_conditional_model_carry_their_classes():
    labels = np.arange(30) % 2
    payload = diffusion_views(RunViews(), with_labels("points", labels))["particles"]
    assert raw(payload["labels"], "u1").tolist() == labels.tolist()
    assert "labels" not in diffusion_views(RunViews(), shown(begun("points"), 10, "points"))["particles"]


def test_samples_of_a_conditional_model_are_named():
    grid = diffusion_views(RunViews(), with_labels("images", np.repeat(np.arange(10), 3)))["samples"]
    assert grid["rows"][0]["notes"] == [str(k) for k in range(10)] * 3 and grid["columns"] == 10 and grid["rows"][0]["n"] == 30
    assert "notes" not in diffusion_views(RunViews(), shown(begun("images"), 10, "images"))["samples"]["rows"][0]


def test_samples_in_colour_keep_it_on_their_way():
    images = np.arange(5 * 3 * 4 * 4, dtype="u1").reshape(5, 3, 4, 4)
    grid = samples_grid(film(np.array([1.0, 0.0]), np.stack([images[::-1], images]), np.stack([images] * 2)), 10, "digits")
    assert (grid["h"], grid["w"]) == (4, 4)
    assert np.array_equal(raw(grid["rows"][0]["data"], "u1").reshape(5, 4, 4, 3), images.transpose(0, 2, 3, 1))
    assert np.array_equal(raw(grid["film"]["data"][0], "u1").reshape(5, 4, 4, 3), images[::-1].transpose(0, 2, 3, 1))


@pytest.mark.parametrize("labels", [[2, 2, 7, 7], [7, 2, 7, 2]])
def test_one_of_few_classes_has_a_row_and_the_tiles_move_with_their_names(labels):
    images = np.array(labels, "u1")[:, None, None, None].repeat(4, 2).repeat(4, 3)
    noise, times = np.full_like(images, 255) - images, np.array([1.0, 0.0])
    way = np.stack([noise, images])
    grid = samples_grid(film(times, way, way) | {"sample_labels": np.array(labels)}, 10, "digits")
    assert grid["columns"] == 2 and grid["rows"][0]["notes"] == ["2", "2", "7", "7"]
    assert raw(grid["rows"][0]["data"], "u1").reshape(4, 16)[:, 0].tolist() == [2, 2, 7, 7]
    assert grid["film"]["times"] == [1.0, 0.0] and raw(grid["film"]["data"][0], "u1").reshape(4, 16)[:, 0].tolist() == [
        253,
        253,
        248,
        248,
    ]


def test_the_slider_is_there_where_the_way_of_all_is_kept():
    way = np.random.default_rng(0).integers(0, 255, (3, 5, 1, 4, 4), dtype=np.uint8)
    all_, few = (film(np.array([1.0, 0.5, 0.0]), way, way) | {"samples": samples} for samples in (way[-1], way[-1].repeat(2, 0)))
    grid = samples_grid(all_, 1, "digits")
    assert grid["film"]["data"][-1] == grid["rows"][0]["data"] != grid["film"]["data"][0]
    assert "film" not in samples_grid(few, 1, "digits"), "of many samples the first alone are kept on their way"


@pytest.mark.parametrize("decoded", [False, True])
def test_one_sample_is_shown_above_what_is_expected_of_it(decoded):
    way = np.zeros((2, 3, 1, 4, 4), np.uint8)
    way[1, 2], expected = 200, way + np.array([1, 2, 3], "u1")[:, None, None, None]
    rows = strip(film(np.array([1.0, 0.0]), way, expected, decoded), 1)["rows"]
    followed = 2 if decoded else 0
    assert raw(rows[0]["data"], "u1")[0] == (200 if decoded else 0) and raw(rows[1]["data"], "u1")[-1] == followed + 1


def test_held_out_images_to_pick_from_are_where_their_index_says():
    still, data = points_static("digits")["lab_static"], load_dataset("digits")
    labels = raw(still["labels"], "u1")
    assert len(still["indices"]) == PICKED == len(labels) and len(set(still["indices"])) == PICKED
    assert (data.test.labels[still["indices"]] == labels).all() and set(labels) == set(range(10))
    assert still["tile"] == [8, 8] and still["sheet"].startswith("data:image/")
    assert points_static("moons").keys() == {"particles_static"}


def likelihood(**changes) -> RunRecord:
    rows = [
        {
            "name": "ode",
            "label": "ODE",
            "nats": -1.3,
            "nats_se": 0.1,
            "bits": None,
            "bits_se": None,
            "difference": -0.05,
            "difference_se": 0.01,
        },
        {"name": "true", "label": "truth", "nats": -1.25, "nats_se": float("nan"), "bits": None, "bits_se": None},
    ]
    values = np.array([-1.0, -1.6, np.inf], "f4")
    arrays = {
        "log_p": values,
        "log_p_std": np.zeros(3, "f4"),
        "bound": values - 1,
        "bound_std": np.ones(3, "f4"),
        "true": values,
        "summary": np.frombuffer(json.dumps(rows).encode(), np.uint8),
    }
    config = LikelihoodConfig().model_dump() | {"dataset": "mixture", "steps": 256}
    started = Started(config, 10, "cpu")
    record = RunRecord("run", config, status="running", started=started, started_version=1)
    return replace(record, version=2, step=3, snapshot=Snapshot(3, arrays | changes), snapshot_version=2)


def test_a_likelihood_study_is_means_with_errors_and_each_example():
    frame = RunViews().frame(likelihood(), 0, True, True)
    json.dumps(frame, allow_nan=False)
    payload = frame["views"]["likelihood"]
    ode, true = payload["rows"]
    assert (ode["nats"], ode["nats_se"], ode["difference"], ode["role"]) == (-1.3, 0.1, -0.05, "posterior")
    assert true["nats_se"] is None and true["difference"] is None and true["role"] == "evidence"
    assert payload["n"] == 3 and payload["each"].keys() == {"ode", "bound", "true"}
    np.testing.assert_allclose(raw(payload["each"]["bound"], "<f4")[:2], [-2.0, -2.6], rtol=1e-6)


@pytest.mark.parametrize(
    ("bits", "ending"), [(None, ""), (4.9, "as on the VAE’s tab."), (8.1, "than no model at all: train for longer.")]
)
def test_nats_of_images_say_their_unit_and_too_many_bits_are_explained(bits, ending):
    rows = [{"name": "ode", "label": "ODE", "nats": 1.0, "nats_se": 0.1, "bits": bits, "bits_se": None}]
    payload = RunViews().frame(likelihood(summary=np.frombuffer(json.dumps(rows).encode(), np.uint8)), 0, True, True)["views"][
        "likelihood"
    ]
    assert payload["unit"].endswith(ending) and bool(payload["unit"]) == (bits is not None)


def test_where_the_truth_is_unknown_it_is_not_shown():
    record = likelihood()
    arrays = {name: value for name, value in record.snapshot.arrays.items() if name != "true"}
    payload = RunViews().frame(replace(record, snapshot=Snapshot(3, arrays)), 0, True, True)["views"]["likelihood"]
    assert payload["each"].keys() == payload["spread"].keys() == {"ode", "bound"}


@pytest.mark.parametrize("role", ["posterior", "prior", "evidence"])
def test_roles_have_a_colour(role):
    from playground.views.colours import ROLES

    assert role in ROLES
