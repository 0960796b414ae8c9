"""On a slow line, a reload and a way back to a tab lose nothing: controls hold what was set, or else the settings of the run; pictures are drawn again."""

import re

import pytest
from playwright.sync_api import Page, expect

from browser.looking import Tab

PICTURES = {
    "ae": ("Latent map", "Held-out data"),
    "vae": ("Latent map and prior", "Samples from the prior"),
    "diffusion": ("Samples while it learns",),
}


def slow(page: Page) -> None:
    """A line of 2 Mbit/s with a delay of 300 ms."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    conditions = {"offline": False, "latency": 300, "downloadThroughput": 250_000, "uploadThroughput": 60_000}
    session.send("Network.emulateNetworkConditions", conditions)


@pytest.mark.parametrize(
    "name", [pytest.param("ae", marks=pytest.mark.thorough), "vae", pytest.param("diffusion", marks=pytest.mark.thorough)]
)
def test_a_reload_on_a_slow_line_keeps_what_was_set_and_draws_all_again(open_page, name):
    page = open_page(f"/?tab={name}")
    tab = Tab(page, name)
    tab.type("Steps", 60)
    tab.train()
    tab.expect_status("finished")
    slow(page)
    tab.type("Steps", 75)
    page.reload()
    tab.expect_status("finished")
    expect(tab.number("Steps")).to_have_value("75")
    for title in PICTURES[name]:
        assert tab.wait_other(title)
    curve = tab.card("−ELBO" if name == "vae" else "Loss").locator("path.js-line").first
    curve.scroll_into_view_if_needed()
    expect(curve).to_have_attribute("d", re.compile("M"))

    other = Tab(page, "ae" if name != "ae" else "vae").open()
    other.type("Steps", 90)
    Tab(page, name).open()
    expect(tab.number("Steps")).to_have_value("75")
    for title in PICTURES[name]:
        assert tab.wait_other(title)
    other.open()
    expect(other.number("Steps")).to_have_value("90")


@pytest.mark.thorough
def test_after_a_training_a_reload_shows_the_settings_of_its_run(open_page):
    page = open_page("/?tab=vae")
    tab = Tab(page, "vae")
    tab.choose("Data", "Digits")
    tab.type("Steps", 40)
    page.reload()
    expect(tab.field("Data")).to_have_value("Digits")
    expect(tab.panel.locator(".preview")).to_contain_text("8 × 8 pixels")
    expect(tab.number("Steps")).to_have_value("40")
    tab.train()
    tab.expect_status("finished")
    page.reload()
    tab.expect_status("finished")
    expect(tab.number("Steps")).to_have_value("40")
    expect(tab.field("Data")).to_have_value("Digits")
