"""The forward process as a page gets it: tables that say what the schedules say, and examples as the model sees them."""

import json
import math

import numpy as np
import pytest
from test_views import raw

from playground.data import DATASETS, load_dataset
from playground.diffusion.noise import SCHEDULES
from playground.features.forward_process import service as served
from playground.features.forward_process.run import forward_run
from playground.features.forward_process.service import ScheduleTables
from playground.features.forward_process.view import IMAGES, POINTS, forward_data, one_of_each
from playground.runtimes import InProcessRuntime, RegistryError, RunRegistry
from playground.runtimes.jobs import first_arrays


@pytest.fixture(scope="module")
def arrays():
    return first_arrays(forward_run())


@pytest.fixture
def registry():
    registry = RunRegistry(InProcessRuntime(), sweep_seconds=None)
    yield registry
    registry.close()


def test_the_tables_are_the_schedules(arrays):
    t = arrays["times"]
    rows = dict(zip(SCHEDULES, zip(arrays["alpha"], arrays["sigma"], arrays["log_snr"])))
    assert t.shape == (201,) and t[0] == 0 and t[-1] == 1 and all(np.isfinite(row).all() for row in rows.values())
    inside = (t > 0.01) & (t < 0.99)
    for name, alpha, sigma in (
        ("cosine", np.cos(np.pi * t / 2), np.sin(np.pi * t / 2)),
        ("rectified_flow", 1 - t, t),
        ("variance_exploding", np.ones_like(t), 0.01 * 5000**t),
        ("linear", np.exp(-0.25 * t**2 * 19.9 - 0.05 * t), np.sqrt(1 - np.exp(-0.5 * t**2 * 19.9 - 0.1 * t))),
    ):
        np.testing.assert_allclose(rows[name][0][inside], alpha[inside], rtol=1e-4)
        np.testing.assert_allclose(rows[name][1][inside], sigma[inside], rtol=1e-4)
        np.testing.assert_allclose(rows[name][2][inside], 2 * np.log(alpha[inside] / sigma[inside]), rtol=1e-3, atol=1e-3)
        assert (np.diff(rows[name][2]) <= 0).all(), "the signal only falls"


def test_the_page_gets_tables_and_examples_and_the_tables_are_made_once(registry, monkeypatch):
    jobs = []
    run_job = registry.run_job
    monkeypatch.setattr(registry, "run_job", lambda task: jobs.append(task) or run_job(task))
    forward_process = ScheduleTables(registry).server_function()
    points, images = forward_process("moons"), forward_process("digits")
    json.dumps([points, images], allow_nan=False)
    assert jobs == [served.TASK]
    assert [s["name"] for s in points["schedules"]] == list(SCHEDULES) == list(served.SCHEDULES)
    cosine = raw(points["schedules"][1]["alpha"], "<f4")
    assert cosine[100] == pytest.approx(math.sqrt(0.5), abs=1e-6) and raw(points["times"], "<f4")[100] == 0.5
    assert points["kind"] == "points" and raw(points["data"], "<f4").shape == (2 * POINTS,)
    np.testing.assert_allclose(raw(points["data"], "<f4").reshape(-1, 2), load_dataset("moons").test.x[:POINTS])
    assert images["kind"] == "images" and raw(images["data"], "u1").shape == (IMAGES * 64,)


@pytest.mark.parametrize("dataset", ["nothing", None, 3, ["moons"], "__class__"])
def test_another_data_set_is_refused_in_a_sentence(registry, dataset):
    assert "There is no data set" in ScheduleTables(registry).server_function()(dataset)["error"]


def test_no_worker_no_tables_but_a_sentence(registry, monkeypatch):
    def full(task):
        raise RegistryError("Too many jobs.")
        yield

    monkeypatch.setattr(registry, "run_job", full)
    assert ScheduleTables(registry).server_function()("moons") == {"error": "Too many jobs."}


def test_images_are_one_of_each_class_and_their_variance_is_that_of_the_training_set():
    data, about = load_dataset("digits"), forward_data("digits")
    assert about["labels"] == [str(k) for k in range(10)] == list(data.label_names)
    x = data.train.x[:5000] / 127.5 - 1.0
    assert about["variance"] == pytest.approx(x.var(axis=0).mean(), rel=1e-9) and 0 < about["variance"] < 1
    assert forward_data("mixture")["variance"] == pytest.approx(1.0, abs=0.03)
    assert {forward_data(name)["kind"] for name in DATASETS if name != "fashion_mnist_full"} == {"points", "images"}


def test_one_of_each_takes_classes_in_turn():
    labels = np.array([2, 2, 0, 1, 0, 2, 1])
    assert one_of_each(labels, 3).tolist() == [2, 3, 0]
    assert one_of_each(labels, 5).tolist() == [2, 4, 3, 6, 0]
    assert sorted(one_of_each(labels, 50).tolist()) == list(range(7))
