"""The page in windows of all sizes: nothing stands beside the window, an instrument fits into it; and the projector view for a class."""

import re

import pytest
from playwright.sync_api import expect

from browser.looking import TITLES, Tab

SMALL = {"phone": (360, 740, 2), "tablet": (768, 1024, 1), "zoomed": (960, 600, 1.5)}
WIDE = {"laptop": (1280, 720, 1), "desk": (1440, 900, 1), "full": (1920, 1080, 1), "4k": (3840, 2160, 1)}
BESIDE = """() => [...document.querySelectorAll('button, input, select, canvas, .pg-title')].filter(node => {
  const box = node.getBoundingClientRect();
  return node.checkVisibility() && box.width && box.right > innerWidth + 1 && !node.closest('.tab-wrapper, [class*=scroll], .lab-picker');
}).map(node => node.outerHTML.slice(0, 120))"""
FIRST = ("phone", "laptop")


def window(size: tuple[float, ...]) -> dict:
    width, height, scale = size
    return {"viewport": {"width": width, "height": height}, "device_scale_factor": scale, "has_touch": scale == 2}


@pytest.mark.parametrize("size", [pytest.param(s, marks=() if s in FIRST else pytest.mark.thorough) for s in (*SMALL, *WIDE)])
def test_nothing_stands_beside_the_window(open_page, size):
    page = open_page("/?tab=vae", **window((SMALL | WIDE)[size]))
    for name in ("vae", "ae", "diffusion"):
        if name != "vae":
            page.evaluate("tab => location.search = `?tab=${tab}`", name)
        expect(page.get_by_role("tab", name=TITLES[name], selected=True)).to_be_attached()
        expect(page.locator(".run:visible [data-do=train]").first).to_be_visible()
        page.wait_for_timeout(800)
        assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
        assert not page.evaluate(BESIDE)
        if size in WIDE:
            assert page.evaluate("document.scrollingElement.scrollHeight <= innerHeight"), "the instrument does not fit"


def test_touch_finds_buttons_that_are_large_enough(open_page):
    page = open_page("/?tab=vae", **window(SMALL["phone"]) | {"is_mobile": True})
    heights = page.evaluate(
        "[...document.querySelectorAll('.playground-view button')].filter(b => b.checkVisibility()).map(b => b.offsetHeight)"
    )
    assert heights and min(heights) >= 30


def test_the_projector_view_is_larger_without_settings_and_is_left_as_it_came(open_page):
    page = open_page("/?tab=ae", **window(WIDE["laptop"]))
    tab, view = Tab(page, "ae"), page.locator(".page-view")
    body = tab.card("Latent map").locator(".pg-body")
    size, wide = float(body.evaluate("node => parseFloat(getComputedStyle(node).fontSize)")), body.bounding_box()["width"]
    view.click()
    page.wait_for_url(re.compile("view=projector"))
    expect(tab.number("Steps")).to_be_hidden()
    assert float(body.evaluate("node => parseFloat(getComputedStyle(node).fontSize)")) > 1.2 * size
    assert body.bounding_box()["width"] > 1.2 * wide
    page.reload()
    expect(view).to_have_attribute("aria-pressed", "true")
    expect(tab.button("train")).to_be_visible()
    assert page.evaluate(
        "document.scrollingElement.scrollHeight <= innerHeight && document.scrollingElement.scrollWidth <= innerWidth"
    )
    page.keyboard.press("Escape")
    expect(tab.number("Steps")).to_be_visible()
    assert "view=" not in page.url
