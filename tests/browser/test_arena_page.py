"""The scheduler arena from end to end: pick, run, read the chart, look at samples, stop, save a folder and open it again."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from browser.looking import Tab

STOP_AT_FIRST = """button => {
  const frame = window.playground.lastFrame('arena'), rows = frame && frame.views.arena ? frame.views.arena.rows : [];
  if (!rows.some(row => row.mean != null)) return false;
  button.click();
  return true;
}"""


class ArenaPage:
    """The arena's section of the diffusion tab."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.tab = Tab(page, "diffusion").open()

    def open(self) -> ArenaPage:
        self.page.get_by_role("tab", name="Scheduler arena").click()
        self.pick = self.page.locator("section.arena-pick:visible")
        self.pick.scroll_into_view_if_needed()
        self.bar = self.page.locator(".run:visible").filter(has=self.page.get_by_role("button", name=re.compile("Run the arena")))
        return self

    def wait_for_list(self) -> None:
        expect(self.pick.locator(".pg-note")).to_contain_text("schedulers of diffusers")

    def chips(self, *names: str) -> None:
        """Exactly these schedulers."""
        self.pick.get_by_role("button", name="none", exact=True).click()
        for name in names:
            self.pick.locator(f'[data-name="{name}"]').click()

    def numbers(self, *wanted: int) -> None:
        """Exactly these numbers of evaluations."""
        group = self.pick.locator(".arena-numbers")
        for text in group.locator("button").all_inner_texts():
            chip = group.get_by_role("button", name=text, exact=True)
            if (chip.get_attribute("aria-pressed") == "true") != (int(text) in wanted):
                chip.click()

    def run(self, *, then: str = "finished") -> None:
        self.bar.locator("[data-do=train]").click()
        self.status(then)

    def status(self, wanted: str) -> None:
        expect(self.bar).to_have_attribute("data-status", re.compile(f"^({wanted})$"))

    def payload(self, expression: str):
        self.page.wait_for_function("() => window.playground.lastFrame('arena')?.views.arena")
        return self.page.evaluate(
            f"() => {{ const payload = window.playground.lastFrame('arena').views.arena; return {expression}; }}"
        )

    def card(self, title: str) -> Locator:
        """In sight, where it is drawn."""
        card = self.page.locator(f'section[aria-label="{title}"]:visible')
        card.scroll_into_view_if_needed()
        return card


def trained(page: Page, data: str, steps: int, **settings: str) -> ArenaPage:
    """A model that was trained for a moment, and the arena below it."""
    arena = ArenaPage(page)
    if data != "Eight Gaussians":
        arena.tab.choose("Data", data)
    if settings:
        page.get_by_role("button", name="More settings").click()
        for label, option in settings.items():
            arena.tab.choose(label, option)
        for label in ("Batch size (examples)", "Width"):
            arena.tab.type(label, 16)
    arena.tab.type("Steps", steps)
    arena.tab.type("Sampling steps", 2)
    arena.tab.train()
    arena.tab.expect_status("finished")
    return arena.open()


@pytest.mark.thorough
def test_points_from_end_to_end(open_page) -> None:
    arena = trained(open_page(), "Eight Gaussians", 150)
    arena.wait_for_list()
    left = arena.pick.locator(".arena-out")
    left.locator("summary").click()
    expect(left.locator("dt").filter(has_text=re.compile("^LCM$"))).to_be_visible()
    expect(left).to_contain_text("draws another one")
    left.locator("summary").click()
    arena.chips("DDIMScheduler", "DDPMScheduler", "HeunDiscreteScheduler")
    arena.numbers(5, 10)
    arena.run()
    assert arena.payload("payload.rows.map(row => [row.title, row.nfe])") == [
        ["DDIM", 5],
        ["DDPM", 5],
        ["HeunDiscrete", 5],
        ["DDIM", 10],
        ["DDPM", 10],
        ["HeunDiscrete", 9],
    ]
    assert all(arena.payload("payload.rows.map(row => row.n === 3 && row.std > 0)"))

    chart = arena.card("Quality against evaluations")
    expect(chart.locator(".pg-empty")).to_be_hidden()
    expect(chart.locator(".legendtext")).to_have_count(3)
    expect(chart.locator(".pg-note")).to_contain_text("real against real")
    chart.get_by_role("button", name="log scale").click()
    expect(chart.get_by_role("button", name="log scale")).to_have_attribute("aria-pressed", "false")

    expect(chart.get_by_role("button", name="Fréchet distance")).to_be_hidden()

    table = arena.card("Results").locator("table")
    expect(table.locator("tbody tr")).to_have_count(4)
    expect(table.locator('[data-name="DDIMScheduler"]')).to_contain_text(re.compile(r"\d\.\d{4} ± \d\.\d{4}"))
    expect(table.locator('[data-name="HeunDiscreteScheduler"]')).to_contain_text("9 NFE")
    expect(arena.card("Results").locator(".arena-under")).to_contain_text("multistep methods (DPM-Solver++, UniPC) ask once")

    look = arena.card("The same noise, every scheduler")
    look.scroll_into_view_if_needed()
    ink = "canvas => canvas.toDataURL()"
    before = look.locator("canvas").evaluate(ink)
    look.get_by_role("button", name="10 NFE").click()
    arena.page.wait_for_function(
        "([canvas, before]) => canvas.toDataURL() !== before", arg=[look.locator("canvas").element_handle(), before]
    )
    ten = look.locator("canvas").evaluate(ink)
    look.get_by_role("button", name="DDPM").click()
    arena.page.wait_for_function(
        "([canvas, before]) => canvas.toDataURL() !== before", arg=[look.locator("canvas").element_handle(), ten]
    )

    arena.page.reload()
    arena.page.get_by_role("tab", name="Scheduler arena").click()
    expect(arena.card("Results").locator("tbody tr")).to_have_count(4)


@pytest.mark.thorough
def test_a_stop_keeps_what_is_done(open_page) -> None:
    arena = trained(open_page(), "Eight Gaussians", 20)
    arena.wait_for_list()
    arena.pick.get_by_role("button", name="all that fit").click()
    arena.numbers(3, 100)
    arena.run(then="running")
    stop = arena.bar.locator("[data-do=stop]").element_handle()
    arena.page.wait_for_function(STOP_AT_FIRST, arg=stop)  # at once: a quick machine is soon done
    arena.status("stopped")
    expect(arena.card("Results")).to_contain_text("±")
    assert 1 <= arena.payload("payload.rows.filter(row => row.mean != null).length") < arena.payload("payload.rows.length")


@pytest.mark.thorough
def test_a_model_leaves_as_a_folder_and_comes_back(open_page, tmp_path) -> None:
    arena = trained(open_page(), "Digits", 5, Network="UNet2DModel (diffusers)")
    with arena.page.expect_download(timeout=120_000) as saving:
        arena.pick.get_by_role("button", name="save for diffusers").click()
    path = tmp_path / "digits.zip"
    saving.value.save_as(path)
    arena.wait_for_list()
    arena.pick.locator("input[type=file]").set_input_files(path)
    expect(arena.pick.locator(".arena-model")).to_contain_text("digits.zip: UNet2DModel, 1 × 8 × 8")
    arena.chips("DDIMScheduler", "DPMSolverMultistepScheduler")
    arena.numbers(3)
    arena.run()
    look = arena.card("The same noise, every scheduler")
    look.scroll_into_view_if_needed()
    expect(look.locator(".arena-row canvas")).to_have_count(2)
    expect(arena.card("Results").locator(".arena-under")).to_contain_text("held-out examples")
    chart = arena.card("Quality against evaluations")
    chart.get_by_role("button", name="Fréchet distance").click()
    expect(chart.locator(".ytitle")).to_have_text("Fréchet distance to training images")
    chart.get_by_role("button", name="Fréchet distance").click()
    expect(chart.locator(".ytitle")).to_have_text("distance to held-out data")

    wrong = tmp_path / "wrong.zip"
    wrong.write_bytes(b"PK\x03\x04 nothing")
    arena.pick.locator("input[type=file]").set_input_files(wrong)
    expect(arena.pick.locator(".arena-message")).to_contain_text("could not be opened")
    arena.pick.get_by_role("button", name="use the model of this tab").click()
    expect(arena.pick.locator(".arena-model")).to_have_text("the model of this tab, with its newest weights")


@pytest.mark.thorough
def test_what_cannot_be_done_is_said(open_page) -> None:
    arena = ArenaPage(open_page()).open()
    arena.bar.locator("[data-do=train]").click()
    expect(arena.bar.locator(".run-message")).to_contain_text("press Train at the top")
    arena.pick.get_by_role("button", name="save for diffusers").click()
    expect(arena.pick.locator(".arena-message")).to_contain_text("There is no model to save yet")
    arena.wait_for_list()
    arena.pick.get_by_role("button", name="none", exact=True).click()
    arena.bar.locator("[data-do=train]").click()
    expect(arena.bar.locator(".run-message")).to_contain_text(re.compile("1 to 60 names|press Train"))


def test_nothing_overflows_a_narrow_page(open_page) -> None:
    page = ArenaPage(open_page()).open().page
    for width in (900, 360):
        page.set_viewport_size({"width": width, "height": 800})
        expect(page.locator("section.arena-pick:visible")).to_be_visible()
        page.wait_for_function("width => document.documentElement.scrollWidth <= width", arg=width)
