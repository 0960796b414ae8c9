"""Nothing on the page moves while a model trains: layout shift as the browser itself measures it."""

import pytest
from playwright.sync_api import Page, expect

from browser.looking import Tab, at_rest

WATCH = """window.shifts = [];
window.watched = performance.now();
new PerformanceObserver(list => list.getEntries().forEach(entry => { window.watched = performance.now(); window.shifts.push(
  [entry.value, ...entry.sources.map(({node}) => node && (node.className || node.textContent || node.nodeName).toString().slice(0, 60))]
); })).observe({type: 'layout-shift', buffered: true});"""


def wait_still(page: Page) -> None:
    """Waits until what comes with the opening has come: the pictures of the data, and a second in which nothing has moved."""
    expect(page.locator(".preview-frame img:visible").first).to_be_visible()
    at_rest(page)
    page.evaluate("window.watched = performance.now()")
    page.wait_for_function("performance.now() - window.watched > 1000")


@pytest.mark.parametrize(
    "size",
    [{"width": 1280, "height": 720}, pytest.param({"width": 360, "height": 740}, marks=pytest.mark.thorough)],
    ids=["laptop", "phone"],
)
def test_nothing_moves_from_train_to_finished(open_page, size):
    page = open_page("/?tab=vae", viewport=size)
    page.evaluate(WATCH)
    for name in ("vae", "ae", "diffusion"):
        tab = Tab(page, name).open()
        tab.type("Steps", 100)
        tab.button("train").scroll_into_view_if_needed()
        wait_still(page)
        page.evaluate("window.shifts = []")
        tab.train()
        tab.expect_status("finished")
        page.wait_for_timeout(500)  # that nothing moves can only be seen by waiting
        assert not page.evaluate("window.shifts"), name


@pytest.mark.parametrize("name", ["vae", pytest.param("diffusion", marks=pytest.mark.thorough)])
def test_little_moves_while_the_page_opens(open_page, name):
    """The heights are there before what fills them; 0.1 is what browsers call good, the page had 0.2 before."""
    page = open_page(f"/?tab={name}", viewport={"width": 1280, "height": 720})
    page.evaluate(WATCH)
    wait_still(page)
    assert sum(shift[0] for shift in page.evaluate("window.shifts")) < 0.06
