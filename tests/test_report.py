"""A run as a report and as a film: they open anywhere, and what somebody wrote is text."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
from PIL import Image

from playground.config import AutoencoderConfig, ConfigError, DiffusionConfig, LatentDiffusionConfig, VAEConfig
from playground.features.take_away import film as films
from playground.features.take_away.forms import FORMS
from playground.features.take_away.numbers import with_error
from playground.features.take_away.report import report
from playground.features.take_away.scenes import scenes
from playground.runs.events import Snapshot
from playground.runtimes.kept import path_of, read
from playground.runtimes.moments import MomentHistory
from playground.runtimes.records import RunRecord

EVIL = {"name": "</script><img src=x onerror=alert(1)>", "notes": '<b>"&amp; {{ 7 }}'}


@pytest.fixture(scope="module")
def kept():
    return {tab: read(path_of(tab), tab) for tab in ("ae", "vae", "diffusion")}


def figures(page: str) -> list[dict]:
    return json.loads(re.search(r"const figures = (\[.*\]), config", page)[1])


@pytest.mark.parametrize("tab", ["ae", "vae", "diffusion"])
def test_a_report_says_what_was_measured_and_needs_nothing_from_elsewhere(kept, tab):
    record, page = kept[tab], report(kept[tab], EVIL)
    own = page.partition("<script>")[0] + page.rpartition("</script>")[0].rpartition("<script>")[2]
    assert not re.search(r"(?:src|href)=\"(?!data:)", own) and "default-src 'none'" in own
    term = {"ae": "mse", "vae": "neg_elbo", "diffusion": "denoising"}[tab]
    value = float(record.history[f"held_out/{term}"][1][-1])
    assert f"{value:.4g}" in own
    training = figures(page)[0]["data"][0]
    assert training["x"] == record.history[f"train/{term}"][0].tolist()
    assert training["y"] == pytest.approx(record.history[f"train/{term}"][1].tolist())


def test_what_somebody_wrote_is_text(kept):
    page = report(kept["ae"], EVIL)
    assert EVIL["name"] not in page and "&lt;/script&gt;&lt;img" in page and "&lt;b&gt;&#34;&amp;amp; {{ 7 }}" in page


def test_a_run_that_has_just_begun_has_a_report_too():
    config = VAEConfig(dataset="digits").model_dump()
    page = report(RunRecord("x", config=config, status="running"), {})
    assert "Running at step 0 of 3,000" in page and figures(page)[0]["data"] == []


def moments(arrays: dict[str, np.ndarray], n: int = 5) -> MomentHistory:
    return MomentHistory(tuple(Snapshot(step, arrays) for step in range(n)))


def record_of(config, **arrays) -> RunRecord:
    history = moments(arrays)
    return RunRecord("x", config=config.model_dump(), status="finished", step=4, snapshot=history.snapshots[-1], moments=history)


IMAGES = np.zeros((10, 3, 8, 8), np.uint8)
LATENT = LatentDiffusionConfig(dataset="digits", autoencoder=AutoencoderConfig(dataset="digits"))
SCENES = {
    "points": (record_of(DiffusionConfig(), trajectory=np.zeros((3, 40, 2), "f4")), ["samples"]),
    "images": (
        record_of(DiffusionConfig(dataset="digits"), samples=IMAGES[:, :1], way=IMAGES[None], expected=IMAGES[:1]),
        ["samples"],
    ),
    "latents": (record_of(LATENT, samples=IMAGES, trajectory=np.ones((3, 40, 2), "f4")), ["samples", "samples"]),
    "one number": (
        record_of(
            AutoencoderConfig(dataset="digits"),
            latent=np.ones((30, 1), "f4"),
            originals=IMAGES,
            reconstructions=IMAGES,
            errors=IMAGES / 255,
        ),
        ["held-out images and, below them, what comes back", "latent map"],
    ),
    "three numbers": (
        record_of(VAEConfig(dataset="digits"), latent=np.eye(30, 3, dtype="f4"), samples=IMAGES),
        ["samples", "latent map"],
    ),
}


@pytest.mark.parametrize("case", SCENES)
def test_every_kind_of_run_can_be_looked_at(case):
    record, titles = SCENES[case]
    found = scenes(record)
    assert [scene.title for scene in found] == titles
    assert all(scene.draw(record.snapshot).dtype == np.uint8 for scene in found)
    assert report(record, {}).count("<figure>") == 5 * len(titles)


@pytest.mark.parametrize("ending", ["gif", "webp", "mp4"])
def test_a_film_has_a_picture_for_every_moment(kept, ending, tmp_path):
    n = len(kept["vae"].moments.snapshots)
    if ending == "mp4":
        reader = pytest.importorskip("imageio_ffmpeg")
        (tmp_path / "film.mp4").write_bytes(films.film(kept["vae"], "map", ending))
        assert reader.count_frames_and_secs(tmp_path / "film.mp4")[0] == n + films.LAST // films.EACH
        return
    picture = Image.open(io.BytesIO(films.film(kept["vae"], "map", ending)))
    assert (picture.format.lower(), picture.n_frames) == (ending, n)


def test_films_are_bounded_and_refused_with_a_sentence(kept, monkeypatch):
    monkeypatch.setattr(films, "MOST", 1)
    assert Image.open(io.BytesIO(films.film(kept["vae"], "makes", "gif"))).n_frames == 2
    with pytest.raises(ConfigError, match="kept no moments"):
        films.film(replace(kept["vae"], moments=None, snapshot=None), "makes", "gif")
    monkeypatch.setattr(films.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="pip install imageio-ffmpeg"):
        films.film(kept["vae"], "makes", "mp4")


def test_numbers_have_as_many_decimals_as_their_spread():
    assert (
        with_error(37.7912, 0.7) == "37.79 ± 0.70"
        and with_error(-1.5, None) == "−1.5"
        and with_error(float("nan"), 1.0) == "not a number"
    )


def test_every_form_is_made_by_something_that_is_there():
    for form in FORMS.values():
        assert not form.make or find_spec(form.make.partition(":")[0])
