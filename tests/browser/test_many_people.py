"""A public server behind a proxy, under a path of its own, and several people at it: the line, and a content policy that the page meets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from proxy import proxied
from serving import Server

from browser.conftest import Complaints, browser_of
from browser.looking import Tab

pytestmark = pytest.mark.slow
LONG = "ae.dataset=digits&ae.width=256&ae.depth=2&ae.batch_size=256&ae.steps=200000"


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    server = Server(
        tmp_path_factory.mktemp("public") / "log.txt", "--public", "--empty", "--root-path", "/play", "--name", "127.0.0.1"
    )
    try:
        with proxied(server.wait().url, "/play") as url:
            yield url
    finally:
        left = server.end()
    assert not left and "Traceback" not in server.output(), server.output()


@pytest.fixture
def person(chromium, address) -> Iterator:
    """`person("/?tab=vae")` opens the page in a browser of somebody's own."""
    complaints, contexts = Complaints(address.removesuffix("/play")), []

    def open_(query: str = "/") -> Page:
        allowed = ["clipboard-read", "clipboard-write"]
        contexts.append(browser_of(chromium, complaints, viewport={"width": 1280, "height": 720}, permissions=allowed))
        page = contexts[-1].new_page()
        page.goto(address + query)
        expect(page.locator(".run:visible [data-do=train]").first).to_be_visible()
        page.wait_for_function("() => Boolean(window.playground.publish)")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not complaints, complaints


def test_the_page_works_under_a_path_and_its_policy_forbids_nothing_that_it_does(person) -> None:
    """A violation of the policy is an error in the console, which no page may have."""
    page = person("/?tab=ae&ae.dataset=digits&ae.width=16&ae.depth=1&ae.steps=30")
    tab = Tab(page, "ae")
    tab.train()
    tab.expect_status("finished")
    expect(page.locator("canvas.map-dots").first).to_be_visible()
    for name in ("2 · VAE", "3 · Diffusion", "4 · Compare"):
        page.get_by_role("tab", name=name).click()
        expect(page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")
    page.get_by_role("button", name="Lessons").click()
    expect(page.get_by_role("button", name="Set and train").or_(page.locator(".lessons-panel, .lesson")).first).to_be_attached()


def test_who_comes_when_all_places_are_taken_waits_in_line_and_gets_the_next(person) -> None:
    pages = [person(f"/?tab=ae&{LONG}") for _ in range(3)]
    tabs = [Tab(page, "ae") for page in pages]
    for tab in tabs:
        tab.press("train", "running|waiting")
    third = tabs[2]
    if third.bar.get_attribute("data-status") == "running":
        pytest.skip("This machine carries three trainings at once.")
    expect(third.message).to_contain_text("in line")
    expect(third.button("pause")).to_be_disabled()
    for tab in tabs[:2]:
        tab.press("stop", "stopped")
    third.expect_status("running")
    third.press("stop", "stopped")
