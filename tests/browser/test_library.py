"""The list of runs: opened from the head, by keys too; and what a page does whose server was killed and started again."""

import os
import re
import signal
from urllib.request import urlopen

import pytest
from playwright.sync_api import expect
from serving import Server

from browser.conftest import LIBRARY, PATIENCE
from browser.looking import Tab


def quick(page, steps: int) -> Tab:
    tab = Tab(page, "ae").open()
    tab.choose("Data", "Digits")
    tab.type("Steps", steps)
    return tab


def test_a_run_is_named_deleted_had_back_and_opened(open_page):
    page = open_page()
    tab = quick(page, steps=20)
    run = tab.train()
    tab.expect_status("finished")
    page.get_by_role("button", name="Runs", exact=True).click()
    card, note = page.locator(f'.library-run[data-run="{run}"]'), page.locator(".library-note")
    expect(page.get_by_role("searchbox", name="Search runs")).to_be_focused()
    expect(card).to_contain_text("20 steps")
    card.get_by_role("button", name="Edit").click()
    page.keyboard.type("One <b>more")
    page.keyboard.press("Enter")
    expect(card.locator("h2")).to_have_text("One <b>more")
    expect(tab.bar.locator(".run-name option").first).to_have_text("One <b>more")
    page.get_by_role("searchbox", name="Search runs").fill("MORE one")
    expect(page.locator(".library-run")).to_have_count(1)
    card.get_by_role("button", name="Delete").click()
    expect(card).to_have_count(0)
    expect(note).to_have_text("“One <b>more” is deleted.Undo")
    page.keyboard.press("Enter")
    expect(card.locator("h2")).to_have_text("One <b>more")
    page.get_by_role("searchbox", name="Search runs").fill("nothing like it")
    expect(page.locator(".library-body")).to_have_text("No run has these words.")
    page.keyboard.press("Escape")
    expect(page.locator(".library-panel")).to_be_hidden()
    other = Tab(open_page("/?tab=vae"), "ae")
    other.page.get_by_role("button", name="Runs", exact=True).click()
    other.page.locator(f'.library-run[data-run="{run}"]').get_by_role("button", name="Open").click()
    other.expect_status("finished")
    assert other.run_id() == run
    other.wait_other("Latent map")


def test_a_saved_run_comes_back_and_a_file_that_is_none_is_refused(open_page, server, tmp_path):
    page = open_page()
    tab = quick(page, steps=20)
    run = tab.train()
    tab.expect_status("finished")
    saved = tmp_path / "run.zip"
    saved.write_bytes(urlopen(f"{server}/runs/{run}/run.zip").read())
    (tmp_path / "notes.zip").write_text("nothing of ours")
    page.get_by_role("button", name="Runs", exact=True).click()
    panel, note = page.locator(".library-panel"), page.locator(".library-note")
    expect(panel.locator(f'[data-run="{run}"]')).to_be_visible()
    panel.locator(".library-file").set_input_files(tmp_path / "notes.zip")
    expect(note).to_contain_text("neither weights of a run")
    panel.locator(".library-file").set_input_files(saved)
    expect(note).to_contain_text("is back.")
    note.get_by_role("button", name="Open").click()
    expect(page).not_to_have_url(re.compile(f"ae={run}"))
    tab.expect_status("finished")
    expect(tab.bar.locator('[data-fact="step"]')).to_have_text("step 20")
    tab.wait_other("Latent map")


@pytest.mark.slow
def test_a_page_finds_its_run_again_after_its_server_was_killed(chromium, tmp_path):
    folder = str(tmp_path / "runs")
    first = Server(tmp_path / "first.txt", "--empty", "--runs", folder).wait()
    second = None
    try:
        page = chromium.new_context().new_page()  # requests that fail are the point here
        page.set_default_timeout(PATIENCE)
        page.add_init_script(LIBRARY)
        page.goto(first.url)
        page.wait_for_function("() => Boolean(window.playground.publish)")
        tab = quick(page, steps=200_000)
        run = tab.train()
        tab.wait_frame("frame.resumable && frame.moments && frame.moments.checkpoints.length > 1")
        os.kill(first.process.pid, signal.SIGKILL)
        first.process.wait()
        expect(tab.message).to_have_text("Connection lost, trying again…")
        second = Server(tmp_path / "second.txt", "--empty", "--runs", folder, port=first.port).wait()
        tab.expect_status("stopped")
        assert tab.run_id() == run
        expect(tab.message).to_have_text(re.compile(r"Cut off at step .* Continue goes on from step "))
        step = tab.step()
        tab.press("continue", then="running")
        tab.wait_beyond(step)
        tab.press("stop", then="stopped")
        page.context.close()
    finally:
        first.end()
        if second is not None:
            second.end()
