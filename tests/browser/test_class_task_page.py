"""A task from the teacher's page to the board: it is set there, two students train by its link and enter their runs, and a link that was made up leads to none."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from serving import Server

from browser.conftest import Complaints, browser_of
from browser.looking import Tab

pytestmark = pytest.mark.slow
WINDOW = {"width": 1280, "height": 720}


def set_task(teacher: Page) -> str:
    """Digits, an autoencoder, 300 usual steps of a small network; the link."""
    teacher.get_by_text("Set a task").click()
    teacher.get_by_label("Model").select_option("ae")
    teacher.get_by_label("Data", exact=True).select_option("digits")
    teacher.get_by_label("Budget").fill("300")
    teacher.get_by_label("Depth").fill("1")
    teacher.get_by_role("button", name="Set the task").click()
    link = teacher.get_by_label("Link for the class")
    expect(link).to_have_value(re.compile(r"tab=ae&task=.+&ae\.dataset=digits&ae\.depth=1&hide=depth"))
    return link.input_value()


def enter(student: Page, tab: Tab, name: str) -> None:
    tab.expect_status("finished")
    button = student.get_by_role("button", name="Enter this run")
    expect(button).to_be_enabled()
    student.get_by_label("Your name on the board").fill(name)
    button.click()
    expect(button).to_be_disabled()


def test_two_students_train_by_the_link_of_a_task_and_stand_on_its_board(chromium, tmp_path) -> None:
    server = Server(tmp_path / "log.txt", "--empty", "--teacher").wait()
    complaints = Complaints(server.url)
    try:
        contexts = [browser_of(chromium, complaints, viewport=WINDOW) for _ in range(3)]
        teacher, ann, ben = (context.new_page() for context in contexts)
        teacher.goto(re.search(r"http\S+/teacher\?token=\S+", server.output())[0])
        link = set_task(teacher)

        ann.goto(link)
        strip = ann.locator(".class-task")
        expect(strip).to_contain_text("Train an autoencoder on Digits. What counts is the squared error of held-out images")
        expect(strip).to_contain_text("1000 % of the budget, too much")
        expect(strip).to_contain_text("5 of 5 tries left")
        assert strip.bounding_box()["y"] + strip.bounding_box()["height"] <= 720
        tab = Tab(ann, "ae").open()
        ann.locator(".run:visible [data-do=train]").click()
        expect(tab.message).to_contain_text("the budget is enough for 300 steps")
        ann.get_by_role("button", name="Set steps = 300 and train").click()
        enter(ann, tab, "Ann <b>")
        expect(strip).to_contain_text("place 1 of 1")

        ben.goto(f"{link}&ae.width=16&ae.steps=20")
        tab = Tab(ben, "ae").open()
        expect(ben.locator(".class-task")).to_contain_text(re.compile(r"\d % of the budget"))
        tab.train()
        enter(ben, tab, "Ben")
        expect(ben.locator(".class-task")).to_contain_text("4 of 5 tries left · place 2 of 2")

        rows = teacher.locator(".wall-board tbody tr")
        expect(rows).to_have_count(3)
        expect(rows.nth(0)).to_contain_text(re.compile(r"^1Ann <b>0\.0\d+ ± 0\.00\d+300100 %"))
        expect(rows.nth(1)).to_contain_text(re.compile(r"^2Ben.*Width 16"))
        expect(rows.nth(2)).to_contain_text("the mean image")
        expect(rows.nth(0).get_by_role("link")).to_have_attribute("href", re.compile("ae=watch-"))

        ben.goto(re.sub("task=[^&]+", "task=forged", link))
        expect(ben.locator(".class-task")).to_contain_text("This task has ended")
        ben.get_by_role("button", name="Leave the task").click()
        expect(ben.locator(".class-task")).to_have_count(0)
        assert "task=" not in ben.url

        teacher.get_by_role("button", name="End the task").click()
        teacher.get_by_role("button", name="End it, with its board").click()
        expect(ann.locator(".class-task")).to_contain_text("This task has ended")
        expect(teacher.get_by_text("Set a task")).to_be_visible()
        for context in contexts:
            context.close()
    finally:
        left = server.end()
    assert not left and not complaints and "Traceback" not in server.output(), (complaints, server.output())
