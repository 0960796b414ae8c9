"""A setting that waits for the next Train says so, and a refusal that names what would be right offers it as a button."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from browser.looking import Tab
from browser.test_latent_map import LONELY

KINDS = {
    "vae of 3": {"model": "vae", "dataset": "digits", "latent_dim": 3, "steps": 30, "width": 32, "depth": 1},
    "vae of 2": {"model": "vae", "dataset": "digits", "latent_dim": 2, "steps": 30, "width": 32, "depth": 1},
    "diffusion": {"model": "diffusion", "dataset": "mixture", "steps": 20, "width": 16, "depth": 1},
}


def pin(tab: Tab) -> None:
    """Pins the dot of the VAE's map that stands alone."""
    tab.pixels_at_rest("Latent map and prior")
    dot = tab.page.evaluate(LONELY, "vae")[0]
    tab.page.mouse.click(dot["x"], dot["y"])


def test_a_setting_of_another_run_waits_for_the_next_train(open_page, runs) -> None:
    tab = Tab(open_page(f"/?tab=vae&vae={runs('vae of 3')}"), "vae")
    tab.wait_frame("frame.views.map")
    marks = tab.panel.locator(".setting-next:visible")
    expect(marks).to_have_count(0)
    tab.type("Latent dimensions", 2)
    expect(tab.setting("Latent dimensions")).to_contain_text("from the next Train")
    tab.type("β", 2)  # which changes a run that goes on, so it is none of them
    expect(marks).to_have_count(1)
    tab.type("Latent dimensions", 3)
    expect(marks).to_have_count(0)


def test_the_way_out_of_too_many_dimensions_sets_them_and_trains(open_page, runs) -> None:
    tab = Tab(open_page(f"/?tab=vae&vae={runs('vae of 3')}"), "vae")
    pin(tab)
    before, way = tab.run_id(), tab.card("The bound at one image").locator(".pg-way")
    expect(way).to_have_text("Set latent dim = 2 and train")
    way.click()
    expect(tab.number("Latent dimensions")).to_have_value("2")
    tab.wait_frame(f"frame.run !== '{before}' && frame.config && frame.config.latent_dim === 2 && frame.status === 'finished'")
    assert tab.run_id() != before


@pytest.mark.slow
def test_the_way_out_of_a_bench_trains_what_it_needs(open_page, runs) -> None:
    tab = Tab(open_page(f"/?tab=diffusion&bench=reflow&diffusion={runs('diffusion')}"), "diffusion")
    tab.wait_frame("frame.config")
    bench = tab.panel.locator(".dock .run:visible")
    bench.locator("[data-do=train]").click()
    way = bench.locator(".run-message button")
    expect(way).to_have_text("Set that and train")
    way.click()
    expect(tab.field("Noise schedule")).to_have_value(re.compile("rectified flow"))
    tab.wait_frame("frame.config && frame.config.schedule === 'rectified_flow' && frame.status === 'finished'")


def test_a_dot_offers_its_exact_log_p_and_samples_the_arena(open_page, runs) -> None:
    page = open_page(f"/?tab=vae&vae={runs('vae of 2')}&diffusion={runs('diffusion')}")
    tab = Tab(page, "vae")
    pin(tab)
    tab.panel.locator(".pinned-exact:visible").click()
    bound = tab.panel.locator('.dock section[aria-label="The bound at one image"]')
    expect(bound).to_contain_text(re.compile(r"log p\(x\) −?[\d,.]+"))
    expect(page).to_have_url(re.compile("bench=bound-and-gap"))
    other = Tab(page, "diffusion").open()
    other.wait_frame("frame.views.particles")
    Tab(page, "diffusion").panel.get_by_role("button", name="under every scheduler").click()
    expect(page).to_have_url(re.compile("bench=scheduler-arena"))
