"""From the first press of Train to the last of Stop, on every tab."""

import re

import pytest
from playwright.sync_api import expect

from browser.looking import Tab, expect_standstill

PICTURES = {
    "ae": ("Latent map", "Held-out data"),
    "vae": ("Latent map and prior", "Samples from the prior", "Held-out data"),
    "diffusion": ("Samples while it learns",),
}
STEPS = 200_000  # more than a test waits for


def ready(open_page, name: str, **settings) -> Tab:
    """The tab with quick settings."""
    tab = Tab(open_page(), name).open()
    if name != "diffusion":
        tab.choose("Data", "Digits")
    for label, value in settings.items():
        tab.type(label.replace("_", " "), value)
    return tab


@pytest.mark.parametrize(
    "name", [pytest.param("ae", marks=pytest.mark.thorough), pytest.param("vae", marks=pytest.mark.thorough), "diffusion"]
)
def test_a_training_from_beginning_to_end(open_page, name):
    tab = ready(open_page, name, Steps=STEPS, Learning_rate=0.002)
    for title in (*PICTURES[name], "Loss" if name != "vae" else "−ELBO"):
        expect(tab.card(title).locator(".pg-empty")).to_contain_text("Press Train")
    expect(tab.bar).to_contain_text("Ready")

    run = tab.train()
    tab.wait_beyond(0)
    for title in PICTURES[name]:
        tab.wait_other(title, tab.wait_other(title))
    curve = tab.card("Loss" if name != "vae" else "−ELBO").locator("path.js-line").first
    curve.scroll_into_view_if_needed()  # what is out of sight is not drawn
    expect(curve).to_have_attribute("d", re.compile("M"))
    line = curve.get_attribute("d")
    expect(curve).not_to_have_attribute("d", line)

    tab.press("pause", then="paused")
    expect(tab.button("pause")).to_have_text("Resume")
    expect_standstill(tab.bar)
    step = tab.step()
    tab.press("pause", then="running")
    tab.wait_beyond(step)

    tab.page.reload()
    expect(tab.page.get_by_role("tab", selected=True).first).to_have_text(
        re.compile(f"^{'1' if name == 'ae' else '2' if name == 'vae' else '3'}")
    )
    tab.expect_status("running")
    tab.wait_beyond(step)
    assert tab.run_id() == run
    expect(tab.number("Steps")).to_have_value(str(STEPS))
    expect(tab.number("Learning rate")).to_have_value("0.002")
    expect(tab.field("Data")).to_have_value("Digits" if name != "diffusion" else re.compile("."))
    for title in PICTURES[name]:
        tab.wait_other(title)

    tab.press("stop", then="stopped")
    expect(tab.button("train")).to_be_enabled()
    expect(tab.button("train")).to_have_text("Train again")
    stopped = tab.step()
    tab.press("continue", then="running")
    tab.wait_beyond(stopped)
    tab.press("stop", then="stopped")


def test_a_run_that_reaches_its_last_step_has_finished_and_can_be_run_again(open_page):
    tab = ready(open_page, "ae", Steps=25)
    first = tab.train()
    tab.expect_status("finished")
    tab.expect_step(25)
    expect(tab.bar).to_contain_text("Finished")
    expect(tab.button("continue")).to_be_hidden()
    assert tab.train() != first
    tab.expect_status("finished")


def test_the_autoencoder_shows_images_it_never_trained_on_and_the_error(open_page):
    tab = ready(open_page, "ae", Steps=30)
    tab.train()
    tab.expect_status("finished")
    rows = tab.card("Held-out data").locator(".tiles-row")
    tab.wait_other("Held-out data")
    expect(rows).to_have_count(3)
    for row, title in zip(rows.all(), ("held-out images", "reconstructions", "|error|")):
        expect(row).to_contain_text(title)
        expect(row.locator("canvas")).to_be_visible()
    expect(rows.nth(1)).to_contain_text(re.compile(r"held-out MSE \d\.\d{4}"))
    expect(tab.card("Latent map").locator(".map-legend")).not_to_contain_text("prior")


@pytest.mark.slow
def test_the_terms_of_the_bound_add_up_as_they_are_shown(open_page):
    tab = ready(open_page, "vae", Steps=STEPS)
    tab.train()
    equation = tab.card("The bound").locator(".terms-equation")
    expect(equation).to_contain_text("KL")
    expect(tab.card("The bound")).to_contain_text("nats per held-out example")
    for _ in range(3):
        text = equation.inner_text()
        total, reconstruction, kl = (float(n.replace("−", "-").replace(",", "")) for n in re.findall(r"−?[\d,]+\.?\d*", text)[:3])
        assert total == pytest.approx(reconstruction + kl, abs=1e-9), text
        assert kl >= 0
        expect(equation).not_to_have_text(text, use_inner_text=True)
    expect(tab.card("Latent map and prior").locator(".map-legend")).to_contain_text("prior")


@pytest.mark.thorough
def test_hiding_a_class_changes_the_map(open_page):
    tab = ready(open_page, "ae", Steps=25)
    tab.train()
    tab.expect_status("finished")
    before = tab.wait_other("Latent map")
    chip = tab.card("Latent map").locator(".map-legend button").first
    chip.click()
    expect(chip).to_have_attribute("aria-pressed", "false")
    tab.wait_other("Latent map", before)
