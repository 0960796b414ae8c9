"""A latent diffusion from the page and the API: its source, its data, going on, forks, and sentences where something is
missing."""

from __future__ import annotations

import time

import pytest

from playground.config import ConfigError
from playground.page.diffuse_in import DiffuseIn, describe
from playground.page.frames import status
from playground.page.service import Service
from playground.runtimes import UnknownRun
from playground.runtimes.inprocess import InProcessRuntime
from playground.runtimes.links import watch_id
from playground.ui.following import run_of

TINY = {"dataset": "digits", "steps": 30, "batch_size": 32, "width": 16, "depth": 1, "sampling_steps": 2}
LATENT = {"model": "latent_diffusion"} | TINY


@pytest.fixture(scope="module")
def service():
    service = Service(InProcessRuntime(), device="cpu", sweep_seconds=None)
    yield service
    service.registry.close()


def ended(service: Service, run: str):
    deadline = time.monotonic() + 60
    while service.registry.get(run).active:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    record = service.registry.get(run)
    assert record.status in ("finished", "stopped"), record.message
    return record


@pytest.fixture(scope="module")
def source(service) -> str:
    values = {name: value for name, value in TINY.items() if name != "sampling_steps"}
    run = service.train({"model": "vae", "latent_dim": 2, **values})
    ended(service, run)
    return run


@pytest.fixture(scope="module")
def latent(service, source) -> str:
    run = service.train(LATENT | {"source": source})
    ended(service, run)
    return run


def test_a_source_is_a_run(service, source, latent) -> None:
    record = service.registry.get(latent)
    assert record.config["autoencoder"] == service.registry.get(source).config and record.status == "finished"
    assert "samples" in record.snapshot.arrays and "trajectory" in record.snapshot.arrays
    assert set(service.views(latent).frame(record, 0, False, True)["views"]) >= {"samples", "strip", "curves", "latent_particles"}


def test_its_past_can_be_shown_and_gone_on_from(service, source, latent) -> None:
    past = service.views_of_past(latent, 0)
    assert {"samples", "latent_particles", "latent_particles_static"} <= set(past["views"]) and past["replay"] == 0
    fork = service.fork(latent, 30, {"steps": 40, "width": 64, "dataset": "mixture"})
    record = ended(service, fork)
    assert record.step == 40 and record.config["model"] == "latent_diffusion" and record.config["width"] == 16
    assert record.config["autoencoder"] == service.registry.get(source).config


def test_it_draws_samples(service, latent) -> None:
    record = ended(service, service.sample(latent, {"n_samples": 5, "sampling_steps": 2}))
    assert record.snapshot.arrays["samples"].shape == (5, 1, 8, 8)


def test_the_data_are_those_of_the_source(service, source) -> None:
    values = {name: value for name, value in LATENT.items() if name != "dataset"}
    assert ended(service, service.train(values | {"source": source})).config["dataset"] == "digits"
    with pytest.raises(ConfigError, match="the source was trained on 'digits'"):
        service.train(LATENT | {"source": source, "dataset": "sprites"})


def test_refusals(service, source, latent) -> None:
    with pytest.raises(ConfigError, match="name the run of one as source"):
        service.train(LATENT)
    with pytest.raises(ConfigError, match="must be the run of an autoencoder or a VAE"):
        service.train(LATENT | {"source": latent})
    with pytest.raises(UnknownRun):
        service.train(LATENT | {"source": "nobody"})
    with pytest.raises(UnknownRun):
        service.train(LATENT | {"source": ["a list"]})
    for study in ("reflow", "likelihood"):
        with pytest.raises(ConfigError, match="train one that diffuses in the data"):
            service.study(study, latent, {})


def test_what_is_measured_says_what_it_is_of(service, source, latent) -> None:
    """A study of two models names both, fresh samples the one that they are drawn from, each with the step of the weights taken."""
    study, drawn = service.study("comparison", source, {"steps": 1}, {"vae": source}), service.sample(latent, {"n_samples": 4})
    for run, wanted in ((study, [source, source]), (drawn, [latent])):
        frame = status(service.registry.get(run))
        assert [origin["run"] for origin in frame["of"]] == list(map(watch_id, wanted)) and frame["about"] == ""
        for origin in frame["of"]:
            record = service.registry.get(origin["run"])
            assert origin["step"] == record.config["steps"] == record.step and origin["model"] == record.config["model"]
            assert origin["about"] == status(record)["about"] and status(record)["of"] == []
    assert status(service.registry.get(source))["about"] == "VAE, Digits"
    assert status(service.registry.get(latent))["about"] == "latent diffusion, Digits"


def test_the_comparison_takes_two_runs(service, source) -> None:
    record = None
    run = service.study("comparison", source, {"steps": 1}, {"vae": source})
    deadline = time.monotonic() + 60
    while (record := service.registry.get(run)).active and time.monotonic() < deadline:
        time.sleep(0.02)
    assert record.status == "failed" and "autoencoder and that of a VAE" in record.message


def test_the_choice_on_the_page(service, source, latent) -> None:
    where = DiffuseIn(service)
    with pytest.raises(ConfigError, match="no VAE on tab 2 yet: train one there first"):
        where.start(TINY | {"diffuse_in": "vae"}, {"ae": source})
    with pytest.raises(ConfigError, match="no longer kept here"):
        where.start(TINY | {"diffuse_in": "vae"}, {"vae": "forgotten"})
    run = where.start(TINY | {"dataset": "mixture", "network": "unet", "diffuse_in": "vae"}, {"vae": source})
    assert ended(service, run).config["dataset"] == "digits"
    plain = where.start(TINY | {"dataset": "mixture", "diffuse_in": "data"}, {})
    with pytest.raises(ConfigError, match="must be one of data, ae, vae"):
        where.start(TINY | {"diffuse_in": ["ae"]}, {"ae": source})
    assert ended(service, plain).config["model"] == "diffusion"
    assert "2 numbers per example" in describe("vae", service.registry.get(source).config)


def test_what_a_page_says_it_follows_may_be_anything() -> None:
    assert run_of({"ae": "x"}, "ae") == "x"
    assert all(run_of(channels, "ae") is None for channels in (None, [], "ae", {"ae": 3}, {"ae": ""}, {"vae": "x"}))
