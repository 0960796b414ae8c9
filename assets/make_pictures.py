"""Makes the pictures of the README again, each from a real run on a page that is opened for it.

    pip install -r requirements.txt -r .ci/requirements.txt
    python assets/make_pictures.py [moving autoencoder vae diffusion mixture tsne compare]

Needs a Chromium (`CHROMIUM` names one that is not on the path). Every picture is that of a default run, but for the settings that stand below.
Half an hour on two cores.
"""

from __future__ import annotations

import io
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from playground.cli.doctor import chromium

ASSETS = Path(__file__).parent
PORT = 7869
ADDRESS = f"http://127.0.0.1:{PORT}/"
WINDOW = {"width": 1440, "height": 900}
SMALL = (960, 600)
"""Of the picture that moves."""
PATIENCE = 600_000


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser, and a server of its own to look at."""
    server = subprocess.Popen(
        [sys.executable, "app.py", "--empty", "--port", str(PORT)], cwd=ASSETS.parent, stdout=subprocess.DEVNULL
    )
    try:
        with sync_playwright() as playwright:
            expect.set_options(timeout=PATIENCE)
            yield playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
    finally:
        server.terminate()
        server.wait()


def opened(page: Page, tab: str) -> Locator:
    """A fresh page with that tab open; what is in it."""
    for _ in range(120):
        try:
            page.goto(f"{ADDRESS}?tab={tab}")
            break
        except Exception:  # the server is still starting
            time.sleep(0.5)
    panel = page.locator("[role=tabpanel]:visible").first
    expect(panel.locator("[data-do=train]").first).to_be_enabled()
    return panel


def trained(page: Page, tab: str, data: str | None = None, **numbers: float) -> Locator:
    """The tab with a finished run of default settings, but for these."""
    panel = opened(page, tab)
    if data is not None:
        panel.get_by_label("Data", exact=True).select_option(label=data)
    for label, value in numbers.items():
        field = (
            panel.locator(".setting")
            .filter(has=page.get_by_text(label.replace("_", " "), exact=True))
            .locator("input.setting-number")
        )
        field.fill(str(value))
        field.press("Tab")
    panel.locator("[data-do=train]").first.click()
    expect(panel.locator(".run").first).to_have_attribute("data-status", "finished")
    page.wait_for_timeout(6000)
    return panel


def bench(page: Page, title: str, run: bool = False) -> None:
    """Opens a bench of the dock, and with `run` presses its button and waits for the end."""
    page.get_by_role("tab", name=title, exact=True).click()
    page.wait_for_timeout(2000)
    if run:
        bar = page.locator(".dock .run:visible")
        expect(bar.locator("[data-do=train]")).to_be_enabled()
        bar.locator("[data-do=train]").click()
        expect(bar).to_have_attribute("data-status", "finished")
    page.wait_for_timeout(3000)


def pin(page: Page, panel: Locator) -> None:
    """A click into the middle of the map, and the nearest dot is pinned."""
    box = panel.locator(".map-plot").bounding_box()
    for dx in range(0, 60, 6):
        page.mouse.click(box["x"] + box["width"] / 2 + dx, box["y"] + box["height"] / 2)
        page.wait_for_timeout(500)
        if panel.locator(".pinned-point:visible").count():
            break
    page.mouse.move(0, 0)
    page.wait_for_timeout(8000)


def save(what: Page | Locator, name: str) -> None:
    """As a PNG of 256 colours: a third of the bytes."""
    picture = Image.open(io.BytesIO(what.screenshot())).convert("RGB")
    picture.quantize(256, dither=Image.Dither.NONE).save(ASSETS / f"{name}.png", optimize=True)
    print(f"assets/{name}.png", flush=True)


def autoencoder(page: Page) -> None:
    panel = trained(page, "ae")
    save(page, "autoencoder")
    panel.locator(".map-holes").click()
    page.wait_for_timeout(6000)
    save(panel.locator('section[aria-label="Latent map"]'), "map_holes")


def vae(page: Page) -> None:
    panel = trained(page, "vae")
    save(page, "vae")
    pin(page, panel)
    panel.locator('section[aria-label="The bound at one image"]').scroll_into_view_if_needed()
    page.wait_for_timeout(8000)
    save(page, "bound")
    page.keyboard.press("Escape")
    panel.get_by_role("button", name="manifold grid").click()
    page.wait_for_timeout(4000)
    panel.locator('section[aria-label="Look inside"]').scroll_into_view_if_needed()
    save(page, "map_grid")


def diffusion(page: Page) -> None:
    trained(page, "diffusion", "Fashion-MNIST")
    save(page, "diffusion")


def mixture(page: Page) -> None:
    trained(page, "diffusion")
    bench(page, "Exact answer")
    save(page, "exact")
    bench(page, "Scheduler arena", run=True)
    page.locator('section[aria-label="Quality against evaluations"]').evaluate("card => card.scrollIntoView()")
    page.wait_for_timeout(4000)
    save(page, "arena")


def tsne(page: Page) -> None:
    panel = trained(page, "ae", "Digits", Latent_dimensions=16)
    panel.locator(".map-method").select_option(label="t-SNE")
    page.wait_for_timeout(30_000)
    save(panel.locator('section[aria-label="Latent map"]'), "map_tsne")


def compare(page: Page) -> None:
    """The four kinds of model on the same digits, with three seeds each, and their numbers."""
    opened(page, "ae")
    page.get_by_role("tab", name="4 · Compare").click()
    begun = page.locator(".compare-fields").first
    begun.get_by_label("Data").select_option(label="Digits")
    begun.get_by_label("Seeds").select_option("3")
    begun.get_by_role("button", name="Train all four").click()
    done = page.locator(".compare-plan").get_by_role("button", name="Close")
    done.click(timeout=2 * PATIENCE)
    expect(page.locator(".compare-head")).to_have_count(4)
    expect(page.locator(".compare-numbers .compare-main")).to_have_count(0)  # all are measured
    page.wait_for_timeout(2000)
    save(page, "compare")


def moving(page: Page) -> None:
    """A VAE from Train to the end, in one picture that moves: a screenshot every half second, shown eight times as quickly at the end."""
    panel, shots = opened(page, "vae"), []
    panel.locator("[data-do=train]").first.click()
    run = panel.locator(".run").first
    while run.get_attribute("data-status") != "finished":
        shots.append(Image.open(io.BytesIO(page.screenshot())).convert("RGB").resize(SMALL))
        page.wait_for_timeout(300)
    first, *rest, last = shots[:12] + shots[12 :: max(1, len(shots) // 24)] + [shots[-1]]
    waits = [400] * (1 + len(rest)) + [3000]
    first.save(ASSETS / "training.webp", save_all=True, append_images=[*rest, last], duration=waits, loop=0, quality=60, method=6)
    print("assets/training.webp", flush=True)


STORIES = {
    "moving": moving,
    "autoencoder": autoencoder,
    "vae": vae,
    "diffusion": diffusion,
    "mixture": mixture,
    "tsne": tsne,
    "compare": compare,
}

if __name__ == "__main__":
    with browser() as window:
        for story in sys.argv[1:] or STORIES:
            page = window.new_page(viewport=WINDOW)  # a visitor who has typed nothing yet
            page.set_default_timeout(PATIENCE)
            STORIES[story](page)
            page.close()
