"""Nothing on the page moves while a model trains: layout shift as the browser itself measures it."""

import pytest

from browser.looking import Tab

WATCH = """window.shifts = [];
new PerformanceObserver(list => list.getEntries().forEach(entry => window.shifts.push(
  [entry.value, ...entry.sources.map(({node}) => node && (node.className || node.textContent || node.nodeName).toString().slice(0, 60))]
))).observe({type: 'layout-shift'});"""


@pytest.mark.parametrize(
    "size",
    [{"width": 1280, "height": 720}, pytest.param({"width": 360, "height": 740}, marks=pytest.mark.thorough)],
    ids=["laptop", "phone"],
)
@pytest.mark.parametrize(
    "name", [pytest.param("ae", marks=pytest.mark.slow), "vae", pytest.param("diffusion", marks=pytest.mark.slow)]
)
def test_nothing_moves_from_train_to_finished(open_page, name, size):
    page = open_page(f"/?tab={name}", viewport=size)
    tab = Tab(page, name)
    tab.type("Steps", 300)
    tab.button("train").scroll_into_view_if_needed()
    page.evaluate("document.fonts.ready")
    page.wait_for_timeout(1500)  # what comes with the opening has come
    page.evaluate(WATCH)
    tab.train()
    tab.expect_status("finished")
    page.wait_for_timeout(500)
    assert not page.evaluate("window.shifts")
