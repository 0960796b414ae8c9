"""The panel of runs: a control in the head, and over the page the list of all that are kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import gradio as gr

from playground.ui.component import component

TEMPLATE = """
<div class="library">
  <button type="button" class="library-open" aria-expanded="false" aria-controls="library-panel">Runs</button>
  <aside class="library-panel" id="library-panel" aria-label="Runs" hidden>
    <div class="library-head">
      <span class="library-title">Runs</span>
      <button type="button" class="library-quiet" data-go="bring" title="Weights (.safetensors) or a whole run (.zip) that were saved; or drop them here">Bring back</button>
      <input type="file" class="library-file" accept=".safetensors,.zip" aria-label="Weights or a whole run" hidden>
      <input type="search" class="library-search" aria-label="Search runs" placeholder="Search" maxlength="80">
      <button type="button" class="library-quiet" data-go="close" aria-label="Close the list of runs">×</button>
    </div>
    <div class="library-note" role="status"></div>
    <div class="library-body" tabindex="-1"></div>
  </aside>
</div>
"""


def library(server_functions: Sequence[Callable]) -> gr.HTML:
    """Draws it."""
    return component("library/card.js", TEMPLATE, server_functions=list(server_functions))
