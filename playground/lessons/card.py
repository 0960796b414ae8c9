"""The panel of lessons: a control in the head, and beside the instrument one step at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import gradio as gr

from playground.ui.component import component

TEMPLATE = """
<div class="lessons">
  <button type="button" class="lessons-open" disabled aria-expanded="false" aria-controls="lessons-panel">Lessons</button>
  <aside class="lessons-panel" id="lessons-panel" aria-label="Lessons" hidden>
    <div class="lessons-head">
      <button type="button" class="lessons-quiet" data-go="list">All lessons</button>
      <span class="lessons-title"></span>
      <button type="button" class="lessons-quiet" data-go="fold" aria-expanded="true">Fold</button>
      <button type="button" class="lessons-quiet" data-go="close" aria-label="Close the lessons">×</button>
    </div>
    <div class="lessons-body" tabindex="-1"></div>
    <div class="lessons-foot"></div>
  </aside>
</div>
"""


def lessons(server_functions: Sequence[Callable]) -> gr.HTML:
    """Draws it. Event: `go`, when `playgroundPage.going` names a tab and a bench that are to be opened."""
    return component("lessons/card.js", TEMPLATE, events=["go"], server_functions=list(server_functions))
