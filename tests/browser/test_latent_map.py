"""The latent map under a hand: hover, pins, dragging, colours, overlays, projections and what can be taken away."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from browser.looking import Tab

TITLE = {"ae": "Latent map", "vae": "Latent map and prior"}
KINDS = {
    "ae": {"model": "ae", "dataset": "digits", "steps": 200, "latent_dim": 2},
    "ae of 8": {"model": "ae", "dataset": "digits", "steps": 200, "latent_dim": 8},
    "vae": {"model": "vae", "dataset": "digits", "steps": 200, "latent_dim": 2},
    "vae of 3": {"model": "vae", "dataset": "digits", "steps": 200, "latent_dim": 3},
    "sprites": {"model": "ae", "dataset": "sprites", "steps": 20, "latent_dim": 2},
}
LONELY = """tab => {
    const pg = window.playground, map = pg.lastFrame(tab).views.map, at = pg.decode.q16(map.points, map.lo, map.hi, map.lo.length);
    const plot = [...document.querySelectorAll('.map-plot')].find(node => node.offsetParent), box = plot.getBoundingClientRect();
    const {xaxis, yaxis} = plot._fullLayout;
    const dots = Array.from(at.x, (x, i) => [xaxis.l2p(x), yaxis.l2p(at.y[i])]);
    return dots.map(([x, y], i) => ({
        i, x: box.left + xaxis._offset + x, y: box.top + yaxis._offset + y,
        alone: x < 12 || y < 12 || x > xaxis._length - 12 || y > yaxis._length - 12 ? 0
            : Math.min(...dots.map(([u, v], j) => (i === j ? 1e9 : Math.hypot(x - u, y - v)))),
    })).sort((a, b) => b.alone - a.alone).slice(0, 2);
}"""
"""The two dots that stand furthest from all others: index and place in the window."""
RANGE = "() => [...document.querySelectorAll('.map-plot')].find(node => node.offsetParent)._fullLayout.xaxis.range.map(Number)"
INK = "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.reduce((sum, byte, k) => sum + (k % 4 === 3 && byte > 0), 0)"


class Map(Tab):
    """The tab's latent map, and how to touch it."""

    def __init__(self, page: Page, name: str) -> None:
        super().__init__(page, name)
        self.box = self.card(TITLE[name])
        self.body = self.box.locator(".pg-body")
        self.message, self.legend, self.tip = (self.box.locator(f".map-{part}") for part in ("message", "legend", "tip"))
        self.pinned = self.card("Pinned points")
        self.box.scroll_into_view_if_needed()
        self.pixels_at_rest(TITLE[name])  # also once it knows its place

    def lonely(self) -> list[dict]:
        return self.page.evaluate(LONELY, self.name)

    def switch(self, name: str) -> None:
        self.box.locator(f".map-{name}").click()

    def pick(self, name: str, value: str) -> None:
        self.box.locator(f"select.map-{name}").select_option(value)

    def dots(self) -> str:
        return self.box.locator(".map-dots").evaluate("canvas => canvas.toDataURL()")

    def wait_dots(self, other_than: str) -> None:
        self.page.wait_for_function(
            "([canvas, before]) => canvas.toDataURL() !== before", arg=[self.box.locator(".map-dots").element_handle(), other_than]
        )

    def ink(self, layer: str) -> int:
        return self.box.locator(f".map-{layer}").evaluate(INK)

    def wait_ink(self, layer: str, more_than: int) -> None:
        self.page.wait_for_function(
            f"([canvas, least]) => ({INK})(canvas) > least", arg=[self.box.locator(f".map-{layer}").element_handle(), more_than]
        )

    def drag(self, start: tuple[float, float], end: tuple[float, float], keep: bool = False) -> None:
        """From one place of the map to another, in shares of its width and height."""
        box = self.body.bounding_box()
        at = [(box["x"] + u * box["width"], box["y"] + v * box["height"]) for u, v in (start, end)]
        self.page.mouse.move(*at[0])
        self.page.mouse.down()
        self.page.mouse.move(*at[1], steps=6)
        if not keep:
            self.page.mouse.up()


@pytest.fixture
def open_map(open_page, runs) -> Callable[..., Map]:
    """`open_map("vae of 3")` opens a finished run of that kind."""

    def open_(kind: str, **options) -> Map:
        name = KINDS[kind]["model"]
        return Map(open_page(f"/?tab={name}&{name}={runs(kind)}", **options), name)

    return open_


@pytest.mark.thorough
def test_the_map_fits_a_window_that_only_became_lower(open_map):
    shown = open_map("vae", viewport={"width": 1280, "height": 1000})
    dots = shown.box.locator(".map-dots")
    expect(dots).to_be_visible()
    shown.page.set_viewport_size({"width": 1280, "height": 700})
    fits = "canvas => Math.abs(canvas.getBoundingClientRect().height - canvas.closest('.pg-body').clientHeight) <= 1"
    shown.page.wait_for_function(fits, arg=dots.element_handle())


@pytest.mark.thorough
def test_hovering_shows_the_image_its_reconstruction_and_its_error(open_map):
    shown = open_map("vae")
    dot = shown.lonely()[0]
    shown.page.mouse.move(dot["x"], dot["y"])
    expect(shown.tip).to_be_visible()
    expect(shown.tip).to_contain_text(re.compile(r"squared error 0\.\d+ per pixel.*KL \d+(\.\d+)? nats"))
    expect(shown.tip.locator("canvas").nth(1)).to_be_visible()
    assert shown.tip.locator("canvas").nth(1).evaluate(INK) > 0
    shown.page.mouse.move(2, 2)
    expect(shown.tip).to_be_hidden()


def test_a_click_pins_a_dot_with_its_neighbours_and_escape_clears(open_map):
    shown = open_map("ae of 8")
    dot = shown.lonely()[0]
    before = shown.ink("over")
    shown.page.mouse.click(dot["x"], dot["y"])
    expect(shown.pinned).to_contain_text(f"held-out image {dot['i'] + 1}")
    expect(shown.pinned.locator(".pinned-near figure:visible")).to_have_count(8)
    expect(shown.pinned.locator(".pinned-near figcaption").last).to_have_text(re.compile(r"\d"))
    distances = [float(text) for text in shown.pinned.locator(".pinned-near figcaption").all_inner_texts()]
    assert distances == sorted(distances) and distances[0] > 0
    shown.wait_ink("over", before)
    shown.page.keyboard.press("Escape")
    expect(shown.pinned.locator(".pinned-points")).to_be_hidden()
    expect(shown.pinned).to_contain_text("Click a dot")


@pytest.mark.thorough
def test_two_pins_give_a_straight_and_a_spherical_strip(open_map):
    shown = open_map("vae")
    for dot in shown.lonely():
        shown.page.mouse.click(dot["x"], dot["y"])
    tiles = shown.pinned.locator(".pinned-tiles")
    expect(tiles).to_have_count(2)
    for strip in tiles.all():
        expect(strip.locator("canvas")).to_have_count(11)
    expect(shown.pinned.locator(".pinned-facts").last).to_contain_text("squared error")
    ends = [[strip.locator("canvas").nth(i).evaluate("canvas => canvas.toDataURL()") for i in (0, 10)] for strip in tiles.all()]
    assert ends[0] == ends[1] and ends[0][0] != ends[0][1]
    made = [
        canvas.evaluate("canvas => canvas.toDataURL()")
        for canvas in shown.pinned.locator(".pinned-large:nth-child(2) canvas").all()
    ]
    assert made == ends[0], "a path begins and ends with the reconstructions of its ends"
    shown.pinned.get_by_role("button", name="unpin").first.click()
    expect(shown.pinned.locator(".pinned-strips")).to_be_hidden()


@pytest.mark.thorough
@pytest.mark.parametrize("kind", ["vae", "ae of 8", "vae of 3"])
def test_dragging_decodes_the_place_under_the_pointer(open_map, kind):
    shown = open_map(kind)
    if kind == "vae of 3":
        shown.pick("method", "raw")
        expect(shown.body).to_have_attribute("data-camera", re.compile("."))
        shown.switch("decode")  # a space turns, unless told otherwise
    ranges = shown.page.evaluate(RANGE) if kind != "vae of 3" else None
    tile, words = shown.box.locator(".map-probe canvas"), shown.box.locator(".map-probe small")
    seen = set()
    for end in ((0.3, 0.4), (0.75, 0.6)):
        shown.drag((0.5, 0.5), end)
        expect(words).to_contain_text(re.compile(r"D\(z\) at −?\d"))
        other = "([canvas, seen]) => !seen.includes(canvas.toDataURL()) && canvas.toDataURL()"
        seen.add(shown.page.wait_for_function(other, arg=[tile.element_handle(), list(seen)], polling=100).json_value())
    assert len(seen) == 2
    if ranges:
        assert shown.page.evaluate(RANGE) == ranges, "dragging moved the map"
    shown.page.keyboard.press("Escape")
    expect(shown.box.locator(".map-probe")).to_be_hidden()


@pytest.mark.thorough
def test_with_shift_a_drag_moves_the_map_and_moves_can_be_chosen(open_map):
    shown = open_map("ae")
    before, probe = shown.page.evaluate(RANGE), shown.box.locator(".map-probe")

    def moved(shift: bool) -> None:
        if shift:
            shown.page.keyboard.down("Shift")
        shown.drag((0.4, 0.5), (0.6, 0.5))
        shown.page.keyboard.up("Shift")
        shown.page.wait_for_function(f"before => ({RANGE})()[0] < before - 0.01", arg=before[0])
        shown.box.locator(".map-reset").click()
        shown.page.wait_for_function(f"before => Math.abs(({RANGE})()[0] - before) < 1e-6", arg=before[0])

    moved(shift=True)
    expect(probe).to_be_hidden()
    shown.switch("move")
    moved(shift=False)
    shown.page.keyboard.down("Shift")
    shown.drag((0.4, 0.5), (0.6, 0.5))
    shown.page.keyboard.up("Shift")
    expect(probe).to_be_visible()


@pytest.mark.thorough
def test_a_finger_decodes_and_a_tap_pins(open_map):
    shown = open_map("ae", viewport={"width": 360, "height": 740}, has_touch=True)
    shown.body.evaluate("node => node.scrollIntoView({block: 'center'})")
    box, top = shown.body.bounding_box(), shown.page.evaluate("scrollY")
    finger = shown.page.context.new_cdp_session(shown.page)
    for kind, share in (("touchStart", 0.3), ("touchMove", 0.4), ("touchMove", 0.5), ("touchMove", 0.6), ("touchEnd", None)):
        at = [] if share is None else [{"x": box["x"] + share * box["width"], "y": box["y"] + share * box["height"]}]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})
    expect(shown.box.locator(".map-probe")).to_contain_text("D(z) at")
    assert shown.page.evaluate("scrollY") == top, "the page scrolled under the finger"
    dot = shown.lonely()[0]
    shown.page.touchscreen.tap(dot["x"], dot["y"])
    expect(shown.pinned).to_contain_text(f"held-out image {dot['i'] + 1}")


def test_colours_tell_errors_kl_and_training_images(open_map):
    shown = open_map("vae")
    for choice, words in (("error", "reconstruction error"), ("kl", "nats")):
        before = shown.dots()
        shown.pick("colour", choice)
        shown.wait_dots(before)
        expect(shown.legend).to_contain_text(words)
        expect(shown.legend).to_contain_text(re.compile(r"\d.*\d"))
    ink = shown.ink("dots")
    shown.pick("colour", "split")
    shown.wait_ink("dots", ink)
    shown.legend.get_by_role("button", name="training").click()
    shown.page.wait_for_function(
        f"([canvas, alone]) => ({INK})(canvas) === alone", arg=[shown.box.locator(".map-dots").element_handle(), ink]
    )


@pytest.mark.thorough
def test_colours_tell_the_known_factors_of_sprites(open_map):
    shown = open_map("sprites")
    assert set(shown.box.locator("select.map-colour option").all_inner_texts()) >= {"label", "size", "angle", "x", "y"}
    before = shown.dots()
    shown.pick("colour", "factor:size")
    shown.wait_dots(before)
    expect(shown.legend).to_contain_text("pixels")
    low, high = (float(n) for n in re.findall(r"\d+(?:\.\d+)?", shown.legend.inner_text()))
    assert 6 <= low < 6.2 and 9.8 < high <= 10


@pytest.mark.thorough
def test_overlays_are_drawn_on_demand(open_map):
    shown = open_map("vae")
    rings = shown.ink("under")
    shown.switch("prior")
    shown.page.wait_for_function(
        f"([canvas, most]) => ({INK})(canvas) < most", arg=[shown.box.locator(".map-under").element_handle(), rings]
    )
    expect(shown.legend).not_to_contain_text("prior")
    bare = shown.ink("under")
    shown.switch("holes")
    shown.wait_ink("under", bare + 1000)
    expect(shown.legend).to_contain_text(re.compile(r"\|E\(D\(z\)\) − z\|0.*≥ 1std of the codes; \d\.\d{3} ± \d\.\d{3} on average"))
    shown.switch("holes")
    shown.switch("ellipses")
    shown.wait_ink("under", bare + 1000)


@pytest.mark.thorough
def test_t_sne_says_of_which_step_it_is_and_that_it_has_no_inverse(open_map):
    shown = open_map("ae of 8")
    shown.pick("method", "tsne")
    expect(shown.box.locator(".pg-head")).to_contain_text("t-SNE of step 200")
    expect(shown.box.locator("input.map-perplexity")).to_have_value("30")
    expect(shown.message).to_contain_text("t-SNE has no inverse: dragging moves between neighbours instead.")
    shown.drag((0.4, 0.4), (0.6, 0.6))
    expect(shown.box.locator(".map-probe")).to_contain_text("between neighbours")
    shown.switch("holes")
    expect(shown.message).to_contain_text("needs a flat map of raw axes or PCA")
    shown.box.locator("input.map-perplexity").fill("10")
    shown.box.locator("input.map-perplexity").press("Enter")
    expect(shown.box).to_contain_text("perplexity 10, seed 0")
    shown.pick("method", "pca")
    expect(shown.box).to_contain_text("PCA of 8 dimensions")


@pytest.mark.thorough
def test_the_camera_stays_while_the_points_move(open_page):
    tab = Tab(open_page(), "vae").open()
    tab.choose("Data", "Digits")
    tab.type("Latent dimensions", 3)
    tab.type("Steps", 200_000)
    tab.train()
    tab.wait_beyond(10)
    shown = Map(tab.page, "vae")
    if tab.frame("frame.views.map.dims") == 2:
        shown.pick("method", "raw")
    expect(shown.body).to_have_attribute("data-camera", "0.6,0.35,1")
    shown.drag((0.3, 0.3), (0.5, 0.4))
    expect(shown.body).not_to_have_attribute("data-camera", "0.6,0.35,1")
    turned, dots, step = shown.body.get_attribute("data-camera"), shown.dots(), tab.step()
    tab.wait_beyond(step + 20)
    shown.wait_dots(dots)
    assert shown.body.get_attribute("data-camera") == turned
    shown.box.locator(".map-reset").click()
    expect(shown.body).to_have_attribute("data-camera", "0.6,0.35,1")


ABOUT = "Autoencoder of Digits, d = 2, learning rate 0.006, seed 0"


@pytest.mark.thorough
def test_points_of_a_t_sne_are_taken_away_with_what_the_model_says_of_them(open_map, tmp_path):
    shown = open_map("vae of 3")
    shown.pick("method", "tsne")
    expect(shown.box.locator(".pg-head")).to_contain_text("t-SNE of step 200")
    with shown.page.expect_download() as download:
        shown.switch("csv")
    download.value.save_as(tmp_path / "map.csv")
    rows = list(csv.DictReader((tmp_path / "map.csv").open(newline="")))
    named = [name for name in rows[0] if name != "map_z"]  # which there is where the picture before was in space
    assert named[4:] == ["map_step", "map_x", "map_y", "step", "z1", "z2", "z3", "squared_error", "kl"]
    assert all(float(row["kl"]) > 0 and row["map_step"] == "200" for row in rows)


@pytest.mark.thorough
def test_points_picture_and_page_can_be_taken_away(open_map, tmp_path, chromium):
    shown = open_map("ae")
    n = shown.frame("frame.views.map.n")

    def take(kind: str):
        with shown.page.expect_download() as download:
            shown.switch(kind)
        download.value.save_as(tmp_path / f"map.{kind}")
        assert download.value.suggested_filename == f"ae-digits-latent-map-step-200.{kind}"
        return tmp_path / f"map.{kind}"

    rows = list(csv.DictReader(take("csv").open(newline="")))
    assert len(rows) == n and list(rows[0]) == [
        "index",
        "split",
        "label",
        "label_name",
        "map_step",
        "map_x",
        "map_y",
        "step",
        "z1",
        "z2",
        "squared_error",
    ]
    assert all(
        row["label_name"] == row["label"] and row["split"] == "held-out" and row["map_step"] == row["step"] == "200" for row in rows
    )
    assert all(abs(float(row[f"map_{a}"]) - float(row[z])) < 1e-2 for row in rows for a, z in (("x", "z1"), ("y", "z2"))), (
        "raw axes"
    )
    assert all(0 < float(row["squared_error"]) < 1 for row in rows)
    assert take("png").read_bytes().startswith(b"\x89PNG")

    errors, context = [], chromium.new_context(offline=True)
    try:
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(take("html").as_uri())
        page.wait_for_function(
            "n => { const map = document.getElementById('map'); return map.data && map.data.reduce((sum, trace) => sum + trace.x.length, 0) === n; }",
            arg=n,
        )
        assert page.evaluate("document.getElementById('map').layout.title.text") == f"{ABOUT}<br>step 200"
        assert page.title() == f"Latent map: {ABOUT}; step 200"
    finally:
        context.close()
    assert not errors


@pytest.mark.thorough
def test_the_autoencoder_sampled_as_if_it_were_generative_is_measured(open_map):
    panel = open_map("ae").card("Sample it as if it were generative")
    panel.get_by_role("button", name="from a fitted mixture").click()
    expect(panel.locator(".panel-distance")).to_contain_text("real against real")
    bars = panel.locator(".panel-distance .pg-bar").all_inner_texts()
    samples, _, floor = (float(re.search(r"−?\d+\.\d+", text).group().replace("−", "-")) for text in bars)
    assert samples > floor
    expect(panel.locator(".panel-row:visible")).to_have_count(2)
    assert all(canvas.evaluate(INK) > 0 for canvas in panel.locator(".panel-row:visible canvas").all())
    panel.get_by_role("button", name="from a fitted Gaussian").click()
    expect(panel.locator(".panel-distance > div")).to_have_count(4)
    lines = panel.locator(".panel-distance > div").evaluate_all(
        "lines => lines.map(line => [parseFloat(line.querySelector('b').textContent), line.querySelector('i').offsetWidth])"
    )
    per_pixel = [value / width for value, width in lines if width > 20]
    assert len(per_pixel) >= 2 and max(per_pixel) < 1.1 * min(per_pixel), f"not one scale: {lines}"
    panel.get_by_role("button", name="from a fitted Gaussian").click()
    expect(panel.locator(".panel-row:visible")).to_have_count(0)


@pytest.mark.thorough
def test_the_vae_shows_its_manifold_and_traversals_by_kl(open_map):
    panel = open_map("vae of 3").card("Look inside")
    panel.get_by_role("button", name="manifold grid").click()
    expect(panel.locator(".panel-row:visible")).to_have_count(1)
    assert panel.locator(".panel-row:visible canvas").evaluate(INK) > 0
    panel.get_by_role("button", name="latent traversals").click()
    expect(panel.locator(".panel-row:visible")).to_have_count(3)
    carried = [
        float(re.search(r"KL (−?[\d.]+)", text).group(1).replace("−", "-"))
        for text in panel.locator(".panel-row:visible").all_inner_texts()
    ]
    assert carried == sorted(carried, reverse=True)


@pytest.mark.thorough
def test_the_map_works_from_the_keyboard(open_map):
    shown = open_map("ae")
    dot = shown.lonely()[0]
    shown.page.mouse.move(dot["x"], dot["y"])
    expect(shown.tip).to_be_visible()
    shown.body.focus()
    shown.page.keyboard.press("ArrowRight")
    shown.page.keyboard.press("ArrowLeft")
    shown.page.keyboard.press("Enter")
    expect(shown.pinned).to_contain_text(f"held-out image {dot['i'] + 1}")
    for name in ("method", "colour", "decode", "holes", "csv", "html", "png"):
        control = shown.box.locator(f".map-{name}")
        control.focus()
        expect(control).to_be_focused()


@pytest.mark.thorough
def test_the_wheel_scrolls_the_page_and_zooms_only_when_it_is_meant(open_map):
    shown = open_map("ae", viewport={"width": 1000, "height": 800})  # one column, which scrolls with the page
    box = shown.body.bounding_box()
    at = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    shown.page.mouse.move(*at)
    before, top = shown.page.evaluate(RANGE), shown.page.evaluate("scrollY")
    shown.page.mouse.wheel(0, 60)
    shown.page.wait_for_function("top => scrollY > top", arg=top)
    assert shown.page.evaluate(RANGE) == before, "scrolling past the map zoomed it"
    expect(shown.box.locator(".map-hint")).to_have_text(re.compile("Ctrl.*click"))

    shown.page.keyboard.down("Control")
    shown.page.mouse.wheel(0, -60)
    shown.page.keyboard.up("Control")
    shown.page.wait_for_function(
        f"([low, high]) => {{ const now = ({RANGE})(); return now[1] - now[0] < 0.99 * (high - low); }}", arg=before
    )

    shown.box.locator(".map-reset").click()
    shown.page.wait_for_function(f"before => Math.abs(({RANGE})()[0] - before) < 1e-6", arg=before[0])
    shown.body.evaluate("node => node.scrollIntoView({block: 'center'})")
    box = shown.body.bounding_box()
    shown.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    top = shown.page.evaluate("scrollY")
    shown.page.mouse.wheel(0, -60)
    shown.page.wait_for_function(
        f"([low, high]) => {{ const now = ({RANGE})(); return now[1] - now[0] < 0.99 * (high - low); }}", arg=before
    )
    assert shown.page.evaluate("scrollY") == top


@pytest.mark.thorough
def test_scrolling_past_a_space_leaves_its_camera_alone(open_map):
    shown = open_map("vae of 3")
    shown.pick("method", "raw")
    expect(shown.body).to_have_attribute("data-camera", "0.6,0.35,1")
    box = shown.body.bounding_box()
    shown.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    shown.page.mouse.wheel(0, 40)
    expect(shown.box.locator(".map-hint")).to_be_visible()
    assert shown.body.get_attribute("data-camera") == "0.6,0.35,1"


@pytest.mark.thorough
@pytest.mark.parametrize("width", [1280, 360])
def test_the_tooltip_never_covers_its_dot(open_map, width):
    shown = open_map("vae", viewport={"width": width, "height": 900})
    box, tried = shown.body.bounding_box(), 0
    dots = shown.page.evaluate(LONELY.replace(".slice(0, 2)", ".filter(dot => dot.alone > 3)"), "vae")
    for share in (0.15, 0.3, 0.4, 0.5, 0.6, 0.85):
        dot = min(dots, key=lambda dot: abs(dot["x"] - box["x"] - share * box["width"]))
        shown.page.mouse.move(dot["x"], dot["y"])
        expect(shown.tip).to_contain_text("KL")
        tip = shown.tip.bounding_box()
        covered = tip["x"] - 3 < dot["x"] < tip["x"] + tip["width"] + 3 and tip["y"] - 3 < dot["y"] < tip["y"] + tip["height"] + 3
        assert not covered, (share, dot, tip)
        tried += 1
    assert tried == 6
