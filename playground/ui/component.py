"""How a component is put together: its template, and the module that draws into it.

Factories, not subclasses of `gr.HTML`: Gradio writes a `.pyi` file beside the source of every subclass.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from json import dumps
from typing import Any

import gradio as gr

from playground.ui import words
from playground.ui.modules import address, view_class

MOUNT = (
    "element.inert = true; import(new URL({path}, document.baseURI))"
    ".then(m => {{ m.mount({{element, props, server, trigger, watch}}); element.inert = false; }}); /* its events: {events} */"
)
"""Nothing can be pressed before there is somebody to hear it."""


def component(
    module: str, template: str, *, value: Any = None, events: Iterable[str] = (), server_functions: list | None = None, **props: Any
) -> gr.HTML:
    """A component drawn by `module`, a path below `playground/`: `mount({element, props, server, trigger, watch})` of
    `features/x/card.js` draws into `template`, which stays as it is for good; `features/x/card.css` styles it and nothing else.

    `props` reach the script as `props.…`; `events` are those that it triggers. A template passes Gradio's template engine: no
    backslash, backtick or `${` in it.
    """
    return gr.HTML(
        value,
        html_template=template,
        js_on_load=MOUNT.format(path=dumps(address(module)), events=" ".join(map(dumps, events))),
        apply_default_css=False,
        server_functions=server_functions,
        elem_classes=["playground-view", view_class(module)],
        **props,
    )


def offer(bench: str, label: str) -> str:
    """A button for the title row of a card, which opens a bench of the dock (`lib/going.js`)."""
    return f'<button type="button" class="pg-small" data-bench="{escape(bench)}">{escape(label)}</button>'


def card(title: str, empty: str, body: str, *, height: int, label: str, tools: str = "", before: str = "", after: str = "") -> str:
    """The common frame of a view: title row, body of fixed height, the sentence shown before there is anything."""
    return (
        f'<section class="pg pg-card" aria-label="{escape(label)}">'
        f'<div class="pg-head"><span class="pg-title">{escape(title)}</span>{words.about(title)}<span class="pg-note"></span>{tools}'
        f'<span class="pg-step"></span></div>'
        f'{before}<div class="pg-body" style="--height:{height}px">{body}'
        f'<div class="pg-empty"><span>{escape(empty)}</span></div></div>{after}</section>'
    )
