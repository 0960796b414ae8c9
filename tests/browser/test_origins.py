"""Results that outlive their model say so; and the arena's chart and messages, from payloads made up for the purpose."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from browser.looking import Tab

ROW = {
    "target": 20,
    "nfe": 20,
    "steps": 20,
    "n": 3,
    "distances": [],
    "seconds_mean": 0.1,
    "difference": None,
    "ours": None,
    "reason": "",
}
BOARD = {
    "rows": [
        ROW | {"name": "DDIMScheduler", "title": "DDIM", "mean": 0.05, "std": 0.001},
        ROW | {"name": "DDPMScheduler", "title": "DDPM", "mean": 0.0004, "std": 0.002},  # its whisker reaches below zero
    ],
    "schedulers": [
        {"name": f"{name}Scheduler", "title": name, "noise": False, "ours": None, "grid": "uniform in t"}
        for name in ("DDIM", "DDPM")
    ],
    "floor": {"mean": 0.0002, "std": 0.0005, "n": 3},
    "left_out": [],
    "evaluations": [5, 20],
    "unit": "energy distance",
    "reference": "2,000",
    "n_samples": 300,
    "seeds": 3,
    "image": False,
    "time_grid": "Karras, ρ = 7 in σ/α",
    "step": 1,
    "pictures": {},
}
OF = {"about": "diffusion, Eight Gaussians", "run": "first", "model": "diffusion", "step": 3000}


def publish(page: Page, channel: str, **frame) -> None:
    page.evaluate(
        "([channel, frame]) => window.playground.publish(channel, frame)", [channel, {"status": "finished", "views": {}} | frame]
    )


@pytest.fixture
def arena(open_page) -> Page:
    """The arena with a board, of a model that the tab shows."""
    page = open_page()
    Tab(page, "diffusion").open()
    page.get_by_role("tab", name="Scheduler arena").click()
    expect(page.locator("section.arena-pick:visible")).to_be_visible()
    publish(page, "diffusion", run="first", step=3000, about=OF["about"])
    publish(page, "arena", run="study", step=40, of=[OF], views={"arena": BOARD})
    card(page, "Quality against evaluations").scroll_into_view_if_needed()
    expect(card(page, "Results").locator("tbody tr")).to_have_count(3)
    return page


def card(page: Page, title: str) -> Locator:
    return page.locator(f'section[aria-label="{title}"]:visible')


@pytest.mark.slow
def test_a_result_names_its_model_and_greys_when_another_is_shown(arena: Page) -> None:
    label = card(arena, "Results").locator(".pg-step")
    expect(label).to_have_text("diffusion, Eight Gaussians, step 3,000")
    root = arena.locator(".pg-stale")
    expect(root).to_have_count(0)
    publish(arena, "diffusion", run="first", status="running", step=3500)
    expect(label).to_have_text("diffusion, Eight Gaussians, step 3,000")  # it learns: always a little further
    publish(arena, "diffusion", run="first", status="finished", step=4000)
    expect(label).to_have_text("of an earlier step: diffusion, Eight Gaussians, step 3,000")
    publish(arena, "diffusion", run="second", step=10, about="diffusion, Digits")
    expect(label).to_have_text("of an earlier model: diffusion, Eight Gaussians, step 3,000")
    expect(root).not_to_have_count(0)
    body = card(arena, "Quality against evaluations").locator(".pg-body").element_handle()
    arena.wait_for_function("node => Number(getComputedStyle(node).opacity) < 0.6", arg=body)
    publish(arena, "diffusion", run="first", step=3000)
    expect(root).to_have_count(0)
    publish(
        arena,
        "arena",
        run="other",
        step=40,
        of=[{"about": "an opened diffusers folder", "run": None, "model": None, "step": None}],
        views={"arena": BOARD},
    )
    expect(label).to_have_text("an opened diffusers folder")


@pytest.mark.slow
def test_the_chart_names_its_time_grid_and_keeps_its_whiskers(arena: Page) -> None:
    chart = card(arena, "Quality against evaluations")
    expect(chart.locator(".pg-title")).to_have_text(re.compile("time grid: Karras, ρ = 7 in σ/α"))
    expect(card(arena, "Results").locator("thead th").nth(1)).to_have_text("Time grid")
    plot = chart.locator(".arena-plot")
    expect(plot.locator(".legend")).to_be_visible()
    arena.wait_for_function(
        """plot => {
            const bottom = 10 ** plot._fullLayout.yaxis.range[0], ends = plot.data.flatMap(trace => trace.y.map((y, i) => y - trace.error_y.arrayminus[i]));
            return ends.length && bottom > 0 && Math.min(...ends) >= 0.999 * bottom;
        }""",
        arg=plot.element_handle(),
    )


@pytest.mark.slow
def test_an_answer_to_a_button_outlives_the_arrival_of_the_list(open_page) -> None:
    """The list is slow; what Save says meanwhile stays."""
    page, waiting = open_page(), []

    def hold(route) -> None:
        waiting.append(route) if "arena_schedulers" in (route.request.post_data or "") else route.continue_()

    page.route("**/component_server**", hold)
    Tab(page, "diffusion").open()
    pick = page.locator("section.arena-pick:visible")
    with page.expect_request(lambda request: "arena_schedulers" in (request.post_data or "")):
        page.get_by_role("tab", name="Scheduler arena").click()
        pick.scroll_into_view_if_needed()
    label = pick.locator(".arena-message")
    expect(label).to_contain_text("is being tried")
    pick.get_by_role("button", name="save for diffusers").click()
    expect(label).to_contain_text("There is no model to save yet")
    assert waiting
    waiting[0].fulfill(json={"version": "0", "in": [], "out": []})
    expect(pick.locator(".pg-note")).to_contain_text("0 of 0 schedulers")
    expect(label).to_contain_text("There is no model to save yet")
