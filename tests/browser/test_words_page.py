"""The words of the page where one looks for them: a drawer of theory, a question in the head of each bench, and (i) on cards; all by keyboard, too."""

import pytest
from playwright.sync_api import expect

from browser.looking import Tab
from browser.test_accessibility import AXE, findings


@pytest.mark.parametrize("width, theme", [(1280, "light"), pytest.param(360, "dark", marks=pytest.mark.thorough)])
def test_theory_opens_in_a_drawer_and_gives_the_focus_back(open_page, width, theme):
    page = open_page(f"/?tab=vae&__theme={theme}", viewport={"width": width, "height": 720})
    opener, drawer = page.get_by_role("button", name="Theory", exact=True), page.get_by_role("dialog", name="Theory")
    opener.focus()
    page.keyboard.press("Enter")
    expect(drawer.locator(".katex").first).to_be_visible()
    page.evaluate(AXE)
    assert not findings(page)
    box = drawer.bounding_box()
    assert box and box["x"] >= 0 and box["x"] + box["width"] <= width and box["height"] == 720
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(opener).to_be_focused()


def test_what_is_pressed_before_the_scripts_have_come_is_not_lost(open_page):
    """On a slow line Gradio's own button has its text before the drawer has its script; Train waits until it is heard."""
    page, held = open_page(), []
    page.route("**/ui/components/run_bar.js", lambda route: held.append(route))
    page.goto(page.url, wait_until="commit")
    page.get_by_role("button", name="Theory", exact=True).click()
    bar = page.locator(".playground-view", has=page.locator(".run")).first
    assert bar.evaluate("bar => Boolean(bar.closest('[inert]') || bar.querySelector('[inert]'))")
    held[0].continue_()
    expect(page.get_by_role("dialog", name="Theory")).to_be_visible()
    expect(page.locator(".theory h2").first).to_be_visible()
    page.keyboard.press("Escape")
    Tab(page, "ae").button("train").click(trial=True)
    page.unroute("**/ui/components/run_bar.js")
    held.clear()
    page.route("**/features/own_data/card.js", lambda route: held.append(route))
    page.goto(page.url, wait_until="commit")
    Tab(page, "ae").panel.get_by_role("button", name="bring or draw your own").click()
    while not held:
        page.wait_for_timeout(50)
    held[0].continue_()
    expect(page.get_by_role("dialog", name="Your own data")).to_be_visible()


def test_a_bench_says_its_question_and_opens_its_own_theory(open_page):
    page = open_page("/?tab=vae&bench=collapse-doctor")
    head = Tab(page, "vae").panel.locator(".bench-head:visible")
    expect(head).to_contain_text("How many of its dimensions does the model use")
    head.get_by_role("button", name="What to try").click()
    expect(page.get_by_role("dialog", name="What to try: Collapse doctor")).to_contain_text("To see a collapse")
    page.keyboard.press("Escape")
    head.get_by_role("button", name="Equations and sources").click()
    heading = page.get_by_role("dialog", name="Theory").get_by_role("heading", name="Collapse doctor")
    expect(heading).to_be_in_viewport()


def test_a_card_says_its_question_and_stays_in_the_window(open_page):
    page = open_page("/?tab=vae", viewport={"width": 360, "height": 640})
    for title in ("Latent map and prior", "The bound at one image"):
        button = page.get_by_role("button", name=f"About {title}")
        button.click()
        words = page.get_by_role("dialog", name=f"About {title}")
        expect(words).to_be_in_viewport(ratio=1)
        page.keyboard.press("Escape")
        expect(words).to_be_hidden()
        expect(button).to_be_focused()
    page.get_by_role("button", name="About The bound at one image").click()
    page.get_by_role("button", name="Equations and sources").click()
    expect(page.get_by_role("dialog", name="Theory").get_by_role("heading", name="The bound at one image")).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="About The bound at one image")).to_be_focused()
