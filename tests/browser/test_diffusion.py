"""The diffusion tab: walking between noise and data, fresh samples, images, and a sampler that can be changed."""

import re

import pytest
from playwright.sync_api import expect

from browser.looking import Tab

LIVE, FRESH, STRIP = "Samples while it learns", "Fresh samples", "One sample at every t"


@pytest.fixture
def tab(open_page) -> Tab:
    tab = Tab(open_page(), "diffusion").open()
    tab.type("Steps", 200_000)
    return tab


@pytest.mark.thorough
def test_the_slider_has_data_at_the_left_and_noise_at_the_right(tab):
    tab.train()
    tab.wait_beyond(0)
    tab.press("pause", then="paused")
    tab.wait_other(LIVE)
    card = tab.card(LIVE)
    slider, time = card.locator("input[type=range]"), card.locator(".particles-time")
    expect(time).to_have_text("t = 0.00")
    seen = [tab.pixels(LIVE)]
    for position, text in ((500, re.compile(r"t = 0\.[1-9]\d")), (1000, "t = 0.99")):
        slider.fill(str(position))
        expect(time).to_have_text(text)
        seen.append(tab.pixels(LIVE))  # drawn before the time is written
    assert len(set(seen)) == 3
    slider.press("ArrowLeft")
    expect(time).to_have_text(re.compile(r"t = 0\.9\d"))
    card.get_by_role("button", name="Play").click()
    expect(time).to_have_text("t = 0.00")
    expect(card.locator(".particles-play")).to_contain_text("Play")


DRAWN = "() => window.playground.lastFrame('samples').views.particles.frames"
"""The samples themselves: the axes of their picture depend on what was drawn of them on the way, and so on the machine's speed."""


@pytest.mark.slow
def test_fresh_samples_during_training_and_after_with_another_sampler(tab):
    samples = Tab(tab.page, "diffusion", bar=1)
    samples.press("train", then="idle")
    expect(samples.message).to_contain_text("press Train first")
    tab.train()
    tab.wait_beyond(0)
    first = samples.train()
    samples.expect_status("finished")
    tab.expect_status("running")
    during = samples.wait_other(FRESH)

    tab.press("stop", then="stopped")
    assert samples.train() != first
    samples.expect_status("finished")
    after, drawn = samples.wait_other(FRESH, during), tab.page.evaluate(DRAWN)
    tab.choose("Sampler", "Heun, ODE in t")
    samples.train()
    samples.expect_status("finished")
    other = samples.wait_other(FRESH, after)
    tab.choose("Sampler", "DPM-Solver++ (2M)")
    samples.train()
    samples.expect_status("finished")
    samples.wait_other(FRESH, other)
    assert tab.page.evaluate(DRAWN) == drawn, "the same weights, seed and sampler draw the same samples"

    tab.page.reload()
    samples.expect_status("finished")
    samples.wait_other(FRESH)


@pytest.mark.slow
def test_sampling_can_be_changed_while_the_model_trains(tab):
    tab.train()
    tab.wait_frame("frame.views.particles && frame.views.particles.T === 21")
    tab.type("Sampling steps", 7)
    tab.wait_frame("frame.views.particles.T === 8")
    tab.choose("Sampler", "DDPM (ancestral)")
    tab.wait_other(LIVE, tab.wait_other(LIVE))
    tab.expect_status("running")
    expect(tab.page.get_by_role("alert")).to_have_count(0)


@pytest.mark.thorough
def test_digits_are_shown_as_a_grid_and_a_strip(tab):
    tab.choose("Data", "Digits")
    tab.type("Sampling steps", 4)
    expect(tab.card(LIVE).locator(".pg-empty")).to_contain_text("25 samples")
    tab.train()
    tab.wait_other(LIVE, tab.wait_other(LIVE))
    tab.wait_other(STRIP)
    card = tab.card(LIVE)
    slider = card.locator("input[type=range]")
    slider.fill(slider.get_attribute("max"))
    expect(card.locator(".film output")).to_have_text("t = 0.99")
    card.get_by_role("button", name="Play").click()
    expect(card.locator(".film output")).to_have_text("t = 0.00")
    expect(tab.card(STRIP).locator(".tiles-row:visible")).to_have_count(2)
    samples = Tab(tab.page, "diffusion", bar=1)
    tab.type("Samples", 6)
    samples.train()
    samples.expect_status("finished")
    samples.wait_other(FRESH)

    tab.page.reload()
    tab.expect_status("running")
    expect(tab.field("Data")).to_have_value("Digits")
    expect(tab.card(LIVE).locator(".tiles-rows")).to_be_attached()
    tab.wait_other(LIVE)
