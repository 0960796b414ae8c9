"""What is served beside Gradio's own: scripts and styles, for good and nothing else; and how little of them stands in the page."""

from __future__ import annotations

import re

import gradio as gr
import pytest
from gradio.routes import App
from starlette.testclient import TestClient

from playground.page.page import build_page, launch_settings
from playground.page.service import Service
from playground.runtimes.inprocess import InProcessRuntime
from playground.ui.modules import PAGES, PLAYGROUND, SHARED, TYPE, address, files, style, version, view_class


@pytest.fixture(scope="module")
def service() -> Service:
    return Service(InProcessRuntime(), sweep_seconds=None)


@pytest.fixture(scope="module")
def page(service: Service) -> gr.Blocks:
    return build_page(service)


@pytest.fixture(scope="module")
def client(page: gr.Blocks, service: Service) -> TestClient:
    settings = launch_settings(service)
    page.theme, page.css, page.js, page.head = settings["theme"], None, None, None
    page.theme_css, page.theme_hash = "", ""
    page.config = page.get_config_file()
    return TestClient(App.create_app(page, app_kwargs=settings["app_kwargs"]), raise_server_exceptions=False)


@pytest.mark.parametrize(
    "path", ["ui/lib/bus.js", "features/bounds/card.js", "features/bounds/card.css", "style.css", "plotly.min.js"]
)
def test_scripts_and_styles_are_served_for_good(client: TestClient, path: str) -> None:
    answer = client.get(f"/{address(path)}")
    assert answer.status_code == 200 and answer.content
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].split(";")[0] in ("text/javascript", "application/javascript", "text/css")


@pytest.mark.parametrize(
    "path",
    ["page/page.py", "page/text/vae.md", "ui/lib", "", "../app.py", "%2e%2e/requirements.txt", "ui/lib/..%2f..%2fui%2fmodules.py"],
)
def test_nothing_else_is(client: TestClient, path: str) -> None:
    assert client.get(f"/modules/{version()}/{path}").status_code == 404


def test_an_older_version_is_gone_rather_than_mixed_with_this_one(client: TestClient) -> None:
    assert client.get("/modules/0123456789ab/ui/lib/bus.js").status_code == 404


def test_the_page_is_compressed_and_an_event_stream_is_not(client: TestClient) -> None:
    assert client.get("/", headers={"accept-encoding": "gzip"}).headers.get("content-encoding") == "gzip"
    with client.stream("GET", "/gradio_api/heartbeat/x", headers={"accept-encoding": "gzip"}) as answer:
        assert "content-encoding" not in answer.headers


def test_a_component_brings_one_line(page: gr.Blocks) -> None:
    for block in page.blocks.values():
        if isinstance(block, gr.HTML) and any(name.startswith("view-") for name in block.elem_classes):
            assert not block.css_template and not block.head
            assert ".then(m => { m.mount(" in block.js_on_load and "\n" not in block.js_on_load and len(block.js_on_load) < 900


def test_a_contact_sheet_is_a_file_of_its_own(client: TestClient, page: gr.Blocks) -> None:
    sheets = [
        block.value["image"]
        for block in page.blocks.values()
        if isinstance(block, gr.HTML) and isinstance(block.value, dict) and "image" in block.value
    ]
    assert sheets
    for sheet in sheets:
        answer = client.get(f"/{sheet}")
        assert answer.status_code == 200 and answer.content[8:12] == b"WEBP" and "immutable" in answer.headers["cache-control"]
    assert client.get("/sheets/0/nothing.webp").status_code == 404


def test_every_style_holds_for_its_own_component_only(page: gr.Blocks) -> None:
    worn = {name for block in page.blocks.values() if isinstance(block, gr.HTML) for name in block.elem_classes}
    for path in files(".css"):
        if path not in (SHARED, TYPE) and path.parent.name not in PAGES:
            name = view_class(path.relative_to(PLAYGROUND).as_posix())
            assert name in worn, f"{path.name} styles nothing: it must be called like the script of a component"
            assert f":is(.{name}, #playground) {{" in style()
    assert style().count("{") == style().count("}")
    assert not re.search(r"^\s*\.dark \.", re.sub(r"^\.dark\{.*$", "", style(), flags=re.MULTILINE), re.MULTILINE), (
        "inside a nest: `.dark & …`"
    )
