"""Pause and Resume of a study and of fresh samples, pressed on the page, twice each; and no Continue where there is none."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from browser.looking import Tab, expect_standstill


@pytest.fixture
def tab(open_page) -> Tab:
    """The diffusion tab, on which a small rectified flow has been trained."""
    tab = Tab(open_page("/?tab=diffusion"), "diffusion").open()
    tab.choose("Noise schedule", "rectified flow")
    tab.type("Steps", 30)
    tab.train()
    tab.expect_status("finished")
    return tab


def section(page: Page, title: str) -> Locator:
    """The run bar of a section, ready to be pressed."""
    page.get_by_role("tab", name=title, exact=True).click()
    bar = page.locator(".dock .run:visible")
    expect(bar.locator("[data-do=train]")).to_be_enabled()
    return bar


def number(page: Page, label: str, value: int) -> None:
    setting = page.locator(".dock .setting:visible").filter(has=page.locator("label").get_by_text(label, exact=True))
    field = setting.locator("input.setting-number")
    field.fill(str(value))
    field.press("Tab")


def obeys(bar: Locator, busy: str) -> None:
    """Pause, then Resume, twice, then Stop: status, words and buttons say so, and the counter stands still meanwhile."""
    pause, status = bar.locator("[data-do=pause]"), bar.locator(".run-status b")
    bar.locator("[data-do=train]").click()
    for _ in range(2):
        expect(bar).to_have_attribute("data-status", "running")
        expect(status).to_have_text(busy)
        expect(pause).to_have_text("Pause")
        pause.click()
        expect(bar).to_have_attribute("data-status", "paused")
        expect(status).to_have_text("Paused")
        expect(pause).to_have_text("Resume")
        expect_standstill(bar)
        expect(pause).to_be_enabled()
        pause.click()
    expect(bar).to_have_attribute("data-status", "running")
    bar.locator("[data-do=stop]").click()
    expect(bar).to_have_attribute("data-status", "stopped")
    expect(bar.locator("[data-do=continue]")).to_be_hidden()


@pytest.mark.slow
def test_a_study_pauses_and_goes_on(tab):
    bar = section(tab.page, "Reflow")
    tab.page.locator(".dock").get_by_role("button", name="How it is done").click()
    number(tab.page, "Training steps", 200_000)
    number(tab.page, "Pairs", 500)
    number(tab.page, "ODE steps", 10)
    obeys(bar, "Reflow")


@pytest.mark.thorough
def test_fresh_samples_pause_and_go_on(tab):
    tab.type("Sampling steps", 1000)
    bar = section(tab.page, "Fresh samples")
    number(tab.page, "Samples", 4096)
    obeys(bar, "Sampling")
