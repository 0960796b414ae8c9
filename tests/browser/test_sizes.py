"""The page in windows of all sizes: nothing stands beside the window, an instrument fits into it; and the projector view for a class."""

import re

import pytest
from playwright.sync_api import expect

from browser.looking import Tab, at_rest

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
        Tab(page, name).open()
        expect(page.locator(".preview-frame img:visible").first).to_be_visible()
        at_rest(page)
        page.wait_for_function("document.scrollingElement.scrollWidth <= innerWidth")
        page.wait_for_function(f"() => !({BESIDE})().length")
        if size in WIDE:
            page.wait_for_function("document.scrollingElement.scrollHeight <= innerHeight")  # the instrument fits


def test_touch_finds_buttons_that_are_large_enough(open_page):
    page = open_page("/?tab=vae", **window(SMALL["phone"]) | {"is_mobile": True})
    page.wait_for_function(
        """() => {
            const heights = [...document.querySelectorAll('.playground-view button')].filter(b => b.checkVisibility()).map(b => b.offsetHeight);
            return heights.length && Math.min(...heights) >= 30;
        }"""
    )


def test_the_projector_view_is_larger_without_settings_and_is_left_as_it_came(open_page):
    page = open_page("/?tab=ae", **window(WIDE["laptop"]))
    tab, view = Tab(page, "ae"), page.locator(".page-view:not(.page-link)")
    body = tab.card("Latent map").locator(".pg-body")
    expect(tab.number("Steps")).to_be_visible()
    at_rest(page)
    before = body.evaluate("node => [parseFloat(getComputedStyle(node).fontSize), node.clientWidth]")
    view.click()
    page.wait_for_url(re.compile("view=projector"))
    expect(tab.number("Steps")).to_be_hidden()
    page.wait_for_function(
        "([node, [size, wide]]) => parseFloat(getComputedStyle(node).fontSize) > 1.2 * size && node.clientWidth > 1.2 * wide",
        arg=[body.element_handle(), before],
    )
    page.reload()
    expect(view).to_have_attribute("aria-pressed", "true")
    expect(tab.button("train")).to_be_visible()
    page.wait_for_function(
        "document.scrollingElement.scrollHeight <= innerHeight && document.scrollingElement.scrollWidth <= innerWidth"
    )
    page.keyboard.press("Escape")
    expect(tab.number("Steps")).to_be_visible()
    expect(page).not_to_have_url(re.compile("view="))


@pytest.mark.parametrize("width, height", [(1280, 720), pytest.param(1440, 900, marks=pytest.mark.thorough)])
def test_the_curves_stand_in_the_first_screen(open_page, width, height):
    """Of diffusion of points loss, error and forward process; of a VAE its bound."""
    page = open_page("/?tab=diffusion", viewport={"width": width, "height": height})
    outcome = page.locator(".instrument-outcome:visible")
    for card in ("Loss", "Error by t", "Forward process"):
        expect(outcome.locator(f'section[aria-label="{card}"]')).to_be_visible()
    page.wait_for_function("() => document.querySelector('.forward-small .forward')?.closest('[data-drawn]')")
    above = "([last, dock]) => last.getBoundingClientRect().bottom <= dock.getBoundingClientRect().top"
    dock = page.locator("#dock-diffusion > .tab-wrapper").element_handle()
    page.wait_for_function(above, arg=[outcome.locator(".forward-slide").element_handle(), dock])
    cards = [outcome.locator(f'section[aria-label="{card}"]').element_handle() for card in ("Loss", "Error by t")]
    page.wait_for_function("([loss, error]) => loss.offsetHeight === error.offsetHeight", arg=cards)
    vae = Tab(page, "vae").open()
    for title in ("Samples from the prior", "−ELBO", "The bound"):
        dock = page.locator("#dock-vae > .tab-wrapper").element_handle()
        page.wait_for_function(above, arg=[vae.card(title).element_handle(), dock])
