"""Charts and the run bar on runs that went wrong, stand still, or are not measured yet; and on narrow screens."""

import contextlib
import re

import numpy as np
import pytest
from playwright.sync_api import expect

from browser.looking import Tab
from playground.views.numbers import curves, spikes

FALL = 80.0 + 460.0 * np.exp(-np.arange(400) / 30.0)


def show(tab: Tab, **frame) -> None:
    """Lets the views of a tab see this frame, as if its run had sent it."""
    known = {"run": "x", "version": 1, "status": "running", "step": 20_000, "steps": 20_000, "views": {}}
    tab.page.wait_for_function("() => Boolean(window.playground.publish)")
    tab.page.evaluate("([tab, frame]) => window.playground.publish(tab, frame)", [tab.name, known | frame])


@pytest.mark.slow
def test_a_spike_above_the_axis_is_marked_and_a_double_click_shows_it(open_page):
    tab = Tab(open_page(), "vae").open()
    spiked = FALL.copy()
    spiked[200] = 1.2e6
    history = {"train": (np.arange(400) * 50, spiked), "held_out": (np.arange(400) * 50, FALL)}
    show(tab, views={"curves": curves(history, unit="nats per example") | spikes(history)})
    card = tab.panel.locator("section:has(.curves-plot)").first
    card.scroll_into_view_if_needed()
    mark = card.locator(".curves-above i")
    expect(mark).to_have_count(1)
    expect(mark).to_have_attribute("title", re.compile("step 10,000: 1.2 million nats"))
    expect(card.locator(".curves-above")).to_contain_text("up to 1.2 million at step 10,000")
    tab.page.wait_for_function("plot => plot._fullLayout.yaxis.range[1] < 700", arg=card.locator(".curves-plot").element_handle())
    for _ in range(10):  # on a busy machine the two clicks may come too far apart to be one
        card.locator(".curves-plot").dblclick()
        with contextlib.suppress(AssertionError):
            expect(mark).to_have_count(0, timeout=3000)
            break
    expect(mark).to_have_count(0)
    card.get_by_role("button", name="log scale").click()
    expect(mark).to_have_count(0)


@pytest.mark.slow
def test_what_is_empty_says_what_it_waits_for(open_page):
    tab = Tab(open_page(), "vae").open()
    words = tab.panel.locator("section:has(.curves-plot) .pg-empty").first
    words.scroll_into_view_if_needed()
    expect(words).to_contain_text("Press Train")
    for status, sentence in (
        ("starting", "in a moment"),
        ("running", "in a moment"),
        ("failed", "ended before"),
        ("finished", "Loading"),
    ):
        show(tab, status=status)
        expect(words).to_contain_text(sentence)
    tab.page.evaluate("window.playground.publish('vae', null, true)")
    expect(words).to_contain_text("Loading")
    tab.page.evaluate("window.playground.publish('vae', null)")
    expect(words).to_contain_text("Press Train")


@pytest.mark.slow
def test_a_run_that_diverged_without_overflow_is_told(open_page):
    tab = Tab(open_page(), "ae").open()
    tab.choose("Data", "Digits")
    tab.type("Steps", 200)
    tab.type("Learning rate", 10)
    tab.train()
    tab.expect_status("finished")
    expect(tab.bar.locator(".run-status b")).to_have_text(re.compile("Diverged|Nothing learned"))
    expect(tab.message).to_contain_text("learning rate")
    expect(tab.message).to_contain_text(re.compile("untrained model|mean image"))


@pytest.mark.slow
def test_every_panel_of_a_stopped_run_speaks_of_one_step_and_stopped_is_said_once(open_page):
    tab = Tab(open_page("/", viewport={"width": 360, "height": 800}), "vae").open()
    tab.choose("Data", "Digits")
    tab.type("Steps", 200_000)
    tab.train()
    tab.wait_beyond(20)
    tab.press("pause", "paused")
    for ended in (False, True):
        if ended:
            tab.press("stop", "stopped")
        tab.wait_frame(
            "['map', 'curves', 'terms', 'bound_curves', 'samples'].every(name => frame.views[name] && frame.views[name].step === frame.step)"
        )
    expect(tab.bar.locator(".run-status b")).to_have_text("Stopped")
    expect(tab.message).to_have_text("")
    tab.page.wait_for_function(
        """bar => [...bar.querySelectorAll('.run-buttons button')].filter(node => node.checkVisibility()).every(node =>
            node.scrollWidth <= node.clientWidth && node.getBoundingClientRect().right < bar.getBoundingClientRect().right)""",
        arg=tab.bar.element_handle(),
    )


def test_the_film_slider_is_long_enough_to_be_used(open_page):
    tab = Tab(open_page(), "ae").open()
    for width in (1280, 768, 360):
        tab.page.set_viewport_size({"width": width, "height": 900})
        tab.page.wait_for_function(
            """([card, width]) => {
                const box = card.getBoundingClientRect(), parts = [...card.querySelectorAll('.time-line > *')].map(node => node.getBoundingClientRect());
                return innerWidth === width && card.querySelector('.time-track').clientWidth >= 150
                    && parts.every(part => part.left >= box.left && part.right <= box.right);
            }""",
            arg=[tab.panel.locator(".time").first.element_handle(), width],
        )
