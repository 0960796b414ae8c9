"""What it costs a training to be watched, and how quickly the page answers: `python -m tests.benchmarks.watching`.

For each tab's default run, in one go: steps per second of a plain `for event in train(config)` loop in a process of its own
(one thread, as a worker has); then the same run through the app, with a real Chromium that shows it. Prints, per tab: both
rates and their ratio, seconds from pressing Train to the first picture, pictures a second, and how long Pause took to be
answered. Timings are noisy: read the ratios, from one run.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
TABS = {"ae": "1 · Autoencoder", "vae": "2 · VAE", "diffusion": "3 · Diffusion"}
MAIN_VIEW = {"ae": "map", "vae": "map", "diffusion": "particles"}
PLAIN = """
import sys, time
import torch
torch.set_num_threads(1)
from playground import Progress, parse_config, train
seconds, skip = float(sys.argv[2]), 2.0
first = last = None
for event in train(parse_config({"model": sys.argv[1], "steps": 200000, "decay": "constant"})):
    if isinstance(event, Progress):
        now = time.perf_counter()
        first = first or (now + skip, None)
        if first[1] is None and now >= first[0]:
            first = (now, event.step)
        elif first[1] is not None and now - first[0] >= seconds:
            print((event.step - first[1]) / (now - first[0]))
            break
"""


def alone(model: str, seconds: float) -> float:
    """Steps per second of the plain loop."""
    command = [sys.executable, "-c", PLAIN, model, str(seconds)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=seconds + 60)
    return float(done.stdout)


def serve(port: int) -> subprocess.Popen:
    """The app as a person starts it; returns when it listens."""
    process = subprocess.Popen(
        [sys.executable, "app.py", "--port", str(port)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    for line in process.stdout:
        if "Running on" in line:
            return process
    raise RuntimeError("The app did not start.")


COUNT = """async ([tab, view]) => {
  const {subscribe} = await import(document.querySelector('link[href*="/style.css"]').href.replace('style.css', 'ui/lib/bus.js'));
  window.seen = {first: null, count: 0, pressed: null};
  subscribe(tab, frame => {
    if (frame && frame.views && frame.views[view]) { window.seen.count += 1; window.seen.first ??= performance.now(); }
  });
}"""


def watched(page, model: str, seconds: float) -> dict[str, float]:
    """The same run through the page."""
    page.get_by_role("tab", name=TABS[model]).click()
    train = page.locator('[data-do="train"]:visible').first
    train.wait_for()
    page.get_by_label("Steps", exact=False).locator("visible=true").first.fill("200000")
    page.evaluate(COUNT, [model, MAIN_VIEW[model]])
    page.evaluate("() => { window.seen.pressed = performance.now(); }")
    train.click()
    page.wait_for_function("() => window.seen.first !== null", timeout=30_000)
    first = page.evaluate("() => (window.seen.first - window.seen.pressed) / 1000")
    time.sleep(3.0)
    step0, count0, began = read_step(page), page.evaluate("() => window.seen.count"), time.perf_counter()
    time.sleep(seconds)
    step1, count1, took = read_step(page), page.evaluate("() => window.seen.count"), time.perf_counter() - began
    pressed = time.perf_counter()
    page.locator('[data-do="pause"]:visible').first.click()
    page.wait_for_function("() => [...document.querySelectorAll('.run-status b')].some(b => b.textContent === 'Paused')")
    paused = time.perf_counter() - pressed
    page.locator('[data-do="stop"]:visible').first.click()
    return {"rate": (step1 - step0) / took, "first": first, "pictures": (count1 - count0) / took, "pause": paused}


def read_step(page) -> int:
    text = page.locator('[data-fact="step"]:visible').first.inner_text()
    return int(re.sub(r"\D", "", text))


def main() -> None:
    """Runs the race and prints a table."""
    from playwright.sync_api import sync_playwright

    from playground.cli.doctor import chromium

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement (%(default)s)")
    parser.add_argument("--port", type=int, default=7871)
    parser.add_argument("--models", nargs="*", default=list(TABS))
    options = parser.parse_args()
    print(f"{'run':10} {'alone':>8} {'watched':>8} {'ratio':>6} {'first picture':>14} {'pictures/s':>11} {'pause':>7}")
    for model in options.models:
        before = alone(model, options.seconds)
        server = serve(options.port)
        try:
            with sync_playwright() as driver:
                browser = driver.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
                page = browser.new_page(viewport={"width": 1400, "height": 1000})
                page.goto(f"http://127.0.0.1:{options.port}/")
                seen = watched(page, model, options.seconds)
                browser.close()
        finally:
            server.terminate()
            server.wait(10)
        after = alone(model, options.seconds)
        rate = (before + after) / 2
        print(
            f"{model:10} {rate:8.1f} {seen['rate']:8.1f} {seen['rate'] / rate:6.2f} {seen['first']:12.2f} s"
            f" {seen['pictures']:11.1f} {1000 * seen['pause']:4.0f} ms",
            flush=True,
        )


if __name__ == "__main__":
    main()
