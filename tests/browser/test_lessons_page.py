"""Lessons beside the instrument: a step sets and trains, the numbers are checked, and progress, address and an own file are kept."""

import json
import re

from playwright.sync_api import expect

from browser.looking import Tab
from browser.test_accessibility import AXE, findings

OWN = """title: A teacher's own
about: Short.

# Only step
Text with <b>markup</b> & **more**.

ask: Which? | this | that*
because: It is so.
"""
DROP = """(panel, text) => {
  const data = new DataTransfer();
  data.items.add(new File([text], 'own.md', {type: 'text/markdown'}));
  panel.dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true}));
}"""


def test_two_steps_of_a_lesson_a_reload_back_and_a_dropped_file(open_page):
    page = open_page("/", viewport={"width": 1280, "height": 720})
    panel = page.locator(".lessons-panel")
    heading, button = panel.locator("h2").first, lambda name: panel.get_by_role("button", name=name, exact=True)
    page.get_by_role("button", name="Lessons", exact=True).click()
    button("Begin").first.click()
    expect(panel).to_contain_text(re.compile("Step 1 of 1[0-9]"))
    panel.locator(".lesson-answer", has_text="about half").click()
    expect(panel.locator(".lesson-because")).to_contain_text("Yes.")
    button("Set and train").click()
    expect(panel.locator(".lesson-verdict .lesson-good")).to_have_count(2)
    expect(panel.locator(".lesson-verdict")).to_contain_text(
        re.compile(r"Held-out error 0\.0\d+, error of the mean image 0\.07\d+: less than")
    )
    expect(page.locator(".run:visible").first).to_have_attribute("data-status", "finished")
    page.wait_for_function("document.documentElement.scrollHeight <= innerHeight")  # the instrument fits beside the lesson

    button("Next").click()
    expect(heading).to_have_text("Holes")
    expect(panel.locator(".lesson-verdict .lesson-good")).to_have_count(1)
    expect(page).to_have_url(re.compile("lesson=from-autoencoder-to-diffusion.*step=2"))
    page.reload()
    expect(heading).to_have_text("Holes")
    expect(panel.locator(".lesson-verdict .lesson-good")).to_have_count(1)
    page.go_back()
    expect(heading).to_have_text("Compress")
    expect(panel.locator(".lesson-right")).to_have_count(1)
    expect(page).to_have_url(re.compile("(?=.*step=1)(?=.*[?&]ae=)"))

    panel.evaluate(DROP, OWN.replace("ask:", "aks:"))
    expect(panel.locator(".lesson-bad")).to_contain_text("own.md: Line 7: “aks:” means nothing here: ask?")
    panel.evaluate(DROP, OWN)
    expect(heading).to_have_text("Only step")
    expect(panel.locator(".lesson-prose")).to_have_text("Text with <b>markup</b> & more.")
    expect(page).to_have_url(re.compile("lesson=own-a-teacher-s-own"))
    page.reload()
    expect(heading).to_have_text("Only step")
    button("All lessons").first.click()
    expect(panel).to_contain_text("kept in this browser alone")
    kept = json.loads(page.evaluate("localStorage.getItem('playground-lessons')"))
    assert kept["lessons"]["from-autoencoder-to-diffusion"]["done"] == {"0": True, "1": True}


def test_a_lesson_is_copied_into_a_link_and_opens_elsewhere_as_text_that_is_not_kept(open_page):
    page = open_page("/", viewport={"width": 1280, "height": 720})
    panel = page.locator(".lessons-panel")
    page.get_by_role("button", name="Lessons", exact=True).click()
    expect(panel.get_by_role("button", name="Begin").first).to_be_visible()
    panel.evaluate(DROP, OWN)
    panel.get_by_role("button", name="All lessons").click()
    page.evaluate("() => { navigator.clipboard.writeText = text => { window.copied = text; return Promise.resolve(); }; }")
    panel.get_by_role("button", name="Copy link").click()
    expect(panel).to_contain_text("The link is copied")
    other = open_page("/" + page.evaluate("new URL(window.copied).hash"))
    panel = other.locator(".lessons-panel")
    expect(panel.locator("h2").first).to_have_text("Only step")
    expect(panel.locator(".lesson-prose")).to_have_text("Text with <b>markup</b> & more.")
    expect(panel.locator(".lesson-count")).to_contain_text("somebody’s text, from the link")
    assert "Only step" not in (other.evaluate("localStorage.getItem('playground-lessons')") or "")
    other.evaluate("location.hash = '#lesson=broken!'")
    other.reload()
    expect(panel).to_contain_text("damaged, or too long")


def test_a_link_opens_a_step_with_its_tab_and_an_unknown_lesson_says_what_to_do(open_page):
    page = open_page("/?lesson=from-autoencoder-to-diffusion&step=6", viewport={"width": 360, "height": 740})
    expect(page.locator(".lessons-panel h2").first).to_have_text("The bound, its terms, the gap")
    page.wait_for_url("**tab=vae**bench=bound-and-gap**")
    page.get_by_role("button", name="Fold", exact=True).click()
    expect(page.locator(".lessons-body")).to_be_hidden()
    page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
    page.goto(page.url.split("?")[0] + "?lesson=own-gone")
    expect(page.locator(".lessons-panel .lesson-bad")).to_contain_text("not known in this browser: open its file here")


def test_set_and_train_takes_the_place_of_a_run_that_goes_on_and_a_table_shows_the_readers_own_runs(open_page):
    page = open_page("/?tab=ae&lesson=five-experiments&step=11", viewport={"width": 1280, "height": 720})
    panel, tab = page.locator(".lessons-panel"), Tab(page, "ae")
    expect(panel.locator("h2").first).to_contain_text("two numbers")
    tab.type("Steps", 200_000)
    first = tab.train()
    panel.get_by_role("button", name="Set and train", exact=True).click()
    expect(panel.locator(".lesson-verdict .lesson-good")).to_have_count(1)
    tab.expect_step(200)
    assert tab.run_id() != first
    expect(tab.number("Steps")).to_have_value("200")
    expect(tab.field("Data")).to_have_value("Digits")
    panel.get_by_role("button", name="Next", exact=True).click()
    panel.get_by_role("button", name="Next", exact=True).click()
    rows = panel.locator(".lesson-table tbody tr")
    expect(rows).to_have_count(1)
    tab.type("Latent dimensions", 3)
    tab.train()
    tab.expect_status("finished")
    expect(rows).to_have_count(2)
    expect(rows.last).to_contain_text("3")
    expect(panel.locator(".lesson-verdict")).to_contain_text("another one than this step asks for (Latent dimensions 3)")
    page.evaluate(AXE)
    assert not findings(page)
