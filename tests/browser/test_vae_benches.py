"""The VAE's bound told exactly, its variants, and the sections below its pictures."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from browser.looking import Tab
from browser.test_latent_map import INK, LONELY

QUICK = {"model": "vae", "dataset": "digits", "steps": 300}
KINDS = {
    "plane": QUICK | {"latent_dim": 2},
    "collapsed": QUICK | {"latent_dim": 16, "beta": 30.0},
    "sprites": QUICK | {"latent_dim": 3, "dataset": "sprites", "steps": 40},
}
NUMBER = r"\(?(−?[\d,]+\.\d+)\)?"


class Labs(Tab):
    """The VAE's tab with its sections."""

    def lab(self, name: str, card: str) -> Locator:
        """Opens a section and scrolls its card into sight."""
        self.page.get_by_role("tab", name=name, exact=True).click()
        shown = self.card(card)
        shown.scroll_into_view_if_needed()
        return shown

    def pin(self) -> None:
        """Pins the dot that stands alone."""
        self.pixels_at_rest("Latent map and prior")
        dot = self.page.evaluate(LONELY, "vae")[0]
        self.page.mouse.click(dot["x"], dot["y"])


@pytest.fixture
def open_run(open_page, runs) -> Callable[..., Labs]:
    """`open_run("plane")` opens a finished run of that kind."""

    def open_(kind: str, **options) -> Labs:
        return Labs(open_page(f"/?tab=vae&vae={runs(kind)}", **options), "vae")

    return open_


def number(text: str) -> float:
    return float(text.replace("−", "-").replace(",", ""))


def sums(text: str) -> list[float]:
    """The numbers of `total 1.2 = term 0.7 + term (−0.5)`, the total first."""
    return [number(found) for found in re.findall(NUMBER + r"(?= |$)", text)]


@pytest.mark.thorough
def test_a_pinned_image_shows_its_evidence_and_its_gap_which_add_up(open_run):
    shown = open_run("plane")
    card, over = shown.card("The bound at one image"), shown.card("Latent map and prior").locator(".map-over")
    expect(card.locator(".pg-empty")).to_contain_text("Click a dot")
    shown.pin()
    expect(card.locator(".truth-equation")).to_contain_text("log p(x)")
    log_p, elbo, gap = sums(" ".join(card.locator(".truth-equation").inner_text().split()))
    assert log_p == pytest.approx(elbo + gap, abs=1e-9) and gap > 0
    parts = [number(card.locator(".truth-value").nth(k).text_content()) for k in (1, 2)]
    assert sum(parts) == pytest.approx(gap, abs=1e-9)
    expect(card.locator(".truth-check")).to_contain_text("equal within the errors")
    for canvas in (card.locator("canvas"), over):  # the true posterior, magnified and on the map
        shown.page.wait_for_function(f"canvas => ({INK})(canvas) > 300", arg=canvas.element_handle())
    shown.page.keyboard.press("Escape")
    expect(card.locator(".pg-empty")).to_be_visible()


@pytest.mark.thorough
def test_more_than_two_dimensions_are_said_to_be_too_many_for_the_integral(open_run):
    shown = open_run("collapsed")
    shown.pin()
    expect(shown.card("The bound at one image").locator(".pg-empty")).to_contain_text("16 dimensions")


@pytest.mark.thorough
def test_terms_add_up_on_screen_and_say_what_is_trained_on_while_beta_changes(open_page):
    tab = Labs(open_page(), "vae").open()
    tab.choose("Data", "Digits")
    tab.type("Steps", 200_000)
    tab.train()
    card = tab.card("The bound")
    card.locator("summary").click()
    expect(card.locator(".terms-lines")).to_contain_text("−ELBO itself")
    tab.type("β", 4)
    card.scroll_into_view_if_needed()  # what is out of sight is not drawn
    trained = card.locator(".terms-lines > div").nth(1)
    expect(trained).to_contain_text("4 × KL")
    tab.press("pause", then="paused")
    for place in (card.locator(".terms-equation"), trained, card.locator(".terms-lines > div").first):
        text = " ".join(place.inner_text().split())
        total, first, second = sums(text)[:3]
        assert total == pytest.approx(first + second, abs=1e-9), text
    expect(card.locator(".terms-bits")).to_have_text(re.compile(r"^\d+\.\d{3} bits per dimension \(unmodelled: 8\)$"))


@pytest.mark.thorough
def test_a_likelihood_explains_itself_and_brings_its_own_settings(open_page):
    tab = Labs(open_page(), "vae").open()
    words = tab.panel.locator(".likelihood-words").first
    expect(words).to_contain_text("a Gaussian in disguise")
    tab.type("Pixel noise σ", 0.2)
    expect(words).to_contain_text("9,800 × MSE")
    expect(tab.field("Black and white")).to_be_hidden()
    tab.choose("Likelihood p(x|z)", "Bernoulli, black and white")
    expect(words).to_contain_text("cross-entropy")
    expect(tab.field("Black and white")).to_be_visible()
    expect(tab.number("Pixel noise σ")).to_be_hidden()
    tab.choose("Data", "Digits")
    tab.type("Steps", 30)
    tab.train()
    tab.expect_status("finished")
    expect(tab.card("The bound").locator(".terms-lines")).to_contain_text("cross-entropy of black and white pixels")


@pytest.mark.thorough
def test_bounds_are_evaluated_in_a_run_of_their_own(open_run):
    shown = open_run("plane")
    card = shown.lab("Bound and gap", "Bounds on held-out images")
    expect(card.locator(".pg-empty")).to_contain_text("Press Evaluate")
    expect(shown.card("Bounds while it learns").locator("path.js-line").nth(1)).to_be_attached()
    shown.type("Images", 6)
    shown.type("Draws", 50)
    bar = shown.page.locator("#dock-vae .run")
    bar.locator("[data-do=train]").click()
    expect(bar).to_have_attribute("data-status", "finished")
    expect(card.locator(".bounds-label")).to_have_text(["ELBO", "IWAE-5", "IWAE-50", "IS-50", "log p(x)"])
    gap, *parts = (number(found) for found in re.findall(r"gap (−?\d+\.\d+)", card.locator(".bounds-sum").inner_text()))
    assert sum(parts) == pytest.approx(gap, abs=1e-9) and len(parts) == 2
    shown.page.reload()
    expect(shown.lab("Bound and gap", "Bounds on held-out images").locator(".bounds-label")).to_have_count(5)


@pytest.mark.thorough
def test_the_kl_is_shown_in_its_two_parts_which_add_up(open_run):
    card = open_run("plane").lab("Collapse doctor", "What each dimension carries")
    parts = card.locator(".doctor-parts div")
    expect(parts).to_contain_text(
        re.compile(r"KL \d+\.\d+ = I\(x; z\) \d+\.\d+ ± \d+\.\d+ \+ KL\(q\(z\) ‖ p\(z\)\) −?\d+\.\d+ ± \d+\.\d+ nats")
    )
    expect(parts).to_contain_text("is at most log n = 7.27")  # of 1,438 digits
    kl, information, error, rest, error_2 = (number(found) for found in re.findall(r"−?\d+\.\d+", parts.inner_text())[:5])
    assert abs(kl - information - rest) < 4 * (error + error_2) + 0.01 and information > rest
    bars = card.locator(".doctor-bar")
    assert bars.count() == 4 and all(float(bars.nth(k).get_attribute("height")) > 1 for k in (1, 3))
    expect(card.locator("svg")).to_contain_text("the most that an image can tell through this dimension")


@pytest.mark.thorough
def test_the_doctor_names_a_collapse_and_is_quiet_on_a_healthy_run(open_run):
    doctor = open_run("collapsed").lab("Collapse doctor", "What each dimension carries")
    expect(doctor.locator(".doctor-says")).to_contain_text("β = 30 is too high for this decoder")
    assert doctor.locator(".pg-body").evaluate("body => body.scrollHeight <= body.clientHeight"), "a long sentence cuts nothing off"
    expect(doctor.locator(".doctor-bar:not(.doctor-rest)")).to_have_count(16)
    doctor.locator(".doctor-plot").focus()
    doctor.page.keyboard.press("ArrowRight")
    expect(doctor.locator(".doctor-one")).to_contain_text(re.compile(r"z₁: KL 0\.\d+ nats.*not active"))
    healthy = open_run("plane").lab("Collapse doctor", "What each dimension carries")
    expect(healthy.locator(".doctor-says")).to_contain_text("Nothing is wrong: 2 of 2")


@pytest.mark.thorough
def test_runs_stay_together_on_the_rate_distortion_plane_over_a_reload(open_run):
    shown = open_run("plane")
    plane = shown.lab("Rate and distortion", "Rate and distortion")
    expect(plane.locator(".rate-legend button")).to_have_text(["β 1, d = 2, σ 0.4 (this run)"])
    shown.type("Steps", 60)
    shown.type("β", 3)
    shown.train()
    shown.expect_status("finished")
    plane.scroll_into_view_if_needed()
    expect(plane.locator(".rate-legend button")).to_have_text(["β 1, d = 2, σ 0.4", "β 3, d = 2, σ 0.4 (this run)"])
    shown.page.wait_for_function("() => Object.keys(window.playground.runs()).length === 2")  # it is written down once a second
    shown.page.reload()
    plane = shown.lab("Rate and distortion", "Rate and distortion")
    expect(plane.locator(".rate-legend button")).to_have_count(2)
    plane.get_by_role("button", name="forget other runs").click()
    expect(plane.locator(".rate-legend button")).to_have_text(["β 3, d = 2, σ 0.4 (this run)"])


@pytest.mark.thorough
def test_the_trick_is_drawn_and_the_score_function_varies_more(open_run):
    trick = open_run("plane").lab("Reparametrisation", "The trick, drawn")
    expect(trick.locator(".trick-tile")).to_have_count(5)
    path, baseline, score = (number(text) for text in trick.locator(".trick-value").all_text_contents()[:3])
    assert path < baseline < score
    equation = r"z = μ \+ σ ε = " + NUMBER + r" \+ " + NUMBER + r" · " + NUMBER + r" = " + NUMBER
    mean, std, eps, z = map(number, re.search(equation, trick.locator(".trick-words").inner_text()).groups())
    assert z == pytest.approx(mean + std * eps, abs=5e-3)
    words = trick.locator(".trick-words").inner_text()
    trick.get_by_role("button", name="other draws").click()
    expect(trick.locator(".trick-words")).not_to_have_text(words)


@pytest.mark.thorough
def test_factors_are_for_data_whose_factors_are_known(open_run):
    hint = open_run("plane").lab("Factors", "Latent dimensions against known factors").locator(".factors-hint")
    expect(hint).to_contain_text("Choose Data: Sprites")
    shown = open_run("sprites")
    card = shown.lab("Factors", "Latent dimensions against known factors")
    expect(card.locator("tbody tr")).to_have_count(3)
    expect(card.locator(".factors-mig")).to_contain_text(re.compile(r"MIG 0\.\d+ ± 0\.\d+"))
    expect(card.locator(".factors-strip small").first).to_contain_text("moves")
    assert all(canvas.evaluate(INK) > 0 for canvas in card.locator("tbody canvas").all())


@pytest.mark.thorough
def test_factors_are_measured_once_for_all_who_show_them(open_run):
    """The table and the traversals want the same answer of the same weights; so does whoever looks again."""
    shown, asked = open_run("sprites"), []
    shown.page.on("request", lambda request: asked.append(1) if "disentanglement" in (request.post_data or "") else None)
    card, panel = shown.lab("Factors", "Latent dimensions against known factors"), shown.card("Look inside")
    expect(card.locator("tbody tr")).to_have_count(3)
    for _ in range(2):
        shown.bench("Outcome")
        panel.get_by_role("button", name="latent traversals").click()
        panel.scroll_into_view_if_needed()
        expect(panel.locator(".panel-row:visible")).to_have_count(3)
        panel.get_by_role("button", name="latent traversals").click()
        shown.lab("Bound and gap", "Bounds on held-out images")
        shown.lab("Factors", "Latent dimensions against known factors")
        shown.page.wait_for_timeout(1000)
    assert len(asked) == 1


@pytest.mark.thorough
def test_sections_fit_a_phone(open_run):
    shown = open_run("plane", viewport={"width": 360, "height": 800})
    shown.pin()
    for name in ("Bound and gap", "Collapse doctor", "Rate and distortion", "Reparametrisation", "Factors"):
        there = shown.page.get_by_role("tab", name=name, exact=True)
        if not there.is_visible():
            shown.page.locator("#dock-vae .overflow-menu > button").click()
            there = shown.page.locator("#dock-vae .overflow-dropdown button", has_text=name)
        there.click()
        expect(shown.page.locator("#dock-vae section:visible").first).to_be_visible()
        shown.page.wait_for_function("document.scrollingElement.scrollWidth <= innerWidth")
