"""The first minute: a page that opens is not empty, what it shows is said to be kept, answers when it is touched, and gives way to Train."""

from __future__ import annotations

import pytest
from gradio_client import Client
from playwright.sync_api import expect
from serving import Server

from browser.looking import Tab, at_rest


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A server as people start it."""
    server = Server(tmp_path_factory.mktemp("kept") / "log.txt").wait()
    yield server
    assert not server.end() and "Traceback" not in server.output()


@pytest.fixture(scope="module")
def server(running):
    return running.url


@pytest.fixture(scope="module")
def client(server):
    return Client(server, verbose=False)


def expect_no_workers(page, running) -> None:
    """Waits for the job that a server does once, for the pictures of Forward."""
    for _ in range(200):
        if not running.workers():
            return
        page.wait_for_timeout(300)
    raise AssertionError(f"Workers of a page that asked for nothing: {running.workers()}")


def test_each_tab_shows_a_kept_run_that_can_be_touched_and_replaced(open_page, running) -> None:
    page = open_page("/?tab=diffusion", viewport={"width": 1280, "height": 720})
    tab = Tab(page, "diffusion")
    expect(tab.message).to_contain_text("Kept with the project")
    tab.wait_frame("frame.kept && frame.views.particles && frame.views.curves")
    expect(tab.number("Steps")).to_have_value("2400")
    assert tab.run_id() is None
    expect_no_workers(page, running)

    tab = Tab(page, "ae").open()
    tab.wait_frame("frame.kept && frame.views.map")
    assert tab.wait_other("Latent map") and tab.wait_other("Held-out data")
    for name in ("pause", "stop"):
        expect(tab.button(name)).to_be_disabled()
    at_rest(page)
    box = tab.card("Latent map").locator(".map-plot").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 60, middle[1] + 30, steps=5)
    page.mouse.up()
    expect(tab.card("Latent map").locator(".map-probe")).to_be_visible()

    tab.type("Steps", 20)
    run = tab.train()
    tab.expect_status("finished")
    tab.wait_frame(f"frame.run === '{run}' && !frame.kept")
    expect(tab.message).not_to_contain_text("Kept")


def test_runs_have_names_and_older_ones_can_be_shown_again(open_page) -> None:
    page = open_page("/?tab=diffusion", viewport={"width": 1280, "height": 720})
    tab = Tab(page, "diffusion")
    name, options = tab.bar.locator(".run-name"), tab.bar.locator(".run-name option")
    expect(options).to_have_text(["Kept diffusion · Eight Gaussians"])
    tab.type("Steps", 10)
    first = tab.train()
    tab.expect_status("finished")
    tab.choose("Data", "Digits")
    tab.type("Steps", 11)
    second = tab.train()
    tab.expect_status("finished")
    expect(options).to_have_text(["Diffusion 2 · Digits", "Diffusion 1 · Eight Gaussians", "The run kept with the project"])
    name.select_option(first)
    tab.wait_frame(f"frame.run === '{first}' && frame.views.particles")
    assert tab.run_id() == first
    expect(tab.card("Samples while it learns").locator("canvas").first).to_be_visible()  # the pictures are those of points again
    name.select_option("kept-diffusion")
    tab.wait_frame("frame.kept")
    assert tab.run_id() is None
    page.reload()
    expect(options).to_have_text(["Kept diffusion · Eight Gaussians", "Diffusion 2 · Digits", "Diffusion 1 · Eight Gaussians"])
    name.select_option(second)
    tab.wait_frame("frame.views.samples")
    expect(name).to_have_value(second)
