"""The page: a head line, three tabs, and the settings under which it is served."""

from __future__ import annotations

from json import dumps
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi.exceptions import RequestValidationError
from starlette.middleware import Middleware

from playground.config import AutoencoderConfig, DiffusionConfig, VAEConfig
from playground.lessons.card import lessons
from playground.lessons.service import LessonService
from playground.page.api import add_endpoints
from playground.page.autoencoder import AutoencoderTab
from playground.page.diffusion import DiffusionTab
from playground.page.door import Door, invalid
from playground.page.look import look
from playground.page.service import Service
from playground.page.vae import VAETab
from playground.ui import modules, preview
from playground.ui.tab import TrainingTab

TITLE = "Generative models, live"
HEAD = "# Generative models, live"
CSS, FRAME = ((Path(__file__).parent / name).read_text("utf-8") for name in ("page.css", "frame.css"))
SCRIPT = (Path(__file__).parent / "page.js").read_text("utf-8")
TABS = (
    ("ae", "1 · Autoencoder", AutoencoderTab, AutoencoderConfig),
    ("vae", "2 · VAE", VAETab, VAEConfig),
    ("diffusion", "3 · Diffusion", DiffusionTab, DiffusionConfig),
)


def places() -> dict[str, list[str]]:
    """The tabs and the benches of each, by the names that addresses have for them."""
    return {name: tab.bench_names() for name, _, tab, _ in TABS}


def build_page(service: Service) -> gr.Blocks:
    """The whole page, with its endpoints."""
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True) as page:
        add_endpoints(service)  # first: whoever comes first gets the name, and the page's own events are called alike
        gr.Markdown(HEAD, elem_classes=["page-head"])
        panel = lessons(LessonService(service, places()).server_functions())
        drawn: list[TrainingTab] = []
        with gr.Tabs(elem_id="tabs") as tabs:
            for name, label, tab, config in TABS:
                with gr.Tab(label, id=name):
                    drawn.append(tab(name, service, config))
        page.load(None, None, tabs, js="() => window.playgroundPage.opened()", api_visibility="private")
        for tab in drawn:
            opened = f"() => window.playgroundPage.bench({dumps(tab.name)}, {dumps(tab.bench_names())})"
            page.load(None, None, tab.dock, js=opened, api_visibility="private")
        for bar in (tabs, *(tab.dock for tab in drawn)):
            bar.select(None, None, None, js="(...args) => window.playgroundPage.remember()", api_visibility="private")
        docks = [tab.dock for tab in drawn]
        panel.go(None, None, [tabs, *docks], js="() => window.playgroundPage.gone()", api_visibility="private")
    page.queue(max_size=100, default_concurrency_limit=None, api_open=None)
    return page


def launch_settings() -> dict[str, Any]:
    """Arguments of `launch` that do not depend on the command line: a quiet, closed server, and the look of the page."""
    return {
        "theme": look(),
        "css": CSS,
        "head": f"{modules.head()}<style>{FRAME}</style><script>{SCRIPT}</script>",
        "footer_links": ["api"],
        "run_history": False,
        "enable_monitoring": False,
        "max_threads": 256,
        "max_file_size": "20mb",
        "allowed_paths": [],
        "state_session_capacity": 500,
        "strict_cors": True,
        "show_error": False,
        "ssr_mode": False,
        "_frontend": False,  # else Gradio asks its own address first, and gives up where a busy machine takes three seconds
        "app_kwargs": {
            "openapi_url": None,
            "routes": [*modules.routes(), preview.route()],
            "middleware": [Middleware(Door), Middleware(modules.Squeezed)],
            "exception_handlers": {RequestValidationError: invalid},
        },
    }
