"""Payloads decode to what was encoded, within what quantisation allows, and odd arrays break nothing."""

import base64
import json
import re
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from playground.views import colours
from playground.views import payloads as views
from playground.views.codec import MISSING, f32, numbers, q16, u8, unit_to_bytes
from playground.views.numbers import spikes
from playground.views.ranges import Range, coding_range, data_range, steady_range

RNG = np.random.default_rng(0)


def raw(text: str, dtype: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), dtype)


def decode(text: str, lo, hi) -> np.ndarray:
    """The same arithmetic as `decode.q16` in ui/lib/codec.js."""
    codes = raw(text, "<u2").reshape(-1, 2)
    values = np.asarray(lo) + codes / 65534 * (np.asarray(hi) - np.asarray(lo))
    return np.where(codes == MISSING, np.nan, values)


# --- codec ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [0, 1, 40])
@pytest.mark.parametrize("scale, offset", [(1e-9, 0.0), (1.0, 0.0), (1e6, -3e5), (1e-3, 1e4), (0.0, 7.0)])
def test_positions_come_back_within_half_a_step(n, scale, offset):
    points = RNG.normal(size=(n, 2)) * scale + offset
    span = data_range(points)
    back = decode(q16(points, span.lo, span.hi), span.lo, span.hi)
    step = (np.asarray(span.hi) - np.asarray(span.lo)) / 65534
    assert back.shape == points.shape
    assert (np.abs(back - points) <= step * 0.51 + 1e-9).all()


def test_missing_and_outlying_positions():
    points = np.array([[np.nan, 0.0], [np.inf, -np.inf], [5.0, -5.0], [0.25, 0.5]])
    back = decode(q16(points, (0, 0), (1, 1)), (0, 0), (1, 1))
    assert np.isnan(back[0, 0]) and back[0, 1] == 0 and np.isnan(back[1]).all()
    assert back[2].tolist() == [1.0, 0.0]
    assert back[3] == pytest.approx([0.25, 0.5], abs=1e-5)


def test_a_range_without_width_does_not_divide_by_zero():
    with np.errstate(all="raise"):
        assert raw(q16(np.zeros((2, 2)), (0, 0), (0, 0)), "<u2").tolist() == [0, 0, 0, 0]


def test_bytes_and_floats():
    assert raw(u8([0, 7, 255, 300, -1]), "u1").tolist() == [0, 7, 255, 255, 0]
    values = np.array([1.5, np.nan, -np.inf, 1e300])
    assert np.array_equal(raw(f32(values), "<f4"), np.array([1.5, np.nan, -np.inf, np.inf], "f4"), equal_nan=True)
    assert unit_to_bytes(np.array([0.0, 0.5, 1.0, 2.0, -1.0, np.nan, np.inf])).tolist() == [0, 128, 255, 255, 0, 0, 255]
    assert unit_to_bytes(np.array([0.0, 0.25]), limit=0.25).tolist() == [0, 255]
    assert unit_to_bytes(np.array([3, 200], np.uint8)).tolist() == [3, 200]


# --- ranges ---------------------------------------------------------------------------------------------------------


def test_first_range_is_the_data_with_five_percent_around_it():
    corners = np.repeat([[0.0, -10.0], [1.0, 10.0]], 500, axis=0)
    span = steady_range(None, corners)
    assert span.lo == pytest.approx((-0.05, -11.0)) and span.hi == pytest.approx((1.05, 11.0))


def test_axes_do_not_tremble():
    points = RNG.normal(size=(1000, 2))
    span = first = steady_range(None, points)
    for _ in range(50):
        span = steady_range(span, points + RNG.normal(size=points.shape) * 0.02)
    assert span == first
    stray = np.vstack([points, [[1e4, -1e4]]])
    assert steady_range(first, stray) == first


def test_axes_follow_when_they_must():
    points = RNG.normal(size=(1000, 2))
    first = steady_range(None, points)
    grown = steady_range(first, points * 2)
    assert grown.lo[0] < first.lo[0] and grown.hi[1] > first.hi[1]
    shrunk = steady_range(grown, points * 0.2)
    assert shrunk.hi[0] - shrunk.lo[0] < 0.3 * (grown.hi[0] - grown.lo[0])
    only_x = steady_range(first, points * [3, 1])
    assert only_x.lo[1] == first.lo[1] and only_x.lo[0] < first.lo[0]


@pytest.mark.parametrize("points", [np.zeros((0, 2)), np.full((5, 2), np.nan), np.full((5, 2), 3.0), np.array([[np.inf, 1.0]])])
def test_ranges_of_odd_points_are_finite_and_wide(points):
    for span in (steady_range(None, points), data_range(points), coding_range(Range((0, 0), (1, 1)), points)):
        assert np.isfinite([*span.lo, *span.hi]).all()
        assert span.hi[0] > span.lo[0] and span.hi[1] > span.lo[1]


def test_an_empty_frame_keeps_the_axes():
    assert steady_range(Range((0, 0), (2, 3)), np.zeros((0, 2))) == Range((0, 0), (2, 3))


def test_an_outlier_costs_no_detail():
    points = np.vstack([RNG.normal(size=(1000, 2)), [[1e9, 1e9]]])
    payload = views.latent_map(1, points)
    back = decode(payload["points"], payload["lo"], payload["hi"])
    assert np.abs(back[:1000] - points[:1000]).max() < 0.002
    assert back[1000] == pytest.approx(payload["hi"])


# --- latent map -----------------------------------------------------------------------------------------------------


def test_latent_map_round_trip():
    points = RNG.normal(size=(300, 2)) * [1, 20]
    payload = json.loads(json.dumps(views.latent_map(7, points, title="Raw latent axes")))
    assert payload["step"] == 7 and payload["n"] == 300 and payload["dims"] == 2 and payload["axes"] == ["z₁", "z₂"]
    back = decode(payload["points"], payload["lo"], payload["hi"])
    assert (np.abs(back - points) <= (np.array(payload["hi"]) - payload["lo"]) / 65534).all()


def test_three_dimensions_are_interleaved():
    points = RNG.normal(size=(300, 3)) * [1, 20, 0.1]
    payload = json.loads(json.dumps(views.latent_map(7, points, axes=["a", "b", "c"], shown="pca")))
    assert payload["dims"] == 3 and payload["axes"] == ["a", "b", "c"] and len(payload["view"]["lo"]) == 3
    lo, hi = np.array(payload["lo"]), np.array(payload["hi"])
    back = lo + raw(payload["points"], "<u2").reshape(-1, 3) / 65534 * (hi - lo)
    assert (np.abs(back - points) <= (hi - lo) / 65534).all()
    assert views.latent_map(8, points * 1.01, shown="pca", previous=payload)["view"] == payload["view"]
    json.dumps(views.latent_map(0, np.full((4, 3), np.nan)), allow_nan=False)


def test_another_projection_or_dimension_gets_axes_of_its_own():
    points = RNG.normal(size=(300, 2))
    first = views.latent_map(1, points, shown="pca")
    assert views.latent_map(2, points * 1.04, shown="pca", previous=first)["view"] == first["view"]
    assert views.latent_map(2, points * 1.04, shown="tsne", previous=first)["view"] != first["view"]
    assert len(views.latent_map(2, RNG.normal(size=(300, 3)), shown="pca", previous=first)["view"]["lo"]) == 3


def test_latent_map_keeps_its_axes_through_the_previous_payload():
    points = RNG.normal(size=(300, 2))
    first = views.latent_map(1, points)
    assert views.latent_map(2, points * 1.01, previous=first)["view"] == first["view"]
    assert views.latent_map(2, points * 9, previous=first)["view"] != first["view"]


def test_one_latent_dimension_is_spread_in_height_always_alike_and_says_so():
    values = RNG.normal(size=200)
    first, second = (views.latent_map(s, v[:, None], title="Latent") for s, v in ((1, values), (2, values * 2)))
    a, b = (decode(p["points"], p["lo"], p["hi"]) for p in (first, second))
    assert a[:, 0] == pytest.approx(values, abs=1e-3)
    assert a[:, 1] == pytest.approx(b[:, 1], abs=1e-3) and np.ptp(a[:, 1]) > 1.8
    assert first["dims"] == 1 and "only spreads" in first["title"] and first["axes"][1] == "height means nothing"


@pytest.mark.parametrize("dims", [1, 2])
def test_the_prior_is_always_in_view(dims):
    view = views.latent_map(1, RNG.normal(size=(50, dims)) * 0.01, prior=True)["view"]
    assert view["lo"][0] <= -3 and view["hi"][0] >= 3


@pytest.mark.parametrize("points", [np.zeros((0, 2)), np.zeros((4, 2)), np.full((4, 2), np.nan), np.full((3, 1), np.inf)])
def test_latent_map_of_odd_points(points):
    payload = views.latent_map(0, points)
    json.dumps(payload, allow_nan=False)
    assert len(raw(payload["points"], "<u2")) == 2 * len(points)


def test_latent_map_refuses_other_shapes():
    with pytest.raises(ValueError, match=r"\(3, 5\)"):
        views.latent_map(0, np.zeros((3, 5)))


def test_static_part_carries_labels_and_a_sheet_in_the_order_of_the_points():
    images = np.arange(5, dtype=np.uint8)[:, None, None, None] * np.ones((5, 1, 4, 6), np.uint8) * 40
    payload = views.latent_map_static(np.arange(5), "abcde", images=images)
    assert raw(payload["labels"], "u1").tolist() == [0, 1, 2, 3, 4]
    header, _, body = payload["sheet"].partition(",")
    assert re.fullmatch(r"data:image/(webp|png);base64", header)
    sheet = np.asarray(Image.open(BytesIO(base64.b64decode(body))).convert("L"))
    w, h = payload["tile"]
    for i in range(5):
        line, column = divmod(i, payload["columns"])
        assert (sheet[line * h : (line + 1) * h, column * w : (column + 1) * w] == 40 * i).all()
    assert "sheet" not in views.latent_map_static(np.zeros(0), [])


# --- images ---------------------------------------------------------------------------------------------------------


def test_image_table():
    x = RNG.random((3, 1, 4, 5))
    rows = [views.ImageRow("originals", x), views.ImageRow("error", x / 4, scale="error", limit=0.25, note="|x − x̂|")]
    payload = json.loads(json.dumps(views.image_table(rows, 9)))
    assert (payload["h"], payload["w"], payload["step"]) == (4, 5, 9)
    first, second = (raw(row["data"], "u1").reshape(3, 4, 5) for row in payload["rows"])
    assert np.abs(first / 255 - x[:, 0]).max() <= 0.5 / 255 + 1e-9
    assert np.array_equal(first, second) and payload["rows"][1]["limit"] == 0.25 and "limit" not in payload["rows"][0]


def test_a_grid_is_a_table_of_one_row():
    images = np.zeros((6, 8, 8), np.uint8)
    grid = views.image_grid(images, 1, columns=3)
    assert grid["columns"] == 3 and [row["n"] for row in grid["rows"]] == [6]


def test_images_in_colour_keep_it_and_their_errors_have_a_scale():
    colour = np.linspace(0, 1, 2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    table = views.image_table([views.ImageRow("x", colour), views.ImageRow("e", colour, scale="error")], 0)
    assert (table["h"], table["w"]) == (4, 5)
    assert np.array_equal(
        raw(table["rows"][0]["data"], "u1").reshape(2, 4, 5, 3), np.rint(255 * colour).astype("u1").transpose(0, 2, 3, 1)
    )
    assert np.array_equal(raw(table["rows"][1]["data"], "u1").reshape(2, 4, 5), np.rint(255 * colour.mean(1)).astype("u1"))


def test_odd_images():
    broken = views.image_table([views.ImageRow("x", np.full((1, 2, 2), np.nan))], 0)
    assert raw(broken["rows"][0]["data"], "u1").tolist() == [0, 0, 0, 0]
    assert views.image_table([], 0)["rows"] == []
    assert views.image_table([views.ImageRow("x", np.zeros((0, 3, 3)))], 0)["rows"][0]["n"] == 0
    with pytest.raises(ValueError, match="shape"):
        views.image_table([views.ImageRow("x", np.zeros((2, 2, 4, 4)))], 0)
    with pytest.raises(ValueError, match="one tile size"):
        views.image_table([views.ImageRow("x", np.zeros((1, 4, 4))), views.ImageRow("y", np.zeros((1, 5, 5)))], 0)


# --- numbers --------------------------------------------------------------------------------------------------------


def test_curves_names_roles_and_gaps():
    history = {"train": ([1, 2], [0.5, np.inf]), "held_out/kl": ([2], [3.0])}
    payload = json.loads(json.dumps(views.curves(history, unit="nats per example")))
    first, second = payload["series"]
    assert (first["label"], first["role"]) == ("training", "train")
    assert (second["label"], second["role"]) == ("KL, held-out", "kl")
    assert np.array_equal(raw(first["values"], "<f4"), [0.5, np.nan], equal_nan=True)
    assert views.curves({}, unit="")["series"] == []
    with pytest.raises(ValueError, match="train"):
        views.curves({"train": ([1, 2], [1.0])}, unit="")


def test_curves_say_of_which_step_their_newest_reading_is():
    assert views.curves({"train": ([1, 7], [1.0, 2.0]), "held_out": ([0, 5], [1.0, 2.0])}, unit="")["step"] == 7


FALL = 80.0 + 460.0 * np.exp(-np.arange(400) / 30.0)
"""A loss that falls from 540 to 80."""


def test_a_spike_lies_outside_and_is_told():
    steps, values = np.arange(400) * 50, FALL.copy()
    values[[200, 201]] = 1.2e6, 3000.0
    shown = spikes({"train": (steps, values), "held_out": (steps, FALL)})
    assert shown["above"] == [[10_000, 1.2e6], [10_050, 3000.0]]
    low, high = shown["focus"]
    assert low < 80 and 540 < high < 600, "the axis shows all the rest, from where it began"


@pytest.mark.parametrize(
    "values", [FALL, FALL[::-1], np.full(50, 3.0), [5.0], [], [np.nan, 1.0, np.inf], np.r_[FALL, np.full(400, 2e8)], -1000.0 - FALL]
)
def test_what_a_run_does_for_long_is_shown(values):
    assert spikes({"train": (np.arange(len(values)), values)}) == {} and spikes({}) == {}


def number(text: str) -> float:
    return float(text.replace("−", "-").replace(",", ""))


@pytest.mark.parametrize("seed", range(200))
def test_shown_terms_add_up_to_the_shown_total(seed):
    size = np.random.default_rng(seed).normal(size=4)
    reconstruction, kl = size[0] * 10 ** (3 * size[1]), abs(size[2]) * 10 ** (2 * size[3])
    payload = views.terms({"reconstruction": reconstruction, "kl": kl}, unit="nats per example", step=1)
    parts = [number(term["text"]) for term in payload["terms"]]
    total = number(payload["total"]["text"])
    assert sum(parts) == pytest.approx(total, abs=1e-6)
    decimals = len(payload["total"]["text"].partition(".")[2])
    assert total == pytest.approx(reconstruction + kl, abs=0.51 * 10**-decimals)
    assert parts == pytest.approx([reconstruction, kl], abs=1.6 * 10**-decimals)


def test_terms_that_are_no_numbers():
    payload = views.terms({"reconstruction": float("nan"), "kl": 2.0}, unit="nats", step=1)
    json.dumps(payload, allow_nan=False)
    assert payload["total"] == {"label": "−ELBO", "value": None, "text": "not a number"}


# --- particles ------------------------------------------------------------------------------------------------------


def test_particles_round_trip():
    frames = RNG.normal(size=(5, 30, 2))
    payload = json.loads(json.dumps(views.particles(3, frames, np.linspace(1, 0, 5))))
    assert (payload["T"], payload["n"], payload["times"]) == (5, 30, [1.0, 0.75, 0.5, 0.25, 0.0])
    back = decode(payload["frames"], payload["lo"], payload["hi"]).reshape(frames.shape)
    assert np.abs(back - frames).max() < 1e-3
    assert views.particles(4, frames * 1.01, np.linspace(1, 0, 5), previous=payload)["view"] == payload["view"]
    with pytest.raises(ValueError, match="frames"):
        views.particles(0, frames, [1.0, 0.0])


@pytest.mark.parametrize("frames", [np.zeros((3, 0, 2)), np.full((3, 4, 2), np.nan), np.zeros((0, 4, 2))])
def test_odd_particles(frames):
    json.dumps(views.particles(0, frames, [1.0, 0.5, 0.0][: len(frames)]), allow_nan=False)


def test_particles_static():
    data = RNG.normal(size=(50, 2))
    payload = views.particles_static(data, np.zeros(50), ["all"])
    assert decode(payload["data"], payload["lo"], payload["hi"]) == pytest.approx(data, abs=1e-3)
    assert views.particles_static(np.zeros((0, 2)))["m"] == 0


def test_known_factors_are_sent_with_their_units():
    sizes = np.array([6.0, 7.5, 10.0])
    payload = views.latent_map_static(np.arange(3), ("a", "b", "c"), factors={"size": (sizes, "pixels")})
    assert [(factor["name"], factor["unit"]) for factor in payload["factors"]] == [("size", "pixels")]
    assert raw(payload["factors"][0]["values"], "<f4").tolist() == sizes.tolist()
    assert "factors" not in views.latent_map_static(np.arange(3), ("a", "b", "c"), factors={})


# --- colours --------------------------------------------------------------------------------------------------------


def linear(colour: str) -> np.ndarray:
    c = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def contrast(a: str, b: str) -> float:
    """WCAG 2 contrast ratio."""
    first, second = sorted((linear(c) @ [0.2126, 0.7152, 0.0722] for c in (a, b)), reverse=True)
    return (first + 0.05) / (second + 0.05)


@pytest.mark.parametrize("theme, index", [("light", 0), ("dark", 1)])
def test_colours_stand_out_from_every_background(theme, index):
    for background in colours.BACKGROUNDS[theme]:
        for pair in (*colours.ROLES.values(), *colours.CLASSES, *colours.SCALE):
            assert contrast(pair[index], background) >= 3.0, (pair, background)
        assert contrast(colours.SOFT_TEXT[index], background) >= 4.5


EYES = {  # Machado, Oliveira & Fernandes 2009, severity 1, on linear RGB
    "normal": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
}


def oklab(rgb: np.ndarray) -> np.ndarray:
    """Perceptual coordinates (Ottosson 2020) of linear RGB."""
    lms = rgb @ np.array([[0.41222, 0.53633, 0.05145], [0.21190, 0.68070, 0.10740], [0.08830, 0.28172, 0.62998]]).T
    to_lab = np.array([[0.21045, 0.79362, -0.00407], [1.97800, -2.42859, 0.45059], [0.02590, 0.78277, -0.80868]]).T
    return np.cbrt(lms) @ to_lab


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("index", [0, 1], ids=["light", "dark"])
def test_class_colours_are_told_apart(eye, index):
    seen = np.clip(np.array([linear(pair[index]) for pair in colours.CLASSES]) @ np.transpose(EYES[eye]), 0, 1)
    places = oklab(seen)
    distances = np.linalg.norm(places[:, None] - places[None], axis=-1)[np.triu_indices(10, 1)]
    assert distances.min() > 0.08


@pytest.mark.parametrize("index", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("eye", EYES)
def test_a_number_reads_from_its_lightness_alone(eye, index):
    """Steps of lightness all go one way, away from the background, none of them much smaller than another."""
    seen = np.clip(np.array([linear(pair[index]) for pair in colours.SCALE]) @ np.transpose(EYES[eye]), 0, 1)
    steps = np.diff(oklab(seen)[:, 0]) * (-1, 1)[index]
    assert steps.min() > 0.03 and steps.max() < 3 * steps.min()


def test_css_has_every_colour_in_both_themes():
    light, dark = colours.css_variables().split(".dark")
    assert light.startswith(":root{") and set(colours.ROLES) == {
        "reconstruction",
        "kl",
        "prior",
        "posterior",
        "data",
        "samples",
        "noise",
        "train",
        "held_out",
        "error",
        "evidence",
    }
    for role, pair in colours.ROLES.items():
        name = f"--role-{role.replace('_', '-')}:"
        assert name + pair[0] in light and name + pair[1] in dark
    assert len(colours.CLASSES) == 10 and all(f"--class-{i}:" in dark for i in range(10))


def test_numbers_are_what_is_left_of_a_payload_without_its_pictures():
    payload = {"n": 3, "word": "abcd", "rows": [{"mean": 0.5, "tiles": u8([1, 2])}], "ways": f32([1.0]), "none": None}
    assert numbers(payload) == {"n": 3, "word": "abcd", "rows": [{"mean": 0.5}], "none": None}
    assert json.loads(json.dumps(payload))["ways"] == payload["ways"] == f32([1.0])
