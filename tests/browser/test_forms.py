"""What a person types or chooses reaches the run that the next press starts: on every form, on a slow line, on a busy machine."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import CDPSession, Page, expect

from browser.looking import TITLES, Tab

LATE_FRAMES = """() => {
    const soon = window.requestAnimationFrame.bind(window);
    window.requestAnimationFrame = callback => soon(() => setTimeout(() => callback(performance.now()), 1500));
}"""
"""A machine so busy that a picture frame comes late: Gradio writes the first values of a form again one frame after it opened."""
STEPS = 200_000  # more than a test waits for


def slow(page: Page, *, latency: int = 0, throttle: int = 1) -> CDPSession:
    """A line with so many milliseconds to the server, and a processor so many times slower."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send(
        "Network.emulateNetworkConditions", {"offline": False, "latency": latency, "downloadThroughput": -1, "uploadThroughput": -1}
    )
    session.send("Emulation.setCPUThrottlingRate", {"rate": throttle})
    return session


def write(field, value: object) -> None:
    """Types and does not leave the field."""
    field.click()
    field.press("Control+a")
    field.press_sequentially(str(value))


def press(bar) -> None:
    """Presses as a hand does that was already on the button: without waiting for anything."""
    bar.locator("[data-do=train]").evaluate("button => button.click()")


def started(tab: Tab, before: str | None) -> dict:
    """The settings of the run that the bar follows now."""
    tab.page.wait_for_function(
        "([channel, before]) => { const frame = window.playground.lastFrame(channel); return frame && frame.run !== before && frame.config; }",
        arg=[tab.channel, before],
    )
    return tab.frame("frame.config")


@pytest.mark.thorough
@pytest.mark.parametrize(("name", "times"), [("ae", 3), ("vae", 2), ("diffusion", 3)])
def test_what_is_typed_just_before_train_reaches_the_run_time_after_time(open_page, name, times):
    tab = Tab(open_page(f"/?tab={name}"), name)
    expect(tab.number("Steps")).to_be_visible()
    slow(tab.page, latency=300, throttle=3)
    run = None
    for turn in range(times):
        write(tab.number("Learning rate"), f"0.0{turn + 1}")
        write(tab.number("Steps"), 1 + turn)
        press(tab.bar)
        config = started(tab, run)
        assert (config["steps"], config["learning_rate"]) == (1 + turn, float(f"0.0{turn + 1}")), turn
        tab.expect_status("finished")
        run = tab.run_id()


def lab(tab: Tab, title: str, fold: str | None) -> Callable[[str], object]:
    """Opens a section and its settings; returns the way to a field of theirs."""
    tab.page.get_by_role("tab", name=title, exact=True).click()
    if fold:
        tab.page.locator(".dock").get_by_role("button", name=fold).click()
    setting = tab.page.locator(".dock .setting:visible")
    return lambda label: setting.filter(has=tab.page.locator("label").get_by_text(label, exact=True)).locator(
        "input.setting-number"
    )


LABS = [
    ("diffusion", "Fresh samples", None, "samples", "Samples", "n_samples"),
    ("diffusion", "Likelihood", "What is measured", "likelihood", "Examples (examples)", "n_examples"),
    ("diffusion", "Reflow", "How it is done", "reflow", "Training steps", "training_steps"),
    ("vae", "Bound and gap", None, "bounds", "Images", "n_examples"),
]


@pytest.mark.thorough
@pytest.mark.parametrize(("name", "title", "fold", "channel", "label", "field"), LABS)
def test_what_is_typed_into_a_form_that_has_just_opened_reaches_the_run(open_page, name, title, fold, channel, label, field):
    tab = Tab(open_page(f"/?tab={name}"), name)
    if name == "diffusion":
        tab.choose("Noise schedule", "rectified flow")
        tab.choose("The network predicts", "velocity dx/dt")
    else:
        tab.choose("Data", "Digits")
    tab.type("Steps", 2)
    tab.train()
    tab.expect_status("finished")
    slow(tab.page, latency=300, throttle=2)
    tab.page.evaluate(LATE_FRAMES)
    number = lab(tab, title, fold)(label)
    number.evaluate("field => { field.value = '23'; field.dispatchEvent(new Event('input', {bubbles: true})); }")
    if channel == "samples":
        tab.page.wait_for_timeout(2500)  # past the frame in which the first values are written again
        expect(number).to_have_value("23")
    press(tab.page.locator(".dock .run:visible"))
    tab.page.wait_for_function(f"() => {{ const frame = window.playground.lastFrame('{channel}'); return frame && frame.config; }}")
    assert tab.page.evaluate(f"window.playground.lastFrame('{channel}').config.{field}") == 23


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("title", "fold", "form", "label", "field"),
    [
        ("Scheduler arena", "How it is measured", "arena", "Samples", "n_samples"),
        ("Latent diffusion", "What is compared", "comparison", "Training steps", "steps"),
    ],
)
def test_a_press_takes_along_what_was_typed_into_a_form_that_has_just_opened(open_page, title, fold, form, label, field):
    tab = Tab(open_page("/?tab=diffusion"), "diffusion")
    tab.page.evaluate(LATE_FRAMES)
    number = lab(tab, title, fold)(label)
    number.evaluate("field => { field.value = '23'; field.dispatchEvent(new Event('input', {bubbles: true})); }")
    for _ in range(2):
        with tab.page.expect_request(lambda request: '"following"' in (request.post_data or "")) as sent:
            press(tab.page.locator(".dock .run:visible"))
        assert sent.value.post_data_json["event_data"]["settings"][form][field] == 23
        tab.page.wait_for_timeout(2500)  # past the frame in which Gradio writes the first values again; it may close the fold, too


@pytest.mark.thorough
def test_a_choice_and_a_slider_of_a_tab_that_has_just_opened_reach_the_run(open_page):
    page = open_page()
    page.evaluate(LATE_FRAMES)
    page.get_by_role("tab", name=TITLES["vae"]).click()
    tab = Tab(page, "vae")
    tab.field("Data").evaluate("node => { node.value = 'Digits'; node.dispatchEvent(new Event('change', {bubbles: true})); }")
    tab.setting("β").locator("input[type=range]").evaluate(
        "node => { node.value = node.max; node.dispatchEvent(new Event('input', {bubbles: true})); }"
    )
    page.wait_for_timeout(2500)
    expect(tab.field("Data")).to_have_value("Digits")
    expect(tab.panel.locator(".preview")).to_contain_text("8 × 8 pixels")
    write(tab.number("Steps"), 3)
    press(tab.bar)
    config = started(tab, None)
    assert (config["dataset"], config["beta"], config["steps"]) == ("digits", 100, 3)


@pytest.mark.thorough
def test_what_is_typed_just_before_continue_from_here_reaches_the_run(open_page):
    tab = Tab(open_page(), "ae").open()
    tab.choose("Data", "Digits")
    tab.type("Steps", 30)
    run = tab.train()
    tab.expect_status("finished")
    fork = tab.panel.locator(".time-fork")
    expect(fork).to_be_enabled()
    slow(tab.page, latency=300, throttle=3)
    write(tab.number("Steps"), 47)
    fork.evaluate("button => button.click()")
    assert started(tab, run)["steps"] == 47


@pytest.mark.thorough
def test_arrow_keys_step_the_magnitude_by_factors_and_the_wheel_scrolls_the_page(open_page):
    tab = Tab(open_page(viewport={"width": 1000, "height": 800}), "ae").open()  # one column, which scrolls with the page
    rate, seed = tab.number("Learning rate"), None
    for key, value in (
        ("ArrowUp", "0.01"),
        ("ArrowUp", "0.02"),
        ("ArrowDown", "0.01"),
        ("ArrowDown", "0.005"),
        ("ArrowDown", "0.002"),
        ("PageUp", "0.02"),
    ):
        rate.press(key)
        expect(rate).to_have_value(value)
    sparsity = tab.number("Sparsity")
    for key, value in (
        ("ArrowDown", "0"),
        ("ArrowUp", "0.00001"),
        ("ArrowUp", "0.00002"),
        ("ArrowDown", "0.00001"),
        ("ArrowDown", "0"),
    ):
        sparsity.press(key)
        expect(sparsity).to_have_value(value)
    tab.panel.get_by_role("button", name="More settings").click()
    seed = tab.number("Seed")
    seed.press("ArrowUp")
    expect(seed).to_have_value("1")
    for field in (rate, tab.number("Steps"), seed, tab.setting("Sparsity").locator("input[type=range]")):
        field.scroll_into_view_if_needed()
        field.focus()
        before, top = field.input_value(), tab.page.evaluate("scrollY")
        field.hover()
        tab.page.mouse.wheel(0, -120 if top else 120)
        tab.page.wait_for_function("top => scrollY !== top", arg=top)
        assert field.input_value() == before


def running(open_page) -> Tab:
    tab = Tab(open_page(), "ae").open()
    tab.choose("Data", "Digits")
    tab.type("Steps", STEPS)
    tab.train()
    tab.wait_beyond(0)
    return tab


@pytest.mark.thorough
@pytest.mark.parametrize("value", [-3, 1000, "abc", ""])
def test_a_live_setting_that_is_refused_says_so_at_the_field_and_what_holds(open_page, value):
    tab = running(open_page)
    tab.type("Learning rate", 0.002)
    tab.type("Learning rate", value)
    message = tab.setting_message("Learning rate")
    expect(message).to_contain_text("is refused: it must be a number from 1e-06 to 10. The run goes on with 0.002.")
    assert message.evaluate("node => getComputedStyle(node).color") != tab.setting("Learning rate").evaluate(
        "node => getComputedStyle(node).color"
    )
    expect(tab.number("Learning rate")).to_have_value(str(value))
    tab.number("Learning rate").press("Control+a")
    tab.type("Learning rate", 0.004)
    expect(message).to_be_hidden()


def test_a_number_that_is_none_is_refused_at_train_not_replaced(open_page):
    tab = Tab(open_page(), "ae").open()
    write(tab.number("Learning rate"), "x")
    for value in ("abc", ""):
        tab.number("Learning rate").fill(value)
        press(tab.bar)
        expect(tab.message).to_contain_text(f"learning_rate = {value!r} is refused: it must be a number from 1e-06 to 10.")
        expect(tab.setting_message("Learning rate")).to_contain_text("is refused: it must be a number from")
        assert tab.run_id() is None


def test_a_value_beyond_the_end_of_its_slider_is_kept_and_said(open_page):
    tab = Tab(open_page("/?tab=diffusion"), "diffusion")
    tab.type("Sampling steps", 300)
    expect(tab.number("Sampling steps")).to_have_value("300")
    expect(tab.setting_message("Sampling steps")).to_have_text("Beyond the slider, which ends at 200; up to 1000 is allowed.")
    tab.type("Steps", 2)
    tab.train()
    assert tab.frame("frame.config.sampling_steps") == 300


def trained(client, **settings) -> str:
    *_, last = client.submit({"model": "ae", "dataset": "fashion_mnist", "steps": 30, **settings}, api_name="/train")
    assert last["status"] == "finished", last
    return last["run"]


@pytest.mark.thorough
def test_a_run_that_is_found_late_never_changes_what_was_chosen(open_page, client):
    run = trained(client, latent_dim=3)
    page = open_page(f"/?tab=vae&ae={run}")
    slow(page, latency=1000)
    page.get_by_role("tab", name=TITLES["ae"]).click()
    tab = Tab(page, "ae")
    tab.choose("Data", "Digits")
    write(tab.number("Steps"), 44)
    tab.wait_frame("frame.config")
    expect(tab.number("Latent dimensions")).to_have_value("3")  # it was found, and what nobody touched is as in the run
    expect(tab.field("Data")).to_have_value("Digits")
    expect(tab.number("Steps")).to_have_value("44")
    expect(tab.panel.locator(".preview")).to_contain_text("8 × 8 pixels")
    press(tab.bar)
    config = started(tab, run)
    assert (config["dataset"], config["steps"], config["latent_dim"]) == ("digits", 44, 3)


@pytest.mark.thorough
def test_settings_of_a_fold_that_was_never_opened_are_those_of_the_run(open_page, client):
    run = trained(client, width=48, seed=7)
    tab = Tab(open_page(f"/?tab=ae&ae={run}"), "ae")
    expect(tab.number("Steps")).to_have_value("30")
    press(tab.bar)
    config = started(tab, run)
    assert (config["width"], config["seed"]) == (48, 7)
    tab.panel.get_by_role("button", name="More settings").click()
    expect(tab.number("Width")).to_have_value("48")


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["ae", "vae"])
def test_the_loss_is_drawn_again_on_coming_back_to_a_tab(open_page, client, name):
    run = trained(client, model=name, dataset="digits", steps=400)
    page = open_page(f"/?tab=diffusion&{name}={run}")
    slow(page, latency=400)
    page.get_by_role("tab", name=TITLES[name]).click()
    tab = Tab(page, name)
    tab.expect_status("finished")
    title = "Loss" if name == "ae" else "−ELBO"
    expect(tab.card(title).locator("path.js-line").first).to_have_attribute("d", re.compile("M.+L.+L"))
