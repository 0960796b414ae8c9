"""Data of one's own, as a person brings or draws them: dropped files, a look at them, a training on them, and all of it again after a reload."""

from __future__ import annotations

from pathlib import Path

import pytest
from brought import noise, picture
from playwright.sync_api import Page, expect

from browser.looking import Tab


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for kind in ("cats", "dogs"):
        (tmp_path / "pets" / kind).mkdir(parents=True)
        for i in range(30):
            (tmp_path / "pets" / kind / f"{i}.png").write_bytes(picture(noise(20, 30, 3)))
    (tmp_path / "pets" / "notes.md").write_text("no picture")
    return tmp_path / "pets"


def opened(page: Page, tab: Tab, way: str):
    tab.panel.locator("[data-own]").first.click()
    dialog = page.get_by_role("dialog", name="Your own data")
    dialog.locator(f'[data-way="{way}"]').click()
    return dialog


def test_a_folder_is_brought_looked_at_used_and_trained_on(open_page, folder: Path) -> None:
    page = open_page()
    tab = Tab(page, "ae").open()
    dialog = opened(page, tab, "files")
    dialog.locator('[data-input="folder"]').set_input_files(folder)
    use = dialog.get_by_role("button", name="Use it")
    expect(use).to_be_enabled()
    expect(dialog.locator(".own-about")).to_contain_text("60 coloured pictures of 2 kinds, 16 x 16 pixels. Classes: cats, dogs.")
    expect(dialog.locator(".own-left")).to_contain_text("1 left out: no picture that can be read here (notes.md)")
    page.wait_for_function("() => document.querySelector('.own-found img').naturalWidth > 0")
    dialog.get_by_label("Size").select_option("8")
    expect(dialog.locator(".own-about")).to_contain_text("8 x 8 pixels")
    use.click()
    expect(dialog).to_be_hidden()
    expect(tab.panel.locator(".preview .pg-title")).to_have_text("pets")
    tab.type("Steps", 200_000)
    tab.train()
    tab.wait_beyond(5)
    tab.press("stop", "stopped")
    page.reload()
    again = Tab(page, "ae").open()
    expect(again.panel.locator(".preview .pg-title")).to_have_text("pets")
    expect(again.panel.locator('[data-field="dataset"] option:checked')).to_have_text("pets")
    other = Tab(page, "vae").open()
    expect(other.panel.locator('[data-field="dataset"] select')).to_contain_text("pets")


def test_a_distribution_is_drawn_on_any_tab_and_its_density_is_known(open_page) -> None:
    page = open_page()
    tab = Tab(page, "vae").open()
    dialog = opened(page, tab, "draw")
    make, use = dialog.locator('[data-do="make"]'), dialog.locator('[data-do="use"]')
    expect(make).to_be_disabled()
    paper = dialog.locator("canvas")
    paper.focus()
    for key in (" ", "Shift+ArrowRight", "Shift+ArrowRight", " ", "ArrowUp", " "):
        paper.press(key)
    expect(dialog.locator('[data-draw="count"]')).to_have_text("3 dabs of at most 2000.")
    dialog.locator('[data-draw="undo"]').click()
    dialog.locator('[data-draw="mirror"]').select_option("xy")
    box = paper.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 0.3 * box["height"], steps=4)
    page.mouse.up()
    dialog.locator('[data-draw="title"]').fill("Four arms")
    make.click()
    expect(use).to_have_text("Use it on the diffusion tab")
    use.click()
    tab = Tab(page, "diffusion")
    expect(page.get_by_role("tab", name="3 · Diffusion")).to_have_attribute("aria-selected", "true")
    expect(tab.panel.locator(".preview .pg-title")).to_have_text("Four arms")
    tab.type("Steps", 200_000)
    tab.train()
    tab.wait_beyond(20)
    expect(tab.panel.locator(".curves, [aria-label='Loss']").first).to_contain_text("irreducible")
    tab.press("stop", "stopped")


@pytest.mark.thorough
def test_a_table_is_brought_trained_on_and_read_in_its_own_units(open_page, tmp_path: Path) -> None:
    page = open_page(viewport={"width": 1440, "height": 1200})
    tab = Tab(page, "ae").open()
    dialog = opened(page, tab, "files")
    rows = [f"{1000 + 7 * (k % 13)},{k % 5},{0.01 * (k * k % 29)},{'odd' if k % 2 else 'even'}" for k in range(90)]
    (tmp_path / "shop.csv").write_text("price,pieces,weight,kind\n" + "\n".join(rows))
    dialog.locator('[data-input="files"]').set_input_files(tmp_path / "shop.csv")
    expect(dialog.locator(".own-about")).to_contain_text("90 rows of 3 columns")
    expect(dialog.locator(".own-about")).to_contain_text("Classes are those of the column kind (guessed). Classes: even, odd.")
    dialog.get_by_label("Classes").fill("pieces")
    dialog.get_by_label("Classes").press("Tab")
    expect(dialog.locator(".own-about")).to_contain_text("90 points in the plane")
    dialog.get_by_label("Classes").fill("")
    dialog.get_by_label("Classes").press("Tab")
    expect(dialog.locator(".own-about")).to_contain_text("90 rows of 3 columns")
    dialog.get_by_role("button", name="Use it").click()
    expect(tab.panel.locator(".preview .pg-title")).to_have_text("shop")
    tab.train()
    tab.wait_beyond(20)
    card = tab.panel.locator('section[aria-label="Rows by column"]')
    expect(card).to_be_visible()
    card.scroll_into_view_if_needed()
    expect(card.locator("canvas")).to_have_attribute("aria-label", "15 held-out rows and 15 reconstructions, across 3 columns")
    card.locator("canvas").focus()
    card.locator("canvas").press("ArrowRight")
    expect(card.locator(".columns-line")).to_contain_text("price: held-out 10")


def test_a_refusal_is_said_in_the_dialog(open_page, tmp_path: Path) -> None:
    page = open_page()
    tab = Tab(page, "ae").open()
    dialog = opened(page, tab, "files")
    (tmp_path / "table.csv").write_text("a,b,c\n" + "1,2,3\n" * 30)
    dialog.locator('[data-input="files"]').set_input_files(tmp_path / "table.csv")
    expect(dialog.locator(".own-message")).to_contain_text("All rows have the same value in all columns but two or fewer")
    expect(dialog.locator('[data-do="use"]')).to_be_disabled()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(tab.panel.locator("[data-own]").first).to_be_focused()


def test_the_hub_is_asked_by_name_and_a_wrong_one_is_told_beside_it(open_page) -> None:
    page = open_page()
    dialog = opened(page, Tab(page, "ae").open(), "hub")
    read = dialog.get_by_role("button", name="Read from the Hub")
    expect(read).to_be_disabled()
    dialog.get_by_label("Data set").fill("mnist")
    read.click()
    expect(dialog.locator(".own-message")).to_contain_text("mnist is no name of a data set of the Hub: owner/name")
