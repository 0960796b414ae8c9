"""The page: a head line, three tabs that train and one that compares, and the settings under which it is served."""

from __future__ import annotations

import os
from collections.abc import Sequence
from json import dumps
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi.exceptions import RequestValidationError
from starlette.middleware import Middleware

from playground.compare.service import CompareService
from playground.compare.tab import compare_tab
from playground.config import AutoencoderConfig, DiffusionConfig, VAEConfig
from playground.features.own_data.card import own_data
from playground.features.own_data.service import OwnDataService
from playground.lessons.card import lessons
from playground.lessons.service import LessonService
from playground.library.bringing import Bringing
from playground.library.card import library
from playground.library.service import LibraryService
from playground.page import health
from playground.page.api import add_endpoints
from playground.page.autoencoder import AutoencoderTab
from playground.page.diffusion import DiffusionTab
from playground.page.door import Door, invalid
from playground.page.downloads import Downloads
from playground.page.gate import LOOPBACK, RATES, Gate
from playground.page.look import look
from playground.page.service import Service
from playground.page.vae import VAETab
from playground.page.visitors import Visitors
from playground.teacher.routes import Teacher
from playground.ui import modules, preview
from playground.ui.arriving import sweep_uploads
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
        own_data(OwnDataService(service))
        library(LibraryService(service).server_functions())
        panel = lessons(LessonService(service, places()).server_functions())
        drawn: list[TrainingTab] = []
        with gr.Tabs(elem_id="tabs") as tabs:
            for name, label, tab, config in TABS:
                with gr.Tab(label, id=name):
                    drawn.append(tab(name, service, config))
            with gr.Tab("4 · Compare", id="compare"):
                compare_tab(CompareService(service))
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


def guards(own: bool, names: Sequence[str] = ()) -> list[Middleware]:
    """What stands before the page. A server of one's own answers for this machine alone, so that no name of another site leads to it; a public one for
    `names`, if any are given, and with bounds on what one visitor may ask."""
    space = os.environ.get("SPACE_HOST", "")
    if own:
        return [Middleware(Gate, names=[*LOOPBACK, *names])]
    named = [*names, *([space] if space else [])]
    frames = ("https://huggingface.co",) if space else ()
    allowed = [*named, *LOOPBACK] if named else []
    return [Middleware(Visitors), Middleware(Gate, names=allowed, rates=RATES, frames=frames, forwarded=True)]


def launch_settings(service: Service, before: Sequence[Middleware] = (), token: str = "") -> dict[str, Any]:
    """Arguments of `launch` that do not depend on the command line: a quiet, closed server, and the look of the page; `before` stands before it.
    `token` opens the teacher's page; without one there is none."""
    sweep_uploads()
    teacher = Teacher(service, token) if token else None
    return {
        "theme": look(),
        "css": CSS,
        "head": f"{modules.head()}<style>{FRAME}</style><script>{SCRIPT}</script>{teacher.head() if teacher else ''}",
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
            "routes": [
                *modules.routes(),
                preview.route(),
                health.route(service),
                OwnDataService(service).route(),
                Downloads(service).route(),
                LibraryService(service).route(),
                Bringing(service).route(),
                *(teacher.routes() if teacher else ()),
            ],
            "middleware": [*(before or [Middleware(Gate)]), Middleware(Door), Middleware(modules.Squeezed)],
            "exception_handlers": {RequestValidationError: invalid},
        },
    }
