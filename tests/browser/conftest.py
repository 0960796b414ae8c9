"""A Chromium, and pages that report everything that went wrong in them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import serving
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

PATIENCE = 90_000
"""Milliseconds to wait for anything, on a busy machine too."""


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The system's Chromium: `CHROMIUM`, or one on the path. Without one the test is skipped, or fails where
    `PLAYGROUND_REQUIRE_BROWSER=1`."""
    path = serving.chromium()
    if path is None:
        sentence = 'No Chromium was found: install one with "apt-get install chromium", or name one in CHROMIUM.'
        (pytest.fail if os.environ.get("PLAYGROUND_REQUIRE_BROWSER") == "1" else pytest.skip)(sentence)
    return path


@pytest.fixture(scope="module")
def chromium(chromium_path: str) -> Iterator[Browser]:
    """One Chromium a module: while it is up, Playwright keeps an event loop, in which other tests could start none."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        yield browser
        browser.close()


LIBRARY = """window.playground = {lastFrame: () => null};
const looking = setInterval(async () => {
  const style = document.querySelector('link[href*="/style.css"]'), lib = style && style.href.replace('style.css', 'ui/lib/');
  if (!style) return;
  clearInterval(looking);
  Object.assign(window.playground, ...await Promise.all(['bus', 'codec', 'format', 'rates'].map(name => import(`${lib}${name}.js`))));
}, 20);"""
"""What tests look into: the modules that the page itself has loaded, as `window.playground`. Gradio may write the link to the
style sheet, which says where they are, after the page has loaded."""


class Complaints(list):
    """What a page must never do: errors in its console, exceptions, failed requests, requests to other hosts."""

    def __init__(self, server: str) -> None:
        self.server = server

    def listen(self, context: BrowserContext) -> None:
        context.on("console", lambda message: message.type == "error" and self.append(f"console: {message.text}"))
        context.on("weberror", lambda error: self.append(f"exception: {error.error}"))
        context.on("request", lambda request: self._check(request.url))
        context.on("response", lambda answer: answer.status >= 400 and self.append(f"{answer.status}: {answer.url}"))

    def _check(self, url: str) -> None:
        if not url.startswith((f"{self.server}/", "data:", "blob:")):
            self.append(f"another host: {url}")


@pytest.fixture
def open_page(chromium: Browser, server: str, client) -> Iterator[Callable[..., Page]]:
    """`open_page("/?tab=vae", viewport=...)` opens a page in a window of its own. After the test: no page may have
    complained, and the runs in their addresses are stopped."""
    complaints, contexts, runs = Complaints(server), [], set()

    def note_runs(url: str) -> None:
        query = parse_qs(urlsplit(url).query)
        runs.update(run for channel, ids in query.items() if channel not in ("tab", "bench", "view", "__theme") for run in ids)

    def open_(path: str = "/", **options) -> Page:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 1000}} | options)
        context.set_default_timeout(PATIENCE)
        context.add_init_script(LIBRARY)
        complaints.listen(context)
        contexts.append(context)
        page = context.new_page()
        page.on("close", lambda closed: note_runs(closed.url))
        page.goto(path if path.startswith("http") else server + path)
        expect(page.locator(".run:visible [data-do=train]").first).to_be_visible()
        if page.url.startswith(server):
            page.wait_for_function("() => Boolean(window.playground.publish)")
        return page

    yield open_
    for context in contexts:
        for page in context.pages:
            note_runs(page.url)
        context.close()
    for run in runs:
        try:
            client.predict(run, "stop", api_name="/command")
        except Exception as error:  # a run that never was is the point of some tests
            assert "not known here" in str(error)
    assert not complaints, complaints


@pytest.fixture(scope="module")
def runs(client, request) -> Callable[[str], str]:
    """Finished runs by kind (`KINDS` of the test's module), trained when they are first asked for."""
    known: dict[str, str] = {}

    def run(kind: str) -> str:
        if kind not in known:
            *_, last = client.submit(request.module.KINDS[kind], api_name="/train")
            assert last["status"] == "finished", last
            known[kind] = last["run"]
        return known[kind]

    return run
