"""The teacher's wall and a student's page: the run shows on the wall, Pause there pauses it here, and a line to all is seen."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from serving import Server

from browser.conftest import Complaints, browser_of
from browser.looking import Tab

pytestmark = pytest.mark.slow
LINE = "Look at <b>the map</b>."


def test_a_run_shows_on_the_wall_is_paused_there_and_a_line_reaches_its_page(chromium, tmp_path) -> None:
    server = Server(tmp_path / "log.txt", "--empty", "--teacher").wait()
    complaints = Complaints(server.url)
    try:
        contexts = [browser_of(chromium, complaints, viewport={"width": 1280, "height": 720}) for _ in range(2)]
        student, teacher = (context.new_page() for context in contexts)
        student.goto(f"{server.url}/?tab=ae&ae.dataset=digits&ae.width=16&ae.depth=1&ae.steps=200000")
        student.wait_for_function("() => Boolean(window.playground.publish)")
        tab = Tab(student, "ae").open()
        run = tab.train()
        teacher.goto(re.search(r"http\S+/teacher\?token=\S+", server.output())[0])
        expect(teacher).to_have_url(f"{server.url}/teacher")
        expect(teacher.locator(".wall-head")).to_have_css("display", "flex")  # its style sheet is there
        tile = teacher.locator(".wall-run")
        expect(tile).to_contain_text("running")
        expect(tile.locator("img")).to_have_js_property("naturalWidth", 192)
        tile.get_by_role("button", name="Pause").click()
        tab.expect_status("paused")
        expect(tab.message).to_have_text("Paused by the teacher.")
        teacher.get_by_label("Message to all").fill(LINE)
        teacher.get_by_role("button", name="Show to all").click()
        expect(student.locator(".teacher-says p")).to_have_text(LINE)
        expect(tile.get_by_role("link")).to_have_attribute("href", re.compile("ae=watch-"))
        assert run not in teacher.content()
        teacher.get_by_role("button", name="Clear").click()
        expect(student.locator(".teacher-says p")).to_have_count(0)
        tile.get_by_role("button", name="Stop").click()
        tab.expect_status("stopped")
        for context in contexts:
            context.close()
    finally:
        left = server.end()
    assert not left and not complaints and "Traceback" not in server.output(), (complaints, server.output())
