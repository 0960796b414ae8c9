"""What the page says and keeps when something goes wrong, and what a run does when its page goes away."""

import os
import signal
import time

import pytest
from playwright.sync_api import expect

from browser.conftest import PATIENCE
from browser.looking import Tab


def quick(open_page, steps: int) -> Tab:
    tab = Tab(open_page(), "ae").open()
    tab.choose("Data", "Digits")
    tab.type("Steps", steps)
    return tab


@pytest.mark.slow
def test_a_wrong_setting_is_refused_in_words_and_nothing_is_lost(open_page):
    tab = quick(open_page, steps=25)
    run = tab.train()
    tab.expect_status("finished")
    pictures = tab.pixels_at_rest("Latent map")
    tab.type("Learning rate", 50)
    tab.button("train").click()
    expect(tab.message).to_contain_text("learning_rate = 50 is refused: it must be a number from 1e-06 to 10.")
    expect(tab.button("train")).to_be_enabled()
    tab.expect_pixels("Latent map", pictures)
    assert tab.run_id() == run
    expect(tab.number("Steps")).to_have_value("25")
    expect(tab.field("Data")).to_have_value("Digits")
    tab.type("Learning rate", 0.001)
    assert tab.train() != run
    tab.expect_status("finished")
    expect(tab.message).to_have_text("")


def test_a_fraction_of_a_step_is_refused_not_rounded_and_a_button_sets_what_is_right(open_page):
    tab = Tab(open_page(), "diffusion").open()
    tab.type("Steps", 30.7)
    tab.button("train").click()
    expect(tab.message).to_contain_text("steps = 30.7 is refused: it must be a whole number from 1 to 200000.")
    tab.message.get_by_role("button", name="Set steps = 31 and train").click()
    tab.expect_status("finished")
    tab.expect_step(31)
    expect(tab.number("Steps")).to_have_value("31")


@pytest.mark.thorough
def test_settings_beyond_a_slider_are_shown_and_taken(open_page, client):
    settings = {"model": "ae", "dataset": "digits", "steps": 20, "batch_size": 2048}
    run = client.predict(settings, api_name="/train")["run"]
    tab = Tab(open_page(f"/?tab=ae&ae={run}"), "ae")
    expect(tab.field("Data")).to_have_value("Digits")
    assert tab.train() != run
    tab.expect_status("finished")
    assert tab.frame("frame.config.batch_size") == 2048


def test_a_run_that_is_not_kept_is_said_to_be_gone(open_page):
    tab = Tab(open_page("/?tab=vae&vae=nothing"), "vae")
    expect(tab.message).to_have_text("That run is no longer kept here.")
    expect(tab.button("train")).to_be_enabled()
    assert tab.run_id() is None


@pytest.mark.slow
def test_a_killed_worker_is_reported_and_the_run_goes_on_from_its_checkpoint(open_page, running):
    tab = quick(open_page, steps=200_000)
    before = set(running.workers())
    tab.train()
    tab.wait_frame("frame.resumable")
    (worker,) = set(running.workers()) - before
    os.kill(worker, signal.SIGKILL)
    tab.expect_status("failed")
    expect(tab.message).to_contain_text("The worker process was killed (signal 9) at step")
    expect(tab.message).to_contain_text("Press Continue")
    step = tab.step()
    tab.press("continue", then="running")
    tab.wait_beyond(step)


@pytest.mark.slow
def test_a_run_outlives_the_page_that_started_it(open_page, client):
    tab = quick(open_page, steps=200_000)
    run = tab.train()
    tab.wait_beyond(0)
    step = tab.step()
    tab.page.close()
    deadline = time.monotonic() + PATIENCE / 1000
    while (news := client.predict(run, api_name="/status"))["step"] <= step + 50:
        assert news["status"] == "running" and time.monotonic() < deadline, news
        time.sleep(0.1)
    again = Tab(open_page(f"/?tab=ae&ae={run}"), "ae")
    again.expect_status("running")
    again.wait_beyond(step)


@pytest.mark.thorough
def test_two_windows_watch_one_run(open_page):
    tab = quick(open_page, steps=200_000)
    run = tab.train()
    other = Tab(open_page(tab.page.url), "ae")
    other.expect_status("running")
    assert other.run_id() == run
    other.wait_other("Latent map", other.wait_other("Latent map"))
    tab.press("pause", then="paused")
    other.expect_status("paused")
    other.press("pause", then="running")
    tab.expect_status("running")
    other.press("stop", then="stopped")
    tab.expect_status("stopped")


@pytest.mark.slow
def test_a_lost_connection_is_said_and_found_again(open_page):
    tab = quick(open_page, steps=200_000)
    tab.train()
    tab.wait_beyond(0)
    tab.page.evaluate("() => { window.__fetch = window.fetch; window.fetch = () => Promise.reject(new TypeError('cut')); }")
    expect(tab.message).to_have_text("Connection lost, trying again…")
    step = tab.step()
    tab.page.evaluate("() => { window.fetch = window.__fetch; }")
    tab.wait_beyond(step)
    tab.expect_status("running")
    expect(tab.message).to_have_text("")
