"""A Chromium, and pages that report everything that went wrong in them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from playground.cli import doctor

PATIENCE = 300_000
"""Milliseconds to wait for anything, a training on a busy machine too; nothing that passes waits for its end."""
WINDOW = {"width": 1280, "height": 1000}


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The system's Chromium: `CHROMIUM`, or one on the path. Without one the test is skipped, or fails where
    `PLAYGROUND_REQUIRE_BROWSER=1`."""
    path = doctor.chromium()
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


def browser_of(chromium: Browser, complaints: Complaints, **options) -> BrowserContext:
    """A browser of somebody's own; what its pages must not do is told to `complaints`."""
    context = chromium.new_context(**{"viewport": WINDOW} | options)
    context.set_default_timeout(PATIENCE)
    context.add_init_script(LIBRARY)
    complaints.listen(context)
    return context


class Windows:
    """Browser profiles of a module. The first page of a test opens in one that has fetched the page's scripts before, and from which
    what was kept is deleted; further ones, and those on another device, are other people's."""

    def __init__(self, chromium: Browser, server: str) -> None:
        self.chromium, self.server, self.complaints = chromium, server, Complaints(server)
        self.known = self.fresh()

    def fresh(self, **options) -> BrowserContext:
        return browser_of(self.chromium, self.complaints, **options)

    def emptied(self, viewport: dict[str, int]) -> Page:
        """A page of the known profile, in which nobody has been."""
        self.known.clear_permissions()
        page = self.known.new_page()
        page.set_viewport_size(viewport)
        session = page.context.new_cdp_session(page)
        session.send("Storage.clearDataForOrigin", {"origin": self.server, "storageTypes": "local_storage,indexeddb,cookies"})
        session.detach()
        return page


@pytest.fixture(scope="module")
def windows(chromium: Browser, server: str) -> Windows:
    return Windows(chromium, server)


@pytest.fixture
def open_page(windows: Windows, server: str, client) -> Iterator[Callable[..., Page]]:
    """`open_page("/?tab=vae", viewport=...)` opens a page; a second one of a test is in another person's browser. After the test: no
    page may have complained, and the runs in their addresses are stopped."""
    complaints, contexts, pages, runs = windows.complaints, [], [], set()
    complaints.clear()

    def note_runs(url: str) -> None:
        query = parse_qs(urlsplit(url).query)
        runs.update(run for channel, ids in query.items() if channel not in ("tab", "bench", "view", "__theme") for run in ids)

    def open_(path: str = "/", **options) -> Page:
        if not pages and options.keys() <= {"viewport"}:
            page = windows.emptied(options.get("viewport", WINDOW))
        else:
            contexts.append(windows.fresh(**options))
            page = contexts[-1].new_page()
        pages.append(page)
        page.on("close", lambda closed: note_runs(closed.url))
        page.goto(path if path.startswith("http") else server + path)
        expect(page.locator(".run:visible [data-do=train]").first).to_be_visible()
        if page.url.startswith(server):
            page.wait_for_function("() => Boolean(window.playground.publish)")
        return page

    yield open_
    for page in pages:
        if not page.is_closed():
            note_runs(page.url)
            page.close()
    for context in contexts:
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
