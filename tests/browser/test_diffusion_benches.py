"""The benches of the diffusion tab: forward, the exact answer, likelihood, and the image lab."""

import re

import pytest
from playwright.sync_api import Locator, expect

from browser.looking import Tab

LIVE = "Samples while it learns"
INKED = """canvas => canvas.width > 0 && canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(byte => byte)"""


@pytest.fixture
def tab(open_page) -> Tab:
    return Tab(open_page(), "diffusion").open()


def section(tab: Tab, title: str, label: str) -> Locator:
    """Opens a section and returns its card."""
    tab.page.get_by_role("tab", name=title, exact=True).click()
    card = tab.page.locator(f'.dock section[aria-label="{label}"]')
    card.scroll_into_view_if_needed()
    return card


def expect_numbers(card: Locator, schedule: str, **numbers: str) -> None:
    """Waits until the server's table has come and a schedule's numbers are drawn from it."""
    for name, text in numbers.items():
        expect(card.locator(f'[data-schedule="{schedule}"] [data-number="{name}"]')).to_have_text(text)


def picture(canvas: Locator) -> str:
    """What is drawn, once something is."""
    canvas.page.wait_for_function(INKED, arg=canvas.element_handle())
    return canvas.evaluate("canvas => canvas.toDataURL()")


def expect_picture(canvas: Locator, of: str, same: bool = True) -> None:
    """Waits until a canvas shows this picture, or another one."""
    wanted = f"([canvas, of]) => (canvas.toDataURL() === of) === {str(same).lower()}"
    canvas.page.wait_for_function(wanted, arg=[canvas.element_handle(), of])


def trained(tab: Tab, steps: int = 200_000, **choices: str) -> Tab:
    """A small model that has begun to learn; images when a data set is chosen."""
    tab.type("Steps", steps)
    tab.type("Sampling steps", 4)
    for label, option in choices.items():
        tab.choose(label.replace("_", " "), option)
    tab.train()
    tab.wait_beyond(0)
    return tab


@pytest.mark.slow
def test_data_drown_before_any_training(tab):
    card = section(tab, "Forward", "Forward process")
    slider, canvas = card.locator("input[type=range]"), card.locator('[data-schedule="cosine"] canvas')
    time = card.locator(".forward-time")
    expect(time).to_have_text("t = 0.30")
    expect_numbers(card, "cosine", alpha="0.891")
    slider.fill("100")
    expect(time).to_have_text("t = 0.50")
    expect_numbers(card, "cosine", alpha="0.707", sigma="0.707", log_snr="0.0", signal="50 %")
    expect_numbers(card, "rectified_flow", alpha="0.500", sigma="0.500")
    half = picture(canvas)
    slider.press("ArrowRight")
    expect(time).to_have_text(re.compile(r"t = 0\.5[01]"))
    slider.fill("200")
    expect(time).to_have_text("t = 1.00")
    expect_numbers(card, "cosine", signal="0.0 %")
    expect_picture(canvas, half, same=False)
    slider.fill("100")
    expect(time).to_have_text("t = 0.50")
    expect_picture(canvas, half)  # the same t and noise are the same picture
    card.get_by_role("button", name="new noise").click()
    expect_picture(canvas, half, same=False)
    card.get_by_role("button", name="Play").click()
    expect(time).to_have_text("t = 1.00")

    tab.choose("Data", "Digits")
    expect(card.locator(".pg-note")).to_contain_text("Digits, held-out images")
    card.scroll_into_view_if_needed()
    expect(card.locator('[data-schedule="cosine"] small')).to_have_text("chosen")
    tab.choose("Noise schedule", "rectified flow")
    card.scroll_into_view_if_needed()
    expect(card.locator('[data-schedule="rectified_flow"] small')).to_have_text("chosen")
    assert tab.run_id() is None


@pytest.mark.thorough
def test_what_moves_the_particles_while_it_trains_and_paused(tab):
    trained(tab)
    tab.wait_other(LIVE)
    card = tab.card(LIVE)
    card.locator("input[type=range]").fill("600")
    card.locator('[data-choose="what"]').select_option("velocity")
    expect(card.locator(".particles-message")).to_contain_text("model − exact")
    tab.press("pause", then="paused")
    plain = tab.wait_other(LIVE)
    for choose in (
        lambda: card.locator('[data-choose="of"]').select_option("exact"),
        lambda: card.locator('[data-choose="density"]').select_option("exact"),
        lambda: card.get_by_role("button", name="paths").click(),
    ):
        choose()
        plain, before = tab.wait_other(LIVE, plain), plain
        assert plain != before
    time = card.locator(".particles-time")
    now = time.inner_text()
    card.get_by_role("button", name="One sampling step ahead").click()
    expect(time).not_to_have_text(now)
    fresh = Tab(tab.page, "diffusion", bar=1)
    fresh.train()  # resampled while the training stands still
    fresh.expect_status("finished")
    tab.expect_status("paused")


@pytest.mark.slow
def test_learned_and_exact_fields_and_errors_by_time(tab):
    card = section(tab, "Exact answer", "Learned and exact")
    expect(card.locator(".pg-empty")).to_contain_text("Press Train")
    trained(tab, steps=300)
    tab.expect_status("finished")
    card.scroll_into_view_if_needed()
    message = card.locator(".fields-message")
    expect(message).to_contain_text("At t = 0.30")
    expect(message).to_contain_text("the mixture")
    tab.page.wait_for_function(f"() => [...document.querySelectorAll('.fields-panels canvas')].every({INKED})")
    learned = picture(card.locator('[data-panel="learned"] canvas'))
    card.locator("input[type=range]").fill("70")
    expect(message).to_contain_text("At t = 0.70")
    expect_picture(card.locator('[data-panel="learned"] canvas'), learned, same=False)
    errors = tab.page.locator('section[aria-label="Error at each time"]')
    errors.scroll_into_view_if_needed()
    expect(errors.locator(".scatterlayer .trace")).to_have_count(2)
    errors.get_by_role("button", name="losses").click()
    expect(errors.locator(".scatterlayer .trace")).to_have_count(5)
    expect(errors.locator(".errors-message")).to_contain_text("knows every training example by heart")
    expect(errors.locator(".errors-message")).to_contain_text("on training data nothing beats the ideal denoiser")


@pytest.mark.thorough
def test_inpainting_is_set_beside_the_exact_conditional(tab):
    card = section(tab, "Exact answer", "Inpainting, and what is right")
    expect(card.locator(".pg-empty")).to_contain_text("Press Train, then Inpaint")
    expect(card.locator(".given-ask")).to_be_disabled()
    trained(tab, steps=200).expect_status("finished")
    card.scroll_into_view_if_needed()
    card.get_by_role("button", name="Inpaint", exact=True).click()
    expect(card.locator(".scatterlayer .trace")).to_have_count(3)
    message = card.locator(".given-message")
    expect(message).to_contain_text(re.compile(r"no draw from p\(x₂ \| x₁\).* off by 0\.\d\d, with the model by 0\.\d\d"))
    expect(card.locator(".pg-note")).to_have_text("x₁ = 0.45, 1,000 times")
    expect(card.locator(".pg-step")).to_have_text("diffusion, Eight Gaussians, step 200")
    card.locator("input[type=range]").fill("-1")
    expect(card.locator(".pg-note")).to_have_text("x₁ = −1.00, 1,000 times")


@pytest.mark.thorough
def test_the_likelihood_is_measured_against_the_truth(tab):
    card = section(tab, "Likelihood", "Likelihood")
    tab.page.get_by_role("button", name="What is measured").click()
    expect(tab.number("Examples (examples)")).to_have_value("256")
    tab.type("Examples (examples)", 12)
    expect(tab.number("Examples (examples)")).to_have_value("12")
    tab.page.get_by_role("button", name="Evaluate").click()
    expect(tab.page.get_by_text("There is no model to measure yet")).to_be_visible()
    trained(tab, steps=200)
    card.scroll_into_view_if_needed()
    tab.page.get_by_role("button", name="Evaluate").click()
    expect(card.locator(".pg-note")).to_have_text("12 examples, mean ± standard error")
    expect(card.locator(".likelihood-row")).to_have_count(3)
    expect(card).to_contain_text(re.compile(r"−?\d+\.\d+ ± \d+\.\d+ nats"))
    expect(card).to_contain_text("to the truth")
    expect(card.locator(".likelihood-message")).to_contain_text("it may lie on either side of the ODE’s value")
    expect(card.locator(".scatterlayer .trace")).to_have_count(3)


@pytest.mark.slow
def test_the_image_lab(tab):
    lab = section(tab, "Image lab", "Image lab")
    expect(lab).to_contain_text("Train on images first")
    trained(tab, steps=150, Data="Digits").expect_status("finished")
    lab.scroll_into_view_if_needed()
    go, rows, error = lab.locator(".lab-go"), lab.locator(".lab-row"), lab.locator(".lab-error")

    def drawn(n_rows: int, n_tiles: int) -> None:
        go.click()
        expect(rows).to_have_count(n_rows)
        expect(go).to_be_enabled()
        expect(error).to_be_empty()
        expect(lab.locator(".lab-tiles canvas")).to_have_count(n_tiles)

    lab.locator(".lab-picker canvas").nth(5).click()
    drawn(2, 12)  # image-to-image
    lab.get_by_role("button", name="inpainting").click()
    go.click()
    expect(error).to_contain_text("Draw over a part of the image first")
    paper = lab.locator(".lab-paint canvas")
    paper.hover(position={"x": 40, "y": 120})
    tab.page.mouse.down()
    for x, y in ((90, 130), (140, 140), (180, 150)):
        paper.hover(position={"x": x, "y": y})
    tab.page.mouse.up()
    drawn(2, 8)
    lab.get_by_role("button", name="clear").click()
    go.click()
    expect(error).to_contain_text("Draw over a part of the image first")
    lab.get_by_role("button", name="inversion").click()
    drawn(2, 11)
    expect(lab).to_contain_text("Its noise has mean")
    expect(lab).to_contain_text(re.compile(r"the model’s own samples have, inverted in the same way: \d\.\d\d ± \d\.\d\d"))
    expect(lab).to_contain_text("nearly the same: squared error")
    lab.get_by_role("button", name="between two noises").click()
    drawn(2, 22)
    lab.get_by_role("button", name="guidance").click()
    go.click()
    expect(error).to_contain_text("set “Class-conditional” to yes")

    memory = section(tab, "Exact answer", "Memorisation meter")
    memory.get_by_role("button", name="Measure").click()
    expect(memory.locator(".memory-line")).to_have_count(5)
    expect(memory.locator('[data-who="ideal"] b')).to_have_text("100 %81 to 100 %")  # it repeats the training set: 16 of 16
    expect(memory.locator('[data-who="model"] b small')).to_have_text(re.compile(r"^[\d.]+ to [\d.]+ %$"))
    expect(memory.locator(".memory-missed")).to_contain_text("a small one does not prove")


@pytest.mark.thorough
def test_classes_can_be_asked_for(tab):
    expect(tab.field("Class")).to_be_hidden()
    trained(tab, steps=150, Data="Digits", **{"Class-conditional": "yes: the network is told the class"})
    tab.wait_frame("frame.views.samples && frame.views.samples.rows[0].notes[29] === '9'")
    fresh = Tab(tab.page, "diffusion", bar=1)
    tab.choose("Class", "7")
    tab.type("Samples", 4)
    fresh.train()
    fresh.expect_status("finished")
    fresh.wait_frame("frame.views.samples && frame.views.samples.rows[0].notes.join() === '7,7,7,7'")
    lab = section(tab, "Image lab", "Image lab")
    lab.get_by_role("button", name="guidance").click()
    lab.locator('[data-choose="label"]').select_option("7")
    lab.locator(".lab-go").click()
    expect(lab.locator(".lab-row")).to_have_count(5)


def test_no_section_is_wider_than_the_page(tab):
    for width in (1280, 360):
        tab.page.set_viewport_size({"width": width, "height": 800})
        for title in ("Forward", "Exact answer", "Likelihood", "Image lab"):
            tab.bench(title)
            expect(tab.page.locator(".dock section:visible").first).to_be_visible()
            tab.page.wait_for_function("width => document.documentElement.scrollWidth <= width", arg=width)
