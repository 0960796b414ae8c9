"""An image that a person draws or pastes on a tab: what the model says of it, where the map marks it, and what a diffusion makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from brought import noise, picture
from playwright.sync_api import expect

from browser.looking import Tab

KINDS = {
    "vae": {"model": "vae", "dataset": "digits", "steps": 20, "width": 16},
    "diffusion": {"model": "diffusion", "dataset": "digits", "steps": 5, "width": 16, "depth": 1},
}


def test_a_drawing_lands_on_the_map_and_a_picture_takes_its_place(open_page, runs, tmp_path: Path) -> None:
    page = open_page(f"/?tab=vae&vae={runs('vae')}")
    card = Tab(page, "vae").panel.locator('section[aria-label="An image of your own"]')
    card.scroll_into_view_if_needed()
    expect(card.locator(".guest-t output")).to_have_text("0.50")  # the script is there
    paper, facts = card.locator(".guest-paper canvas"), card.locator(".guest-facts")
    for key in (" ", "Shift+ArrowRight", "Shift+ArrowDown"):
        paper.press(key)
    expect(facts).to_contain_text("held-out images")
    expect(facts).to_contain_text("log p(x) by quadrature")
    expect(facts.locator("svg")).to_have_count(2)
    drawn = facts.inner_text()
    (tmp_path / "photo.png").write_bytes(picture(noise(300, 200, 3)))
    card.locator('[data-guest="file"]').set_input_files(tmp_path / "photo.png")
    expect(facts).not_to_have_text(drawn, use_inner_text=True)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    card.locator('[data-guest="file"]').set_input_files(tmp_path / "broken.png")
    expect(card.locator(".guest-error")).to_have_text("This picture cannot be taken: it is no picture, whatever its name says.")
    card.locator('[data-guest="clear"]').click()
    expect(card.locator(".guest-error")).to_have_text("")
    expect(facts).to_have_text("")


@pytest.mark.thorough
def test_a_diffusion_makes_variations_of_a_drawing(open_page, runs) -> None:
    page = open_page(f"/?tab=diffusion&diffusion={runs('diffusion')}&bench=image-lab")
    card = page.locator('section[aria-label="An image of your own"]:visible')
    expect(card.locator(".guest-t output")).to_have_text("0.50")
    card.locator(".guest-paper canvas").press(" ")
    expect(card.locator(".guest-tiles canvas")).to_have_count(11)
    expect(card.locator(".guest-facts")).to_contain_text("log p(x) at least")
