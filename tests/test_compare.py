"""Runs side by side: which belong together, in what they differ, whose losses mean the same, and what a column holds."""

from __future__ import annotations

import json
import time

import pytest
from pydantic import TypeAdapter
from shelved import shelved, written

from playground.compare.grouping import differing, groups, loss_key
from playground.compare.plan import Conductor, Job, Plan
from playground.compare.plans import EVALUATION_STEPS, kinds_of
from playground.compare.service import CompareService
from playground.compare.shape import CompareColumns
from playground.config import AutoencoderConfig, DiffusionConfig, LatentDiffusionConfig, SampleConfig, VAEConfig
from playground.page.service import SAMPLING
from playground.runtimes.links import watch_id

DEADLINE = 60.0
SMALL = {"dataset": "digits", "steps": 5, "width": 16, "depth": 1, "device": "cpu"}
AE, VAE = AutoencoderConfig(**SMALL), VAEConfig(**SMALL, latent_dim=3)
POINTS = DiffusionConfig(dataset="mixture", steps=3, width=16, depth=1, sampling_steps=3, device="cpu")


def plain(*configs):
    return [config.model_dump() for config in configs]


def test_runs_that_differ_by_nothing_but_the_seed_belong_together():
    other = AE.replace(seed=3, device="auto")
    assert groups(plain(AE, VAE, other, AE.replace(latent_dim=4), VAE.replace(seed=1))) == [[0, 2], [1, 4], [3]]
    latent = [LatentDiffusionConfig(dataset="digits", autoencoder=of) for of in (AE, other, AE.replace(width=32))]
    assert groups(plain(*latent)) == [[0, 1], [2]]


def test_settings_differ_where_two_runs_have_them_and_not_alike():
    found = differing(plain(AE, VAE.replace(seed=7), POINTS))
    differ = {row["name"]: row["values"] for row in found["differ"]}
    same = {row["name"]: row["values"] for row in found["same"]}
    assert differ["dataset"] == ["Digits", "Digits", "Eight Gaussians"] and differ["seed"] == ["0", "7", "0"]
    assert differ["latent_dim"] == ["2", "3", "–"] and same["width"] == ["16", "16", "16"]
    assert same["schedule"] == ["–", "–", "cosine"] and "device" not in differ | same and not differ.keys() & same.keys()


def test_the_settings_of_an_autoencoder_say_whose_they_are():
    found = differing(plain(*(LatentDiffusionConfig(dataset="digits", autoencoder=of) for of in (AE, AE.replace(width=32)))))
    assert [(row["label"], row["values"]) for row in found["differ"]] == [("Width (of its autoencoder)", ["16", "32"])]


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (AE, AE.replace(latent_dim=8), True),
        (AE, VAE, False),
        (AE, AE.replace(dataset="sprites"), False),
        (VAE, VAE.replace(likelihood="gaussian_learned"), True),
        (VAE, VAE.replace(likelihood="bernoulli"), False),
        (POINTS, POINTS.replace(width=32), True),
        (POINTS, POINTS.replace(parametrization="eps"), False),
        (POINTS, POINTS.replace(schedule="linear"), False),
    ],
)
def test_losses_stand_in_one_plot_only_where_they_mean_the_same(one, other, alike):
    first, second = map(loss_key, plain(one, other))
    assert (first == second) == alike


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with shelved(tmp_path_factory.mktemp("compare")) as service:
        yield service


@pytest.fixture(scope="module")
def trained(service):
    runs = [service.registry.start(config) for config in (AE, VAE, AE.replace(seed=1), POINTS)]
    written(service, *runs)
    return runs


@pytest.fixture
def compare(service):
    return CompareService(service)


def test_columns_are_as_declared_and_show_the_same_held_out_images(compare, trained):
    answer = compare.columns([trained, {}])
    TypeAdapter(CompareColumns).validate_json(json.dumps(answer, allow_nan=False), strict=True)
    assert answer["order"] == trained and answer["groups"] == [[0, 2], [1], [3]] and answer["gone"] == {}
    ae, vae, _, points = (answer["runs"][run] for run in trained)
    assert ae["originals"]["data"] == vae["originals"]["data"] and ae["reconstructions"]["data"] != vae["reconstructions"]["data"]
    assert "samples" not in ae and "no distribution" in ae["samples_are"] and vae["samples"]["shape"] == [24, 8, 8]
    assert ae["map"]["labels"] == vae["map"]["labels"] and "PCA of 3 dimensions" in vae["map"]["title"]
    assert [answer["runs"][run]["watch"] for run in trained] == [watch_id(run) for run in trained], "what a link to them is made of"
    assert points["map"]["samples"] and "originals" not in points and ae["picture"].startswith("pictures/")


def test_what_is_known_is_not_sent_again(compare, trained):
    versions = {run: column["version"] for run, column in compare.columns([trained, {}])["runs"].items()}
    again = compare.columns([trained, versions])
    assert again["runs"] == {} and again["order"] == trained


def test_what_is_gone_or_trains_nothing_is_left_out_with_a_sentence(compare, service, trained):
    drawing = service.registry.start(SampleConfig(n_samples=1), task=SAMPLING, checkpoint=b"")
    answer = compare.columns([[trained[0], "nothing", drawing], {}])
    assert answer["order"] == trained[:1]
    assert "not known here" in answer["gone"]["nothing"] and "trains no model" in answer["gone"][drawing]


@pytest.mark.parametrize("request_", [None, [], ["x"], [["x"] * 25, {}], [[3], {}], [["x"], []]])
def test_anything_else_is_refused(compare, request_):
    with pytest.raises(ValueError, match="A comparison is"):
        compare.columns(request_)


def test_all_that_may_be_compared_is_listed_and_images_of_dots_are_of_known_data(compare, trained):
    assert {run["run"] for run in compare.choices([])["runs"]} == set(trained)
    assert compare.sheet("digits")["sheet"]["sheet"].startswith("data:image/webp")
    for name in ("mixture", "nothing", None, 3):
        with pytest.raises(ValueError, match="no such images"):
            compare.sheet(name)


# --- begun together ------------------------------------------------------------------------------------------------------


def test_every_kind_that_the_data_allow_is_trained_and_then_measured(compare):
    assert kinds_of("digits") == ["ae", "vae", "diffusion", "latent_diffusion"] and "diffusion" in kinds_of("mixture")
    plan = compare.plans.all_four("digits", 2, {"latent_dim": 5, "steps": 7})
    trainings = [job for job in plan.jobs if job.trains]
    assert [job.title for job in trainings[:4]] == [
        "Autoencoder, Digits",
        "VAE, Digits",
        "Latent diffusion, Digits",
        "Diffusion, Digits",
    ]
    assert len(trainings) == 8 and trainings[2].needs is trainings[1] and trainings[6].needs is trainings[5]
    assert all(job.steps == 7 for job in trainings) and trainings[4].title.endswith(", seed 1")
    assert [job.needs for job in plan.jobs[8:]] == trainings and all(job.steps == EVALUATION_STEPS for job in plan.jobs[8:])
    assert plan.title == "All four on Digits"


def test_a_sweep_is_of_one_setting_and_each_value_once(compare):
    plan = compare.plans.sweep("vae", "beta", ["1", " 4", "1.0"], 2, {"dataset": "digits"})
    trainings = [job.title for job in plan.jobs if job.trains]
    assert trainings == ["VAE, Digits, β 1", "VAE, Digits, β 1, seed 1", "VAE, Digits, β 4", "VAE, Digits, β 4, seed 1"]
    assert len([job for job in compare.plans.sweep("ae", "seed", [0, 1, 2], 3).jobs if job.trains]) == 3


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        (["all_four", {"dataset": "nothing", "seeds": 1}], "no data of this name"),
        (["all_four", {"dataset": "digits", "seeds": 9}], "Seeds = 9 is refused"),
        (["all_four", {"dataset": "digits", "seeds": 1, "steps": "many"}], "steps = 'many' is refused"),
        (["all_four", {"dataset": "digits"}], "What is begun together"),
        (["sweep", {"model": "latent_diffusion", "setting": "steps", "values": [1], "seeds": 1}], "A sweep is of one of"),
        (["sweep", {"model": "ae", "setting": "self", "values": [1], "seeds": 1}], "over one setting"),
        (["sweep", {"model": "ae", "setting": "width", "values": ["x"], "seeds": 1}], "width = 'x' is refused"),
        (["sweep", {"model": "ae", "setting": "width", "values": [16], "seeds": 1}], "2 to 24 runs: these are 1"),
        (["sweep", {"model": "ae", "setting": "latent_dim", "values": [1, 99], "seeds": 1}], "latent_dim = 99 is refused"),
        (["evaluate", []], "no run to evaluate"),
        (["evaluate", ["nothing"]], "not known here"),
        ("all_four", "What is begun together"),
    ],
)
def test_what_cannot_be_begun_is_refused_before_anything_trains(compare, request_, sentence):
    before = len(compare.registry)
    with pytest.raises((ValueError, KeyError, RuntimeError)) as refused:
        compare.begin(request_)
    assert sentence in str(refused.value) and len(compare.registry) == before


def over(conductor, plan):
    deadline = time.monotonic() + DEADLINE
    while (status := conductor.status(plan))["state"] != "over":
        assert time.monotonic() < deadline, status
        time.sleep(0.02)
    return [(job["state"], job["message"]) for job in status["jobs"]]


def test_jobs_go_one_after_another_and_one_that_fails_stops_only_those_that_need_it(service):
    conductor, order = Conductor(service.registry, own=True), []

    def begin():
        order.append(service.registry.active)
        return service.registry.start(AE)

    def refuse():
        raise ValueError("No.")

    first = Job("first", begin, AE.steps)
    wrong = Job("wrong", refuse, 1)
    jobs = [first, wrong, Job("after it", begin, 1, needs=wrong), Job("last", begin, AE.steps, needs=first)]
    found = over(conductor, conductor.begin(Plan("all", jobs)))
    assert found == [("finished", ""), ("failed", "No."), ("failed", "It needs “wrong”, which has not finished."), ("finished", "")]
    assert order == [0, 0] and first.run and first.of == first.run


def test_a_stop_ends_the_run_that_goes_on_and_what_waits_never_begins(service):
    conductor = Conductor(service.registry, own=True)
    jobs = [Job(str(k), lambda: service.registry.start(AE.replace(steps=200_000)), 200_000) for k in range(2)]
    plan = conductor.begin(Plan("long", jobs))
    deadline = time.monotonic() + DEADLINE
    while not conductor.status(plan)["jobs"][0]["step"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    told = conductor.status(plan)
    assert told["state"] == "going on" and told["place"] == 0
    line = conductor.begin(Plan("short", [Job("third", lambda: service.registry.start(AE), AE.steps)]))
    assert (conductor.status(line)["state"], conductor.status(line)["place"]) == ("in line", 1)
    conductor.command(plan, "stop")
    assert [state for state, _ in over(conductor, plan)] == ["stopped", "stopped"] and not jobs[1].run
    assert over(conductor, line) == [("finished", "")]
    with pytest.raises(RuntimeError, match="not known here"):
        conductor.status("nothing")


@pytest.mark.slow
def test_what_is_measured_is_kept_with_the_run_and_old_once_it_has_gone_on(compare, service, trained):
    plan = compare.begin(["evaluate", trained[:1]])["plan"]
    assert over(compare.conductor, plan) == [("finished", "")]
    column = compare.columns([trained[:1], {}])["runs"][trained[0]]
    assert column["evaluated"] and column["samples"]["shape"][0] == 24 and "as if" in column["samples_are"]
    TypeAdapter(CompareColumns).validate_json(json.dumps(compare.columns([trained[:1], {}]), allow_nan=False), strict=True)
    again = CompareService(service).results.of(trained[0])
    assert again["rows"] == column["evaluation"]["rows"] and again["of_step"] == 5
    path = service.registry.store.shelf.folder(trained[0]) / "evaluation.npz"
    path.write_bytes(path.read_bytes()[:100])
    assert CompareService(service).results.of(trained[0]) is None
