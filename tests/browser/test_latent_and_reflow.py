"""Latent diffusion from the autoencoder of another tab, six ways to draw latents compared, and a flow made straight."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from browser.looking import Tab, at_rest

LIVE, STRIP, AMONG = "Samples while it learns", "One sample at every t", "Samples among the standardised latents"
COMPARISON = "Comparison of six ways to draw latents"
NUMBERS, PATHS = "Straightness and quality before and after reflow", "Paths before and after reflow"
LATENT = "the latent space of the autoencoder on tab 1"
KINDS = {name: {"model": name, "dataset": "digits", "steps": 120} for name in ("ae", "vae")}


class Section:
    """A section below the pictures of a tab, with a run bar of its own."""

    def __init__(self, page: Page, title: str, channel: str) -> None:
        page.get_by_role("tab", name=title, exact=True).click()
        self.page, self.channel = page, channel
        self.bar = page.locator(".dock .run:visible")
        expect(self.bar.locator("[data-do=train]")).to_be_enabled()

    def press(self, then: str) -> None:
        self.bar.locator("[data-do=train]").click()
        expect(self.bar).to_have_attribute("data-status", re.compile(f"^({then})$"))

    def number(self, label: str, value: int) -> None:
        setting = self.page.locator(".dock .setting:visible").filter(has=self.page.locator("label").get_by_text(label, exact=True))
        field = setting.locator("input.setting-number")
        field.fill(str(value))
        field.press("Tab")

    def unfold(self, title: str) -> None:
        self.page.locator(".dock").get_by_role("button", name=title).click()

    def wait_frame(self, condition: str) -> None:
        self.page.wait_for_function(
            f"channel => {{ const frame = window.playground.lastFrame(channel); return frame && ({condition}); }}", arg=self.channel
        )


def choose(tab: Tab, label: str, option: str) -> None:
    tab.choose(label, option)


def card(page: Page, label: str) -> Locator:
    found = page.locator(f'section[aria-label="{label}"]')
    found.scroll_into_view_if_needed()
    expect(found.locator(".pg-empty")).to_be_hidden()
    return found


@pytest.fixture
def both(open_page, runs) -> Tab:
    """The diffusion tab of a page that shows an autoencoder and a VAE of digits."""
    page = open_page(f"/?tab=ae&ae={runs('ae')}&vae={runs('vae')}")
    for name in ("ae", "vae"):
        Tab(page, name).open().wait_frame("frame.config")
    return Tab(page, "diffusion").open()


@pytest.mark.slow
def test_without_an_autoencoder_a_sentence_says_what_to_do(open_page):
    tab = Tab(open_page("/?tab=diffusion"), "diffusion").open()
    choose(tab, "Diffuse in", LATENT)
    note = tab.panel.locator("[data-testid=markdown].diffuse-note")
    expect(note).to_contain_text("no autoencoder on tab 1 yet: train one there first")
    tab.button("train").click()
    expect(tab.message).to_contain_text("no autoencoder on tab 1 yet")
    section = Section(tab.page, "Latent diffusion", "comparison")
    section.press("idle")
    expect(section.bar.locator(".run-message")).to_contain_text("no autoencoder to compare yet")


@pytest.mark.slow
def test_diffusion_in_the_latent_space_of_another_tab(both):
    tab, page = both, both.page
    choose(tab, "Diffuse in", LATENT)
    expect(tab.field("Data")).to_have_value("Digits")
    expect(tab.field("Data")).to_be_disabled()
    tab.type("Sampling steps", 5)
    tab.type("Steps", 150)
    tab.train()
    tab.expect_status("finished")
    assert tab.frame("frame.config.model") == "latent_diffusion" and tab.frame("frame.config.autoencoder.model") == "ae"
    tab.wait_other(LIVE)
    tab.wait_other(STRIP)
    Tab(page, "diffusion", bar=1).train()
    Tab(page, "diffusion", bar=1).expect_status("finished")
    Section(page, "Latent diffusion", "comparison")
    moving = card(page, AMONG)
    moving.locator("input[type=range]").first.fill("1000")
    expect(moving.locator(".particles-time")).to_have_text("t = 0.99")

    page.reload()
    tab.expect_status("finished")
    expect(tab.field("Diffuse in")).to_have_value(LATENT)
    expect(tab.field("Data")).to_have_value("Digits")
    tab.wait_other(LIVE)


@pytest.mark.thorough
def test_six_ways_to_draw_latents_are_compared(both):
    section = Section(both.page, "Latent diffusion", "comparison")
    section.unfold("What is compared")
    section.number("Training steps", 40)
    section.number("Samples", 60)
    section.press("running|finished")
    found = card(both.page, COMPARISON)
    expect(section.bar).to_have_attribute("data-status", "finished")
    for name in ("ae_box", "ae_gaussian", "ae_mixture", "vae_prior", "ae_diffusion", "vae_diffusion", "floor"):
        expect(found.locator(f"[data-row={name}] .comparison-number b")).to_have_text(re.compile(r"^−?0\.\d{4} ± 0\.\d{4}$"))
        both.page.wait_for_function(
            "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((byte, i) => i % 4 < 3 && byte)",
            arg=found.locator(f"[data-row={name}] canvas").element_handle(),
        )
    at_rest(both.page)
    last = found.locator("[data-row=floor]").bounding_box(), found.locator(".pg-body").bounding_box()
    assert last[0]["y"] + last[0]["height"] <= last[1]["y"] + last[1]["height"] + 1, "the last row is cut off"
    bars = [found.locator(f"[data-row={name}] .pg-track i").bounding_box()["width"] for name in ("vae_prior", "floor")]
    assert bars[0] > 20 * max(bars[1], 0.1)
    expect(found.locator(".comparison-message")).to_contain_text("AE: z by diffusion in place of one Gaussian")


@pytest.mark.slow
def test_a_flow_is_made_straight(open_page):
    tab = Tab(open_page("/?tab=diffusion"), "diffusion").open()
    section = Section(tab.page, "Reflow", "reflow")
    section.press("idle")
    expect(section.bar.locator(".run-message")).to_contain_text("press Train first")
    tab.type("Steps", 30)
    tab.train()
    tab.expect_status("finished")
    section.press("failed")
    expect(section.bar.locator(".run-message")).to_contain_text("needs a rectified flow")

    choose(tab, "Noise schedule", "rectified flow")
    choose(tab, "The network predicts", "velocity dx/dt")
    tab.type("Steps", 400)
    tab.train()
    tab.expect_status("finished")
    section.unfold("How it is done")
    section.number("Training steps", 200)
    section.number("Pairs", 1000)
    section.number("ODE steps", 20)
    section.press("running|finished")
    expect(section.bar).to_have_attribute("data-status", "finished")
    numbers, paths = card(tab.page, NUMBERS), card(tab.page, PATHS)
    expect(numbers.locator(".reflow-message")).to_have_text(
        re.compile(r"times straighter\. With a single Euler step the distance went from")
    )
    expect(numbers.locator(".reflow-part .pg-bar b")).to_have_count(13)
    draw = "canvas => canvas.toDataURL()"
    both = paths.locator("canvas").evaluate(draw)
    paths.get_by_role("button", name="before").click()
    expect(paths.locator(".pg-body")).to_have_attribute("data-drawn", re.compile(r"\d+"))
    tab.page.wait_for_function(
        "([canvas, old]) => canvas.toDataURL() !== old", arg=[paths.locator("canvas").element_handle(), both]
    )
