"""How a component is put together: its template, its own `.js` and `.css`, and the script all components share.

Factories, not subclasses of `gr.HTML`: Gradio writes a `.pyi` file beside the source of every subclass.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from html import escape
from json import dumps
from pathlib import Path
from typing import Any

import gradio as gr
import plotly

from playground.views.colours import css_variables

HERE = Path(__file__).parent / "components"
SHARED_JS = (HERE / "shared.js", HERE / "asking.js", HERE / "origin.js", HERE / "forms.js", HERE / "settings.js")
PLOTLY_JS = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"


@cache
def _script(path: Path) -> str:
    """A `<script>` tag for a file served by this very server; the version in the address outwits old caches."""
    gr.set_static_paths([path])
    return f'<script src="/gradio_api/file={path.as_posix()}?v={path.stat().st_mtime_ns}"></script>'


def head(plotly: bool = False) -> str:
    """What a component needs in `<head>`; Gradio loads each script once, before the component's own."""
    colours = f"<script>window.playgroundColours = {dumps(css_variables())};</script>"
    return colours + "".join(map(_script, SHARED_JS)) + (_script(PLOTLY_JS) if plotly else "")


def component(
    name: str,
    template: str,
    *,
    value: Any = None,
    scripts: Sequence[str] = (),
    needs_plotly: bool = False,
    server_functions: list | None = None,
    **props: Any,
) -> gr.HTML:
    """The component `name`: `template` stays as it is for good, `name.js` draws into it, `name.css` styles it. A long script
    may be divided into several: `scripts` names its pieces, which share one scope, in order.

    `props` reach the script as `props.…`. Templates and styles pass Gradio's template engine: no backslash, backtick or
    `${` in them.
    """
    css = HERE / f"{name}.css"
    return gr.HTML(
        value,
        html_template=template,
        css_template=(HERE / "shared.css").read_text("utf-8") + (css.read_text("utf-8") if css.exists() else ""),
        js_on_load="\n".join((HERE / f"{piece}.js").read_text("utf-8") for piece in scripts or (name,))
        + f"\n//# sourceURL=playground/{name}.js",
        head=head(needs_plotly),
        apply_default_css=False,
        server_functions=server_functions,
        elem_classes=["playground-view"],
        **props,
    )


def card(title: str, empty: str, body: str, *, height: int, label: str, tools: str = "", before: str = "", after: str = "") -> str:
    """The common frame of a view: title row, body of fixed height, the sentence shown before there is anything."""
    return (
        f'<section class="pg pg-card" aria-label="{escape(label)}">'
        f'<div class="pg-head"><span class="pg-title">{escape(title)}</span><span class="pg-note"></span>{tools}'
        f'<span class="pg-step"></span></div>'
        f'{before}<div class="pg-body" style="height:{height}px">{body}'
        f'<div class="pg-empty"><span>{escape(empty)}</span></div></div>{after}</section>'
    )
