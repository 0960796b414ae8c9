"""Back to any moment of a run, as a film too, and on from there."""

import re

import pytest
from playwright.sync_api import Locator, expect

from browser.looking import Tab

MAPS = {"ae": "Latent map", "vae": "Latent map and prior", "diffusion": "Samples while it learns"}


def ready(open_page, name: str = "ae", steps: int = 200_000, **settings) -> Tab:
    tab = Tab(open_page(), name).open()
    if name != "diffusion":
        tab.choose("Data", "Digits")
    for label, value in {"Steps": steps, **settings}.items():
        tab.type(label, value)
    return tab


def time_of(tab: Tab) -> Locator:
    return tab.panel.locator(".time")


def slider(tab: Tab) -> Locator:
    return time_of(tab).locator("input")


def is_past(tab: Tab, past: bool) -> None:
    expect(time_of(tab)).to_have_attribute("data-past", str(past).lower())


def steps_shown(tab: Tab) -> list[str]:
    """What the cards say of which step they are; the curves' card too."""
    return tab.panel.locator(".pg-step:visible").all_inner_texts()


@pytest.mark.parametrize(
    "name", ["ae", pytest.param("vae", marks=pytest.mark.thorough), pytest.param("diffusion", marks=pytest.mark.thorough)]
)
@pytest.mark.slow
def test_the_pictures_go_back_while_the_run_goes_on(open_page, name):
    tab = ready(open_page, name)
    expect(time_of(tab)).to_contain_text("Press Train")
    expect(slider(tab)).to_be_disabled()
    tab.train()
    tab.wait_frame("frame.moments && frame.moments.steps.length > 3")
    now = tab.wait_other(MAPS[name])
    slider(tab).press("Home")
    is_past(tab, True)
    tab.wait_frame("frame.replay === 0 && frame.views.curves.marker === 0")
    expect(tab.card(MAPS[name]).locator(".pg-step")).to_have_text("step 0")  # drawn; until then the run's own pictures go on
    first = tab.pixels_at_rest(MAPS[name], now)
    expect(tab.panel.locator(".curves-future").first).to_be_visible()
    tab.wait_beyond(tab.step())  # the run goes on
    tab.wait_beyond(tab.step())
    tab.expect_pixels(MAPS[name], first)
    expect(time_of(tab).locator(".time-fork")).to_be_disabled()
    expect(time_of(tab)).to_contain_text("no weights are kept so early")
    time_of(tab).locator(".time-now").click()
    is_past(tab, False)
    expect(tab.panel.locator(".curves-future").first).to_be_hidden()
    tab.wait_other(MAPS[name], first)


@pytest.mark.slow
def test_an_ended_run_is_a_film_and_still_is_after_a_reload(open_page):
    tab = ready(open_page, steps=400)
    tab.train()
    tab.expect_status("finished")
    tab.wait_frame("frame.moments.steps.at(-1) === 400")
    newest = tab.pixels_at_rest(MAPS["ae"])
    tab.page.reload()
    tab.expect_status("finished")
    expect(time_of(tab)).to_contain_text("step 400 of 400")
    tab.page.evaluate("""() => {
        window.seen = new Set();
        window.playground.subscribe('ae', frame => { if (frame && frame.replay != null) window.seen.add(frame.views.map.step); });
    }""")
    slider(tab).press("Space")
    is_past(tab, True)
    expect(time_of(tab).locator(".time-play")).to_have_text("‖ Film")
    is_past(tab, False)  # at its end it is now again
    expect(time_of(tab).locator(".time-play")).to_have_text("▶ Film")
    seen = tab.page.evaluate("[...window.seen]")
    assert seen == sorted(seen) and seen[0] == 0 and len(seen) >= 3, seen
    tab.wait_other(MAPS["ae"])
    slider(tab).press("ArrowLeft")
    tab.wait_frame("frame.replay > 0 && frame.replay < 400")
    assert tab.wait_other(MAPS["ae"], newest) != newest
    slider(tab).press("ArrowRight")
    is_past(tab, False)


@pytest.mark.slow
def test_a_run_goes_on_from_a_moment_with_other_settings(open_page):
    tab = ready(open_page, steps=300)
    first = tab.train()
    tab.expect_status("finished")
    go_on = time_of(tab).locator(".time-fork")
    expect(go_on).to_have_text("Continue from step 300")
    go_on.click()
    expect(tab.message).to_have_text("steps = 300 is refused: that checkpoint is of step 300 already, so Steps must be larger.")
    expect(go_on).to_be_enabled()
    tab.type("Steps", 420)
    tab.type("Latent dimensions", 5)
    go_on.click()
    tab.page.wait_for_function("before => new URL(location.href).searchParams.get('ae') !== before", arg=first)
    tab.expect_status("finished")
    tab.expect_step(420)
    assert tab.run_id() != first
    expect(tab.message).to_have_text(
        re.compile(
            r"^Continues another run from step 300\. Its weights keep latent_dim = 2; the other settings are those of the form\.$"
        )
    )
    assert tab.frame("frame.moments.steps[0]") == 0, "its past came along"
    tab.wait_frame("frame.views.curves && window.playground.decode.f32(frame.views.curves.series[0].steps)[0] < 100")
    slider(tab).press("Home")
    tab.wait_frame("frame.replay === 0")
    expect(go_on).to_be_disabled()
    tab.page.reload()
    tab.expect_status("finished")
    expect(tab.number("Steps")).to_have_value("420")
    expect(tab.number("Latent dimensions")).to_have_value("2")
    is_past(tab, False)


@pytest.mark.thorough
def test_another_run_begins_with_now(open_page):
    tab = ready(open_page, steps=200)
    tab.train()
    tab.expect_status("finished")
    slider(tab).press("Home")
    is_past(tab, True)
    tab.train()
    is_past(tab, False)
    tab.expect_status("finished")
    expect(tab.card(MAPS["ae"]).locator(".pg-step")).to_have_text("step 200")
