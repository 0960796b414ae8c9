"""The Compare tab: runs that stand in the address, what differs between them, and a dot that lights up in every map."""

import re

from playwright.sync_api import expect

from playground.runtimes.links import watch_id

SMALL = {"model": "ae", "dataset": "digits", "steps": 20, "width": 16, "depth": 1}


def trained(client, **settings) -> str:
    *_, last = client.submit(SMALL | settings, api_name="/train")
    assert last["status"] == "finished", last
    return last["run"]


def test_runs_stand_side_by_side_and_back_brings_one_back(open_page, client):
    runs = [trained(client), trained(client, width=32), trained(client, seed=1)]
    page = open_page(f"/?compare={','.join(runs)}", viewport={"width": 1280, "height": 720})
    page.get_by_role("tab", name="4 · Compare").click()
    heads = page.locator(".compare-head")
    expect(heads).to_have_count(2)
    expect(heads.first).to_contain_text("2 seeds")
    link = page.evaluate("window.playgroundPage.watch.compare")
    assert link["run"] == ",".join(runs) and link["watch"] == ",".join(map(watch_id, runs))
    for name in link["watch"].split(","):
        assert client.predict(name, api_name="/status")["status"] == "finished"
    row = page.locator(".compare-settings > table tr").filter(has_text="Width")
    expect(row.locator("td")).to_have_text(["16", "32"])
    expect(page.locator(".compare-reconstructions canvas")).to_have_count(4)
    maps = page.locator(".compare-map")
    maps.first.scroll_into_view_if_needed()
    plane = maps.first.locator(".compare-above")
    box = plane.bounding_box()
    lit = None
    for k in range(400):  # until the dots are there, and one is met
        plane.hover(position={"x": box["width"] * (0.3 + 0.01 * (k % 40)), "y": box["height"] / 2})
        lit = maps.first.get_attribute("data-lit")
        if lit:
            break
    assert lit
    expect(maps.nth(1)).to_have_attribute("data-lit", lit)
    expect(page.locator(".compare-plot .main-svg").first).to_be_attached()
    heads.nth(1).get_by_role("button", name=re.compile("^Take .* out")).click()
    expect(heads).to_have_count(1)
    expect(page).not_to_have_url(re.compile(runs[1]))
    expect(page).to_have_url(re.compile(runs[0]))
    page.go_back()
    expect(heads).to_have_count(2)


def test_the_empty_tab_offers_runs_to_choose(open_page, client):
    run = trained(client)
    page = open_page()
    page.get_by_role("tab", name="4 · Compare").click()
    page.locator(".compare-empty").get_by_role("button", name="Choose runs").click()
    expect(page.get_by_role("searchbox", name="Search runs to compare")).to_be_focused()
    page.locator(".compare-choice input").first.check()
    expect(page.locator(".compare-head")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".compare-chooser")).to_be_hidden()
    expect(page).to_have_url(re.compile("compare="))
    assert run


def test_all_four_are_begun_by_one_press_found_again_after_a_reload_and_stopped(open_page):
    page = open_page()
    page.get_by_role("tab", name="4 · Compare").click()
    page.locator(".compare-begin").get_by_label("Data", exact=True).select_option(label="Digits")
    page.locator(".compare-begin").get_by_label("Steps", exact=True).fill("many")
    page.locator(".compare-begin").get_by_role("button", name="Train all four").click()
    expect(page.locator(".compare-note")).to_contain_text("steps = 'many' is refused")
    page.locator(".compare-begin").get_by_label("Steps", exact=True).fill(
        "1500"
    )  # more than a quick machine is done with before Stop
    page.locator(".compare-empty").get_by_role("button", name="Train all four").click()
    jobs = page.locator(".compare-job")
    expect(jobs).to_have_count(8)
    expect(page.locator(".compare-head").first).to_contain_text("Autoencoder · Digits")
    expect(page).to_have_url(re.compile("plan="))
    page.reload()
    page.get_by_role("tab", name="4 · Compare").click()
    expect(jobs).to_have_count(8)
    second = page.locator(".compare-head").nth(1)
    expect(second).to_contain_text("VAE · Digits")  # once the whole training before it is over
    page.locator(".compare-plan").get_by_role("button", name="Stop").click()
    expect(page.locator(".compare-plan")).to_contain_text("Stopped: what was trained until then is kept.")
    expect(page.locator(".compare-numbers")).to_contain_text("All of them are measured by the same measures")
