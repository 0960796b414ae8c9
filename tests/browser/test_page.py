"""The page itself: both themes can be read, a phone can show it, and a keyboard is enough."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from browser.looking import TITLES, Tab, at_rest

PLAYGROUND = Path(__file__).parents[2] / "playground"

CONTRAST = """node => {
  const dot = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = colour => { dot.clearRect(0, 0, 1, 1); dot.fillStyle = colour; dot.fillRect(0, 0, 1, 1); return dot.getImageData(0, 0, 1, 1).data; };
  const light = colour => rgba(colour).slice(0, 3).reduce((sum, c, i) =>
    sum + [0.2126, 0.7152, 0.0722][i] * (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4), 0);
  let back = node;
  while (back && rgba(getComputedStyle(back).backgroundColor)[3] < 255) back = back.parentElement;
  const pair = [light(getComputedStyle(node).color), light(back ? getComputedStyle(back).backgroundColor : '#fff')].sort((a, b) => b - a);
  return (pair[0] + 0.05) / (pair[1] + 0.05);
}"""
TEXTS = (
    ".page-head h1",
    ".text-lead p",
    ".run-message",
    ".run-status b",
    ".pg-title",
    ".pg-empty span",
    ".instrument-form .setting-label",
    ".preview-text p",
    "[data-do=train]",
    ".text-body p",
)


@pytest.mark.slow
def test_texts_stand_out_from_what_is_behind_them(open_page):
    page = open_page("/?__theme=light")
    page.get_by_role("button", name="Theory", exact=True).click()
    expect(page.locator(".text-body p").first).to_be_visible()
    for dark in (False, True):
        page.evaluate("dark => document.body.classList.toggle('dark', dark)", dark)
        at_rest(page)
        ratios = {text: round(page.locator(text).first.evaluate(CONTRAST), 2) for text in TEXTS}
        assert min(ratios.values()) >= 4.5, (dark, ratios)


TYPE = """() => {
  const found = new Set(), texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !node.checkVisibility() || node.closest('.katex, script, style')) continue;
    const style = getComputedStyle(node);
    found.add([style.fontFamily.split(',')[0].replaceAll('"', ''), style.fontWeight, style.fontSize].join(' '));
  }
  return [...found].sort();
}"""
SIZES = ("12px", "13px", "16px", "22px")


def written() -> str:
    """Every sign outside ASCII in what the page says: its scripts, its texts, and the Python that writes its words."""
    rooms = [PLAYGROUND / room for room in ("ui", "features", "page", "config", "views")]
    texts = [path.read_text("utf-8") for room in rooms for ending in ("js", "md", "py") for path in room.rglob(f"*.{ending}")]
    return "".join(sorted({sign for text in texts for sign in text if ord(sign) > 127} - set("ᵀ")))  # of a comment


def fonts(page, selector: str) -> list[str]:
    """The fonts that a text is really set in."""
    session = page.context.new_cdp_session(page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    node = session.send("DOM.querySelector", {"nodeId": root, "selector": selector})["nodeId"]
    return [font["familyName"] for font in session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]]


def test_all_text_is_of_one_face_in_two_weights_and_four_sizes(open_page):
    page = open_page("/?tab=vae")
    page.get_by_role("button", name="Theory", exact=True).click()
    expect(page.locator(".text-body h2").first).to_be_visible()
    styles = page.evaluate(TYPE)
    assert set(styles) <= {f"Inter {weight} {size}" for weight in (400, 600) for size in SIZES}, styles
    page.evaluate(
        "signs => { const all = document.createElement('b'); all.id = 'signs'; all.textContent = signs; document.querySelector('.page-head').append(all); }",
        written(),
    )
    assert fonts(page, "#signs") == ["Inter Variable"], "a sign is not in the face: another font steps in for it"


def test_a_training_looks_different_on_dark_but_works_as_well(open_page):
    tab = Tab(open_page("/?__theme=dark"), "diffusion").open()
    tab.page.wait_for_function("document.body.classList.contains('dark')")
    tab.type("Steps", 20)
    tab.train()
    tab.expect_status("finished")
    tab.wait_other("Samples while it learns")


def test_a_phone_shows_everything_without_scrolling_sideways(open_page):
    page = open_page("/?tab=vae", viewport={"width": 390, "height": 844})
    fits = "document.scrollingElement.scrollWidth <= innerWidth"
    for name in TITLES:
        tab = Tab(page, name).open()
        page.wait_for_function(fits)
        if name != "diffusion":
            tab.choose("Data", "Digits")
        tab.type("Steps", 20)
        tab.train()
        tab.expect_status("finished")
        tab.wait_other("Samples while it learns" if name == "diffusion" else "Held-out data")
        page.wait_for_function(fits)
        page.wait_for_function(
            """bar => [...bar.querySelectorAll('button')].filter(node => node.checkVisibility()).map(node => node.getBoundingClientRect())
                .every(box => box.left >= 0 && box.right <= 390 && box.height >= 30)""",
            arg=tab.bar.element_handle(),
        )


def test_the_keyboard_is_enough(open_page):
    page = open_page("/?tab=diffusion")
    tab = Tab(page, "diffusion")
    expect(page.get_by_role("tab", name=TITLES["diffusion"], selected=True)).to_be_visible()
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.do") == "train":
            break
    else:
        pytest.fail("Tab does not reach Train")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none", "the focus cannot be seen"
    page.keyboard.press("Enter")
    tab.expect_status("running")
    tab.wait_beyond(0)
    page.keyboard.press("Tab")  # Pause is next
    expect(tab.button("pause")).to_be_focused()
    page.keyboard.press("Space")
    tab.expect_status("paused")


def test_the_open_tab_stands_in_the_address(open_page):
    page = open_page()
    for name in ("vae", "diffusion", "ae", "diffusion"):
        page.get_by_role("tab", name=TITLES[name]).click()
        page.wait_for_url(f"**tab={name}*")
    page.reload()
    expect(page.get_by_role("tab", name=TITLES["diffusion"], selected=True)).to_be_visible()


def test_a_phone_shows_all_tabs_and_a_bench_from_the_menu_stands_in_the_address(open_page):
    page = open_page("/?tab=vae", viewport={"width": 360, "height": 740})
    for title in (*TITLES.values(), "4 · Compare"):
        expect(page.get_by_role("tab", name=title)).to_be_visible()
    dock = page.locator("#dock-vae > .tab-wrapper")
    at_rest(page)  # the menu is made anew for as long as widths change
    dock.get_by_role("button", name="More tabs").click()
    dock.locator(".overflow-dropdown button", has_text="Factors").click()
    expect(page).to_have_url(re.compile("bench=factors"))
    page.reload()
    expect(page.get_by_role("tab", name="Factors", selected=True)).to_be_visible()


def test_another_data_set_is_shown_as_soon_as_it_is_picked(open_page):
    tab = Tab(open_page(), "vae").open()
    preview = tab.panel.locator(".preview")
    expect(preview.locator("img")).to_have_attribute("src", re.compile("."))
    before = preview.locator("img").get_attribute("src")
    tab.choose("Data", "Digits")
    expect(preview).to_contain_text("8 × 8 pixels")
    expect(preview.locator("img")).not_to_have_attribute("src", before)
