"""The endpoints of a real server, driven by `gradio_client` as a script would."""

import base64
import io
import time
import zipfile
from pathlib import Path

import httpx
import numpy as np
import pytest
from gradio_client.exceptions import AppError

from playground.config import CONFIGS, SampleConfig, field_specs
from playground.features.registry import studies

AE = {"model": "ae", "dataset": "digits", "width": 32, "depth": 1}
VAE = AE | {"model": "vae"}
POINTS = {"model": "diffusion", "dataset": "moons", "width": 16, "depth": 1, "sampling_steps": 4}
IMAGES = {"model": "diffusion", "dataset": "digits", "width": 16, "depth": 1, "sampling_steps": 2, "batch_size": 16}
LONG = {"steps": 200_000}
SECONDS = 60
README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")


@pytest.fixture
def begin(client):
    """Starts trainings that would go on for long, returns their ids; they are stopped after the test."""
    begun = []

    def start(settings):
        job = client.submit(settings | LONG, api_name="/train")
        run = next(iter(job))["run"]
        begun.append((run, job))
        return run

    yield start
    for run, job in begun:
        client.predict(run, "stop", api_name="/command")
        assert job.result(SECONDS)["status"] == "stopped"


@pytest.fixture(scope="module")
def points(client):
    """The run of a small diffusion model of points, which has ended."""
    return client.predict(POINTS | {"steps": 5}, api_name="/train")["run"]


def until(client, run, condition):
    """The first status for which `condition` holds."""
    deadline = time.monotonic() + SECONDS
    while not condition(news := client.predict(run, api_name="/status")):
        assert time.monotonic() < deadline, news
        time.sleep(0.05)
    return news


def array(answer) -> np.ndarray:
    """The samples of an answer, as the README decodes them."""
    return np.frombuffer(base64.b64decode(answer["samples"]), answer["dtype"]).reshape(answer["shape"])


def taken(server: str, run: str, name: str, status: int = 200) -> httpx.Response:
    """A file of a run, or the refusal."""
    answer = httpx.get(f"{server}/runs/{run}/{name}", timeout=SECONDS)
    assert answer.status_code == status, answer.text
    return answer


def refused(client, *args, api_name) -> str:
    with pytest.raises(AppError) as caught:
        client.predict(*args, api_name=api_name)
    return str(caught.value)


def test_train_streams_its_progress(client):
    news = list(client.submit(VAE | {"steps": 600}, api_name="/train"))
    steps = [item["step"] for item in news]
    assert len(news) >= 3 and steps == sorted(steps) and steps[-1] == 600
    assert news[-1]["status"] == "finished" and len({item["run"] for item in news}) == 1
    losses = news[-1]["losses"]
    assert losses["held_out/neg_elbo"] == pytest.approx(losses["held_out/reconstruction"] + losses["held_out/kl"], rel=1e-5)


@pytest.mark.parametrize(
    "settings, request_, shape",
    [
        (POINTS, {"n_samples": 7, "sampling_steps": 3, "sampler": "heun"}, [7, 2]),
        (IMAGES, {"n_samples": 3, "sampling_steps": 2, "sampler": "ddpm"}, [3, 1, 8, 8]),
        (VAE, {"n_samples": 5}, [5, 1, 8, 8]),
    ],
    ids=["points", "images", "vae"],
)
def test_samples_are_drawn_while_a_model_trains(client, begin, settings, request_, shape):
    run = begin(settings)
    until(client, run, lambda news: news["step"] > 0)
    news = list(client.submit(run, request_, api_name="/sample"))
    assert news[-1]["status"] == "finished" and news[-1]["run"] != run and all("samples" not in item for item in news[:-1])
    samples = array(news[-1])
    assert list(samples.shape) == news[-1]["shape"] == shape and np.isfinite(samples).all()
    assert samples.dtype == (np.uint8 if len(shape) == 4 else np.float32)
    if len(shape) == 4:
        assert 0 <= samples.min() < samples.max() <= 255
    again = client.predict(run, request_ | {"sampling_seed": 1}, api_name="/sample")
    assert array(again).shape == samples.shape and again["samples"] != news[-1]["samples"]


def test_an_autoencoder_has_nothing_to_sample_from(client):
    run = client.predict(AE | {"steps": 5}, api_name="/train")["run"]
    assert "defines no distribution" in refused(client, run, {}, api_name="/sample")


def test_pause_resume_stop_continue(client, begin):
    run = begin(AE)
    until(client, run, lambda news: news["step"] > 0)
    client.predict(run, "pause", api_name="/command")
    paused = until(client, run, lambda news: news["status"] == "paused")
    assert client.predict(run, api_name="/status")["step"] == paused["step"]
    client.predict(run, "resume", api_name="/command")
    until(client, run, lambda news: news["status"] == "running" and news["step"] > paused["step"])
    client.predict(run, "stop", api_name="/command")
    stopped = until(client, run, lambda news: news["status"] == "stopped")
    assert "Stopped" in stopped["message"]
    client.predict(run, "continue", api_name="/command")
    until(client, run, lambda news: news["step"] > stopped["step"])


def test_a_live_setting_is_changed_and_others_are_refused(client, begin):
    run = begin(VAE)
    assert client.predict(run, {"learning_rate": 1e-4, "beta": 2}, api_name="/set") == {"ok": True}
    sentence = refused(client, run, {"width": 64}, api_name="/set")
    assert sentence == "width cannot be changed while a model trains: stop the run and start another."
    assert "learning_rate = 50" in refused(client, run, {"learning_rate": 50}, api_name="/set")


def test_a_setting_changed_live_reaches_the_loop(client, begin):
    run = begin(VAE)
    until(client, run, lambda news: news["losses"].get("held_out/kl", 0) > 0.5)
    client.predict(run, {"beta": 100}, api_name="/set")
    until(client, run, lambda news: news["losses"]["held_out/kl"] < 0.2)


@pytest.mark.parametrize("settings", [AE, VAE, POINTS], ids=["ae", "vae", "diffusion"])
def test_weights_leave_as_a_file_that_is_a_model(server, client, settings):
    import torch

    from playground import load_model
    from playground.runs.checkpoint import unpack

    run = client.predict(settings | {"steps": 12}, api_name="/train")["run"]
    data = taken(server, run, "weights.safetensors").content
    loaded, model = unpack(data), load_model(data, "cpu")
    assert loaded.step == 12 and loaded.config.model_dump().items() >= (settings | {"steps": 12}).items()
    assert all(torch.isfinite(parameter).all() for parameter in model.parameters())


def test_a_running_model_can_be_taken_away(server, client, begin):
    from playground.runs.checkpoint import unpack

    run = begin(AE)
    step = until(client, run, lambda news: news["step"] > 0)["step"]
    assert unpack(taken(server, run, "weights.safetensors").content).step >= step


def test_describe_lists_every_setting_with_its_bounds(client):
    described = client.predict(api_name="/describe")
    configs = {**CONFIGS, "sample": SampleConfig} | {name: study.settings for name, study in studies().items()}
    assert described.keys() == configs.keys()
    for name, config in configs.items():
        specs = field_specs(config)
        assert list(described[name]) == list(specs)
        for field, spec in specs.items():
            default = list(spec.default) if isinstance(spec.default, tuple) else spec.default  # JSON knows no tuples
            assert described[name][field]["default"] == default and described[name][field]["help"]
            assert (described[name][field]["low"], described[name][field]["high"]) == (spec.low, spec.high)


@pytest.mark.parametrize(
    "settings, words",
    [
        (AE | {"learning_rate": 50}, "learning_rate = 50 is refused: it must be a number from 1e-06 to 10."),
        (AE | {"steps": 0}, "steps = 0 is refused: it must be a whole number from 1 to 200000."),
        (AE | {"dataset": "cats"}, "dataset = 'cats' is refused: it must be one of "),
        (AE | {"colour": "red"}, "colour is not a setting here"),
        ({"model": "gan"}, "model = 'gan' is unknown: it must be one of ae, vae, diffusion, latent_diffusion."),
        ({}, "model = None is unknown"),
        (None, "Settings are given by name"),
        ("vae", "Settings are given by name"),
        ([["model", "vae"]], "Settings are given by name"),
        ({"model": ["vae"]}, "model = ['vae'] is unknown"),
        (AE | {"self": 1}, "self is not a setting here"),
        (AE | {"steps": "9" * 10**6}, "is refused: it must be a whole number from 1 to 200000."),
    ],
)
def test_bad_settings_are_refused_in_a_sentence(client, settings, words):
    assert words in refused(client, settings, api_name="/train")


@pytest.mark.parametrize("settings", [{"self": 1}, [1], 3, "words", None, {"x" * 10**6: 1}], ids=lambda value: repr(value)[:12])
@pytest.mark.parametrize("api_name", ["/set", "/sample", "/study"])
def test_settings_of_every_endpoint_are_refused_in_a_sentence(client, points, api_name, settings):
    which = ("arena",) if api_name == "/study" else ()
    sentence = refused(client, points, *which, settings, api_name=api_name)
    assert "is not a setting here" in sentence or "Settings are given by name" in sentence
    assert len(sentence) < 2000


@pytest.mark.parametrize("api_name, rest", [("/status", ()), ("/command", ("stop",)), ("/set", ({},)), ("/sample", ({},))])
@pytest.mark.parametrize("run", ["nothing", "", None, 3, {"a": [1]}, "x" * 10_000], ids=lambda run: repr(run)[:12])
def test_an_unknown_run_is_said_to_be_unknown(client, api_name, rest, run):
    assert "not known here" in refused(client, run, *rest, api_name=api_name)


def test_what_is_no_training_has_no_live_settings_and_no_samples(client, points):
    drawing = client.predict(points, {"n_samples": 2}, api_name="/sample")["run"]
    for api_name, which in (("/set", ()), ("/sample", ()), ("/study", ("arena",))):
        assert "trains no model" in refused(client, drawing, *which, {}, api_name=api_name)


def test_unknown_commands_are_refused(client):
    assert "pause, resume, stop, continue" in refused(client, "nothing", "explode", api_name="/command")
    assert "pause, resume, stop, continue" in refused(client, "nothing", {"a": 1}, api_name="/command")


def test_a_model_leaves_as_a_folder_that_diffusers_loads(server, client):
    settings = IMAGES | {"network": "unet2d", "steps": 5}
    *_, end = client.submit(settings, api_name="/train")
    archive = zipfile.ZipFile(io.BytesIO(taken(server, end["run"], "diffusers.zip").content))
    assert {"model_index.json", "unet/config.json", "unet/diffusion_pytorch_model.safetensors"} <= set(archive.namelist())


def test_what_cannot_leave_is_refused_in_a_sentence(server, client):
    *_, end = client.submit(AE | {"steps": 5}, api_name="/train")
    assert "Only a diffusion model" in taken(server, end["run"], "diffusers.zip", 409).json()["error"]
    assert "known are weights.safetensors, script.zip" in taken(server, end["run"], "run.json", 404).json()["error"]
    for run in ("nothing", "%2e%2e", "x" * 5000):
        for name in ("weights.safetensors", "diffusers.zip"):
            assert "not known here" in taken(server, run, name, 404).json()["error"]


def test_the_example_of_the_readme_works_as_it_stands(server, client):
    section = README.partition("## The same through the running app\n")[2]
    code = section.partition("```python\n")[2].partition("```")[0]
    names = {}
    exec(code.replace("http://127.0.0.1:7860", server).replace('"steps": 500', '"steps": 20'), names)
    assert names["samples"].shape == (16, 2) and sum(p.numel() for p in names["model"].parameters()) > 0


STUDIES = {
    "arena": (POINTS, {"schedulers": ["DDIMScheduler", "LCMScheduler"], "evaluations": [4], "n_samples": 50, "seeds": 2}),
    "bounds": (VAE, {"n_examples": 3, "importance_samples": 50}),
    "likelihood": (POINTS, {"n_examples": 4, "bound_draws": 2}),
    "comparison": (AE, {"steps": 1, "n_samples": 4, "width": 16, "sampling_steps": 1}),
    "evaluation": (AE, {"n_samples": 20, "draws": 2}),
    "reflow": (POINTS | {"schedule": "rectified_flow"}, {"steps": 2, "pairs": 20, "ode_steps": 2}),
}


def measured(client, name, *others):
    """The last answer of a study of a small model, after a look at those before it."""
    model, settings = STUDIES[name]
    run = client.predict(model | {"steps": 20}, api_name="/train")["run"]
    *news, last = client.submit(run, name, settings, *others, api_name="/study")
    assert last["status"] == "finished" and last["run"] != run and all("results" not in item for item in news)
    return last["results"]


@pytest.mark.slow
def test_the_arena_ends_with_its_rows(client):
    results = measured(client, "arena")
    assert [(row["title"], row["nfe"], row["n"]) for row in results["rows"]] == [("DDIM", 4, 2)]
    assert results["left_out"][0]["name"] == "LCMScheduler" and results["floor"]["n"] == 2


@pytest.mark.slow
def test_every_other_study_ends_with_its_numbers(client):
    bounds = measured(client, "bounds")["bounds"]
    assert bounds["n"] == 3 and {"elbo", "iwae_5", "importance"} <= {row["name"]: row["mean"] for row in bounds["rows"]}.keys()
    likelihood = measured(client, "likelihood")["likelihood"]
    assert likelihood["n"] == 4 and all(np.isfinite(row["nats"]) for row in likelihood["rows"])
    vae = client.predict(VAE | {"steps": 20}, api_name="/train")["run"]
    comparison = measured(client, "comparison", {"vae": vae})["comparison"]
    assert all(row["distance"] is not None and "tiles" not in row for row in comparison["rows"]) and comparison["n"] == 4
    reflow = measured(client, "reflow")["reflow"]
    assert reflow["before"]["straightness"][0] > 0 and reflow["after"]["distance"].keys() == reflow["before"]["distance"].keys()
    evaluation = {row["name"]: row for row in measured(client, "evaluation")["evaluation"]["rows"]}
    assert evaluation["frechet"]["value"] > 0 and "no p(x)" in evaluation["log_p"]["why"]
    assert set(STUDIES) == set(studies())


def test_what_cannot_be_studied_is_refused_in_a_sentence(client, points):
    assert "known are arena, bounds" in refused(client, points, "nothing", {}, api_name="/study")
    assert "takes vae beside the run" in refused(client, points, "comparison", {}, api_name="/study")
    assert "whole numbers" in refused(client, points, "arena", {"evaluations": [0]}, api_name="/study")
    *_, last = client.submit(points, "bounds", {}, api_name="/study")
    assert last["status"] == "failed" and "VAE" in last["message"] and last["results"] == {}
