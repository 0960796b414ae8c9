"""How soon the page answers a hand while a model trains: `python -m tests.benchmarks.interacting`.

Interaction to next paint (https://web.dev/articles/inp): of each press of a key, click or drag the time until the next picture, by the
browser's own measure (`PerformanceObserver`, type `event`; what took less than 16 ms is not reported by it, and counted as 16). Per
tab the default run, made long, trains in a real Chromium at 1280 × 720 while pointer and keyboard go round the page: settings, map or particles,
pictures, benches, the words behind (i), Pause and Resume. Prints the number of interactions, median, p95, the slowest, and what they
were pressed on.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from browser.looking import Tab  # noqa: E402
from serving import Server  # noqa: E402

from playground.cli.doctor import chromium  # noqa: E402

WATCH = """window.answered = {};
new PerformanceObserver(list => list.getEntries().forEach(entry => {
  if (!entry.interactionId) return;
  const known = window.answered[entry.interactionId] || {ms: 0}, node = entry.target;
  const on = node ? (node.closest('section, .setting, [role=tablist]')?.getAttribute('aria-label') || '') + ' ' + node.tagName + '.' + (node.className.baseVal ?? node.className) : '?';
  if (entry.duration > known.ms) window.answered[entry.interactionId] = {ms: entry.duration, name: entry.name, on,
    wait: Math.round(entry.processingStart - entry.startTime), work: Math.round(entry.processingEnd - entry.processingStart)};
})).observe({type: 'event', durationThreshold: 16, buffered: true});
window.pressed = 0;
for (const name of ['keydown', 'pointerup']) addEventListener(name, () => { window.pressed += 1; }, true);"""


def across(page: Page, tab: Tab, beat: Callable[[], None]) -> None:
    """One round of the tab, as a curious person goes."""
    panel = tab.panel
    panel.get_by_label("Slider of Learning rate").focus()
    for key in ("ArrowLeft", "ArrowRight"):
        page.keyboard.press(key)
        beat()
    canvas = panel.locator("canvas:visible").filter(visible=True)
    for i in range(min(3, canvas.count())):
        box = canvas.nth(i).bounding_box()
        if not box or box["width"] < 100 or box["y"] + box["height"] > 720:
            continue
        for x, y in ((0.3, 0.4), (0.6, 0.5)):
            page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
            beat()
        page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.5 * box["height"])
        page.mouse.down()
        page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.6 * box["height"], steps=6)
        page.mouse.up()
        beat()
    page.keyboard.press("Escape")
    beat()
    about = panel.get_by_role("button", name="About ").filter(visible=True)
    for i in range(min(3, about.count())):
        about.nth(i).click()
        beat()
        page.keyboard.press("Escape")
        beat()
    groups = panel.locator("[role=group] button:visible:enabled")
    for i in range(min(6, groups.count())):
        for _ in range(2):
            groups.nth(i).click()
            beat()
    select = panel.locator(".pg-card:not(.run) select:visible:enabled")
    for i in range(min(2, select.count())):
        select.nth(i).focus()
        for key in ("ArrowDown", "ArrowUp"):
            page.keyboard.press(key)
            beat()
    for name in ("Pause", "Resume"):
        tab.button("pause").filter(has_text=name).click()
        beat()
    dock = panel.locator(".dock > .tab-wrapper [role=tab]:visible")
    for i in (*range(1, min(4, dock.count())), 0):
        dock.nth(i).click()
        beat()


def measure(page: Page, address: str, name: str, rounds: int) -> dict:
    page.goto(f"{address}/?tab={name}&{name}.steps=200000")
    expect(page.locator(".run:visible [data-do=train]").first).to_be_visible()
    tab = Tab(page, name)
    tab.train()
    tab.wait_beyond(20)
    page.wait_for_timeout(2000)
    page.evaluate("() => { window.answered = {}; window.pressed = 0; }")
    for _ in range(rounds):
        across(page, tab, lambda: page.wait_for_timeout(250))
    answered, pressed = page.evaluate("() => [Object.values(window.answered), window.pressed]")
    tab.button("stop").click()
    times = sorted([one["ms"] for one in answered] + [16.0] * max(0, pressed - len(answered)))
    slow = sorted(answered, key=lambda one: -one["ms"])[:8]
    return {
        "tab": name,
        "interactions": len(times),
        "median": float(np.median(times)),
        "p95": float(np.percentile(times, 95, method="higher")),
        "slowest": times[-1],
        "slow": slow,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tabs", nargs="*", default=["ae", "vae", "diffusion"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder) / "log.txt").wait()
        try:
            browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
            for name in options.tabs:
                context = browser.new_context(viewport={"width": 1280, "height": 720})
                context.add_init_script(WATCH)
                context.set_default_timeout(60_000)
                found = measure(context.new_page(), server.url, name, options.rounds) | {"load": os.getloadavg()[0]}
                context.close()
                if options.json:
                    print(json.dumps(found), flush=True)
                    continue
                print(
                    f"{name:10} {found['interactions']} interactions: median {found['median']:.0f}, p95 {found['p95']:.0f}, slowest {found['slowest']:.0f} ms (load {found['load']:.1f})"
                )
                for one in found["slow"]:
                    print(
                        f"    {one['ms']:4.0f} ms, waited {one['wait']}, worked {one['work']}: {one['name']} on {one['on']}",
                        flush=True,
                    )
        finally:
            server.end()


if __name__ == "__main__":
    main()
