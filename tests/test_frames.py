"""Frames: what a page is sent of a run's record, once and only once, and as strict JSON."""

import base64
import json
from dataclasses import replace

import numpy as np
import pytest

from playground.config import AutoencoderConfig, DiffusionConfig, SampleConfig, VAEConfig
from playground.measures.projection import Embedding, pca
from playground.page import frames
from playground.page.frames import RunViews
from playground.runs.events import Progress, Snapshot, Started
from playground.runs.tasks import film
from playground.runtimes import RunRecord
from playground.runtimes.projector import Embedded

RNG = np.random.default_rng(3)
CONFIGS = {
    "ae": AutoencoderConfig(dataset="digits", steps=1000).model_dump(),
    "vae": VAEConfig(dataset="digits", steps=1000).model_dump(),
    "points": DiffusionConfig(dataset="moons", steps=1000).model_dump(),
    "images": DiffusionConfig(dataset="digits", steps=1000).model_dump(),
    "samples": SampleConfig(n_samples=30).model_dump() | {"dataset": "moons"},
    "image samples": SampleConfig(n_samples=30).model_dump() | {"dataset": "digits"},
}
VIEWS = {
    "ae": {"map", "images", "curves", "terms"},
    "vae": {"map", "images", "curves", "samples", "samples_drawn", "terms", "rate"},
    "points": {"particles", "curves"},
    "images": {"samples", "strip", "curves"},
    "samples": {"particles"},
    "image samples": {"samples", "strip"},
}
STATIC = {
    "ae": {"map_static"},
    "vae": {"map_static"},
    "points": {"particles_static"},
    "samples": {"particles_static"},
    "images": {"lab_static"},
    "image samples": {"lab_static"},
}


def tiles(n, kind=np.uint8):
    return (RNG.random((n, 1, 8, 8)) * 255).astype(kind)


def arrays(kind, dims=2):
    autoencoder = {
        "latent": RNG.normal(size=(60, dims)),
        "originals": tiles(10),
        "reconstructions": tiles(10),
        "errors": RNG.random((10, 1, 8, 8)),
    }
    times = np.linspace(1, 0, 5, dtype="f4")
    if kind in ("ae", "vae"):
        return autoencoder | ({"samples": tiles(32), "drawn": tiles(32)} if kind == "vae" else {})
    if kind in ("images", "image samples"):
        return film(times, tiles(150).reshape(5, 30, 1, 8, 8), tiles(150).reshape(5, 30, 1, 8, 8))
    return {"trajectory": RNG.normal(size=(5, 30, 2)), "times": times}


def losses(kind):
    names = {"ae": ["mse"], "vae": ["neg_elbo", "reconstruction", "kl", "mse"], "points": ["denoising"], "images": ["denoising"]}
    return {f"{split}/{name}": RNG.random() * 50 for split in ("train", "held_out") for name in names.get(kind, [])}


def begun(kind) -> RunRecord:
    """A record of version 1 that has started."""
    started = Started(CONFIGS[kind], 1234, "cpu")
    return RunRecord("run", CONFIGS[kind], status="running", started=started, started_version=1)


def shown(record, step, kind, **changes) -> RunRecord:
    """The next record, with a picture."""
    version = record.version + 1
    return replace(record, version=version, step=step, snapshot=Snapshot(step, arrays(kind, **changes)), snapshot_version=version)


def read(record, step, values) -> RunRecord:
    """The next record, with a reading of the losses."""
    version = record.version + 1
    history = {
        name: (np.append(record.history.get(name, ([], []))[0], step), np.append(record.history.get(name, ([], []))[1], value))
        for name, value in values.items()
    }
    progress = Progress(step, step / 100, values, 100.0, 1e-3)
    return replace(record, version=version, step=step, progress=progress, history=history, history_version=version)


def full(kind) -> RunRecord:
    return shown(read(begun(kind), 10, losses(kind)), 10, kind)


@pytest.fixture(autouse=True)
def curves_at_once(monkeypatch):
    monkeypatch.setattr(frames, "CURVES_EVERY", 0.0)


@pytest.mark.parametrize("kind", CONFIGS)
def test_the_first_frame_has_everything(kind):
    frame = RunViews().frame(full(kind), 0, False, True)
    assert frame["views"].keys() == VIEWS[kind] | STATIC.get(kind, set())
    assert frame["config"] == CONFIGS[kind] and frame["n_parameters"] == 1234 and frame["device"] == "cpu"


@pytest.mark.parametrize("kind", CONFIGS)
def test_frames_are_strict_json(kind):
    record = full(kind)
    json.dumps(RunViews().frame(record, 0, False, True), allow_nan=False)
    broken = {
        name: np.full_like(array, np.nan) if array.dtype.kind == "f" and name != "times" else array
        for name, array in record.snapshot.arrays.items()
    }
    record = read(replace(record, snapshot=Snapshot(10, broken)), 11, dict.fromkeys(losses(kind), float("nan")))
    json.dumps(RunViews().frame(record, 0, False, True), allow_nan=False)


@pytest.mark.parametrize("kind", CONFIGS)
def test_what_has_been_sent_is_not_sent_again(kind):
    views, record = RunViews(), full(kind)
    views.frame(record, 0, False, True)
    again = views.frame(record, record.version, True, True)
    assert again["views"] == {} and "config" not in again and again["version"] == record.version


def test_only_what_changed_is_sent():
    views, first = RunViews(), full("ae")
    views.frame(first, 0, False, True)
    numbers = read(first, 20, losses("ae"))
    assert views.frame(numbers, first.version, True, True)["views"].keys() == {"curves"}
    second = shown(numbers, 21, "ae")
    pictures = views.frame(second, numbers.version, True, True)["views"]
    assert pictures.keys() == {"map", "images", "terms"} and pictures["map"]["step"] == 21
    assert views.frame(second, first.version, True, True)["views"].keys() == {"map", "images", "curves", "terms"}


def test_the_curves_of_a_run_that_stands_still_are_sent_at_once(monkeypatch):
    """Nothing newer comes that would bring them later."""
    monkeypatch.setattr(frames, "CURVES_EVERY", 1e9)
    views, first = RunViews(), full("ae")
    views.frame(first, 0, False, True)
    moving = read(first, 20, losses("ae"))
    assert views.frame(moving, first.version, True, True)["views"] == {}
    still = read(replace(moving, status="paused"), 25, losses("ae"))
    assert views.frame(still, moving.version, True, True)["views"]["curves"]["step"] == 25


def test_a_late_viewer_gets_all_of_the_newest():
    views, record = RunViews(), full("vae")
    views.frame(record, 0, False, True)
    later = shown(record, 30, "vae")
    views.frame(later, record.version, True, True)
    frame = views.frame(later, 0, False, True)
    assert frame["views"].keys() == VIEWS["vae"] | {"map_static"} and frame["views"]["map"]["step"] == 30


def test_nothing_is_made_for_nobody(monkeypatch):
    views, record = RunViews(), full("vae")
    with monkeypatch.context() as patch:
        patch.setattr(frames, "builder", lambda kind: pytest.fail("a picture was made"))
        hidden = views.frame(record, 0, False, False)
    assert hidden["views"] == {} and "config" not in hidden and hidden["step"] == 10
    assert views.frame(record, 0, False, True)["views"].keys() == VIEWS["vae"] | {"map_static"}


def test_a_run_that_has_not_started_has_numbers_only():
    frame = RunViews().frame(RunRecord("run", CONFIGS["ae"]), 0, False, True)
    assert frame["status"] == "starting" and frame["views"] == {} and "config" not in frame
    json.dumps(frame, allow_nan=False)


def test_status_and_the_time_that_is_left():
    record = read(begun("ae"), 400, losses("ae"))
    frame = RunViews().frame(record, 0, True, True)
    assert (frame["step"], frame["steps"], frame["rate"], frame["seconds"]) == (400, 1000, 100.0, 4.0)
    assert frame["eta"] == pytest.approx(6.0) and frame["learning_rate"] == 1e-3
    assert RunViews().frame(replace(record, status="finished"), 0, True, True)["eta"] is None


def test_only_trainings_with_a_checkpoint_can_go_on():
    record = replace(full("ae"), status="stopped")
    assert not RunViews().frame(record, 0, True, True)["resumable"]
    assert RunViews().frame(replace(record, checkpoint=b"w"), 0, True, True)["resumable"]
    assert not RunViews().frame(replace(full("samples"), checkpoint=b""), 0, True, True)["resumable"]


def test_the_terms_of_the_bound_add_up():
    values = losses("vae")
    terms = RunViews().frame(shown(read(begun("vae"), 10, values), 10, "vae"), 0, True, True)["views"]["terms"]
    assert {term["name"]: term["value"] for term in terms["terms"]} == {
        name: values[f"held_out/{name}"] for name in ("reconstruction", "kl")
    }
    assert terms["total"]["value"] == pytest.approx(sum(term["value"] for term in terms["terms"]))


@pytest.mark.parametrize("kind, dims, prior", [("ae", 1, False), ("ae", 2, False), ("vae", 1, True), ("vae", 2, True)])
def test_up_to_two_latent_dimensions_are_shown_as_they_are(kind, dims, prior):
    view = RunViews().frame(shown(begun(kind), 1, kind, dims=dims), 0, True, True)["views"]["map"]
    assert "PCA" not in view["title"] and view["axes"][0] == "z₁" and view["prior"] == prior and view["dims"] == dims


@pytest.mark.parametrize("kind", ["ae", "vae"])
def test_more_dimensions_are_projected_and_the_page_says_how(kind):
    views, record = RunViews(), begun(kind)
    view = views.frame(shown(record, 1, kind, dims=5), 0, True, True)["views"]["map"]
    assert view["title"].startswith("PCA of 5 dimensions, ") and view["title"].endswith("of the variance")
    assert view["axes"][0].startswith("axis 1 (") and not view["prior"]


def test_curves_are_the_training_and_the_held_out_loss():
    series = RunViews().frame(full("vae"), 0, True, True)["views"]["curves"]["series"]
    assert [item["role"] for item in series] == ["train", "held_out"]


def test_the_grid_of_samples_and_the_strip():
    frame = RunViews().frame(full("images"), 0, True, True)["views"]
    assert frame["samples"]["rows"][0]["n"] == 30 and "columns" not in frame["samples"], "as many as make the tiles largest"
    way, expected = frame["strip"]["rows"]
    assert expected["notes"] == ["t = 0.00", "t = 0.25", "t = 0.50", "t = 0.75", "t = 1.00"] and way["n"] == expected["n"] == 5


def test_particles_are_final_once_the_run_has_ended():
    record = full("points")
    assert RunViews().frame(record, 0, True, True)["views"]["particles"]["mode"] == "live"
    ended = replace(record, status="finished")
    assert RunViews().frame(ended, 0, True, True)["views"]["particles"]["mode"] == "final"


# --- projections ----------------------------------------------------------------------------------------------------------


class Embedder:
    """Stands in for `runtimes/projector.py`: what a test puts into `found` is there."""

    def __init__(self):
        self.asked, self.found, self.past, self.retried = [], None, None, 0

    def submit(self, run_id, step, latent, settings, rest=True):
        self.asked.append((run_id, step, latent, settings, rest))

    def newest(self, run_id):
        return self.found

    def at(self, run_id, step):
        return self.past

    def retry(self, run_id):
        self.retried += 1

    def embed(self, step, settings=None, error="", n=60):
        """An embedding of that step is there."""
        settings = settings or self.asked[-1][3]
        embedding = None if error else Embedding(RNG.normal(size=(n, settings.dims)), 1.0)
        latest = Embedded(step, settings, embedding, None, serial=(self.found.serial if self.found else 0) + 1, error=error)
        self.found = latest
        return latest


def of(kind, dims, step=10, **changes) -> RunRecord:
    """A record of a run with that many latent dimensions, with a picture."""
    record = full(kind)
    config = record.config | {"latent_dim": dims}
    snapshot = Snapshot(step, arrays(kind, dims=dims))
    return replace(record, config=config, snapshot=snapshot, started=Started(config, 1, "cpu"), **changes)


def newer(record):
    return replace(record, version=record.version + 1)


def map_of(views, record, since=0):
    return views.frame(record, since, True, True)["views"].get("map")


def decoded(payload):
    """The points of a map, (n, k)."""
    lo, hi = np.array(payload["lo"]), np.array(payload["hi"])
    return lo + np.frombuffer(base64.b64decode(payload["points"]), "<u2").reshape(-1, len(lo)) / 65534 * (hi - lo)


LINEAR = [(1, "raw", 2), (2, "raw", 2), (2, "pca", 2), (3, "raw", 3), (3, "pca", 2), (3, "pca", 3), (16, "pca", 2), (16, "pca", 3)]


@pytest.mark.parametrize("d, method, dims", LINEAR)
@pytest.mark.parametrize("status", ["running", "paused", "finished"])
def test_a_choice_makes_a_new_map_and_nothing_else_at_once(d, method, dims, status):
    views, record = RunViews(), of("ae", d, status=status)
    map_of(views, record)
    views.choose(record, {"method": method, "dims": dims})
    record = newer(record)
    changed = views.frame(record, record.version - 1, True, True)["views"]
    assert changed.keys() == {"map"}
    payload = changed["map"]
    assert (payload["method"], payload["shown"], payload["of_step"], payload["pending"]) == (method, method, 10, False)
    assert payload["dims"] == (1 if d == 1 else dims) and payload["invertible"] == (dims == 2) and method in payload["methods"]
    assert len(payload["explained"]) == (dims if method == "pca" else 0)
    json.dumps(payload, allow_nan=False)


@pytest.mark.parametrize("d, method, dims", [case for case in LINEAR if case[0] > 1])
def test_the_basis_joins_map_and_latent_space(d, method, dims):
    views, record = RunViews(), of("ae", d)
    views.choose(record, {"method": method, "dims": dims})
    payload = map_of(views, record)
    origin, axes = np.array(payload["basis"]["origin"]), np.array(payload["basis"]["axes"])
    assert origin.shape == (d,) and axes.shape == (dims, d)
    np.testing.assert_allclose((record.snapshot.arrays["latent"] - origin) @ axes.T, decoded(payload), atol=1e-3)


def test_everybody_who_watches_gets_the_new_map_whatever_they_had_seen():
    """Also one who asks with a record from before the choice, and one who asks after another has got the new map."""
    views, record = RunViews(), of("ae", 5)
    for since in (0, record.version):
        views.frame(record, since, True, True)
    views.choose(record, {"method": "pca", "dims": 3})
    slow = views.frame(record, record.version, True, True)["views"]
    assert slow["map"]["dims"] == 3
    nudged = newer(record)
    assert all(views.frame(nudged, record.version, True, True)["views"]["map"]["dims"] == 3 for _ in range(3))
    later = newer(nudged)
    assert "map" not in views.frame(later, nudged.version, True, True)["views"]


@pytest.mark.parametrize("dims", [2, 3])
def test_an_unchanged_model_keeps_its_points_and_axes(dims):
    views, record = RunViews(), of("vae", 16)
    views.choose(record, {"method": "pca", "dims": dims})
    first = map_of(views, record)
    again = replace(newer(record), snapshot=replace(record.snapshot, step=20), snapshot_version=record.version + 1)
    second = map_of(views, again)
    assert second["step"] == 20 and second["view"] == first["view"]
    np.testing.assert_allclose(decoded(second), decoded(first), atol=1e-9)


def test_tsne_lags_behind_and_never_holds_up_the_map():
    embedder, record = Embedder(), of("vae", 16)
    views = RunViews(embedder)
    views.choose(record, {"method": "tsne", "perplexity": 12})
    waiting = map_of(views, record)
    assert (waiting["method"], waiting["shown"], waiting["pending"], waiting["invertible"]) == ("tsne", "pca", True, True)
    assert waiting["title"].startswith("t-SNE of step 10 is being computed… Until then: PCA of 16 dimensions")
    assert [(run, step, rest) for run, step, _, _, rest in embedder.asked] == [("run", 10, True)]

    embedder.embed(10)
    record = replace(newer(record), snapshot=Snapshot(20, arrays("vae", dims=16)), snapshot_version=record.version + 1)
    shown = map_of(views, record)
    assert (shown["shown"], shown["step"], shown["of_step"], shown["pending"]) == ("tsne", 20, 10, False)
    assert shown["title"] == "t-SNE of step 10, perplexity 12, seed 0" and shown["basis"] is None and not shown["prior"]
    np.testing.assert_allclose(decoded(shown), embedder.found.embedding.points, atol=1e-3)
    assert [asked[1] for asked in embedder.asked] == [10, 20]

    embedder.embed(20)
    record = newer(record)
    changed = views.frame(record, record.version - 1, True, True)["views"]
    assert changed.keys() == {"map"} and changed["map"]["of_step"] == 20 and len(embedder.asked) == 2
    assert "map" not in views.frame(newer(record), record.version, True, True)["views"]


def test_other_settings_show_the_old_embedding_until_the_new_one_is_there():
    embedder, record = Embedder(), of("ae", 8, status="finished")
    views = RunViews(embedder)
    views.choose(record, {"method": "tsne", "perplexity": 10})
    map_of(views, record)
    assert embedder.asked[0][4] is False  # no training: no need to rest
    embedder.embed(10)
    views.choose(record, {"method": "tsne", "perplexity": 5, "seed": 1})
    between = map_of(views, newer(record))
    assert between["title"] == "t-SNE of step 10, perplexity 10, seed 0; with perplexity 5, seed 1 it is being computed…"
    assert between["pending"] and between["shown"] == "tsne" and embedder.asked[-1][3].perplexity == 5
    embedder.embed(10)
    assert map_of(views, newer(newer(record)))["title"] == "t-SNE of step 10, perplexity 5, seed 1"
    views.choose(record, {"method": "tsne", "dims": 3})
    other = map_of(views, newer(newer(newer(record))))
    assert other["pending"] and other["shown"] == "pca" and other["dims"] == 3


def test_what_went_wrong_is_on_the_map():
    embedder, record = Embedder(), of("ae", 8)
    views = RunViews(embedder)
    views.choose(record, {"method": "tsne"})
    map_of(views, record)
    embedder.embed(10, error="The process ended.")
    payload = map_of(views, newer(record))
    assert payload["title"].startswith("t-SNE is missing: The process ended. Here: PCA of 8") and not payload["pending"]
    embedder.found = replace(embedder.embed(10), error="The process ended.")
    payload = map_of(views, newer(newer(record)))
    assert payload["shown"] == "tsne" and payload["title"].endswith("None is newer: The process ended.")


@pytest.mark.parametrize("d", [1, 2])
def test_tsne_of_few_dimensions_stands_in_with_the_raw_axes(d):
    record = of("ae", d)
    views = RunViews(Embedder())
    views.choose(record, {"method": "tsne", "dims": 3})
    payload = map_of(views, record)
    assert payload["shown"] == "raw" and payload["dims"] == d and "the raw axes" in payload["title"]


@pytest.mark.parametrize("method, dims", [("pca", 2), ("pca", 3), ("tsne", 2), ("raw", 3)])
def test_latents_that_are_no_numbers_break_no_map(method, dims):
    record = of("vae", 3)
    views = RunViews(Embedder())
    views.choose(record, {"method": method, "dims": dims})
    for bad in (np.nan, np.inf):
        record = replace(
            record,
            version=record.version + 1,
            snapshot_version=record.version + 1,
            snapshot=Snapshot(11, record.snapshot.arrays | {"latent": np.full((60, 3), bad)}),
        )
        json.dumps(map_of(views, record), allow_nan=False)


# --- from the map back into latent space -----------------------------------------------------------------------------------


@pytest.mark.parametrize("d, method", [(1, "raw"), (2, "raw"), (2, "pca"), (3, "pca"), (16, "pca")])
def test_a_place_on_the_map_is_a_latent(d, method):
    views, record = RunViews(), of("ae", d)
    views.choose(record, {"method": method})
    drawn = map_of(views, record)
    places = decoded(drawn)[:, : 1 if d == 1 else 2]
    basis = drawn["basis"]
    z = basis["origin"] + places @ np.asarray(basis["axes"])  # as the page does
    assert z.shape == (60, d) and drawn["invertible"]
    latent = record.snapshot.arrays["latent"]
    linear = pca(latent)
    expected = latent if d <= 2 else linear.mean + linear.points @ linear.axes.T
    np.testing.assert_allclose(z, expected, atol=1e-3)


@pytest.mark.parametrize("choice", [{"method": "raw"}, {"method": "pca", "dims": 3}, {"method": "tsne"}], ids=str)
def test_where_no_place_is_a_latent_the_map_says_so(choice):
    embedder, record = Embedder(), newer(of("ae", 3))
    views = RunViews(embedder)
    views.choose(record, choice)
    drawn = map_of(views, record)
    if choice["method"] == "tsne":
        embedder.embed(10)
        drawn = map_of(views, newer(record))
    assert not drawn["invertible"]


def test_only_autoencoders_have_a_projection():
    with pytest.raises(ValueError, match="latent map"):
        RunViews().choose(full("points"), {"method": "pca"})
