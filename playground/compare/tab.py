"""The Compare tab: any runs side by side."""

from __future__ import annotations

import gradio as gr

from playground.compare.service import CompareService
from playground.ui.component import component

TEMPLATE = """
<div class="compare" data-count="0">
  <div class="compare-top">
    <span class="compare-lead">Any runs side by side: the same held-out data, the same measures.</span>
    <span class="compare-tools"></span>
  </div>
  <div class="compare-begin"></div>
  <div class="compare-plan" role="status" hidden></div>
  <div class="compare-chooser" hidden></div>
  <div class="compare-note" role="status"></div>
  <div class="compare-body" tabindex="-1"></div>
</div>
"""


def compare_tab(service: CompareService) -> gr.HTML:
    """Draws it. The runs that are compared stand in the page's address: `?tab=compare&compare=RUN,RUN`."""
    return component("compare/card.js", TEMPLATE, server_functions=service.server_functions())
