"""What a dataset looks like before anything is trained on it: a contact sheet and its facts."""

import gradio as gr

from playground.ui.component import component

TEMPLATE = """
<section class="pg pg-card preview" aria-label="The data">
  <div class="pg-head"><span class="pg-title">Data</span><button type="button" class="pg-small" data-own>bring or draw your own</button></div>
  <div class="preview-body" style="min-height:HEIGHTpx">
    <div class="preview-frame" style="height:HEIGHTpx"><img alt="" hidden></div>
    <div class="preview-text"><p></p><details><summary>source and licence</summary><dl></dl></details></div>
  </div>
</section>
"""


def data_preview(value: dict | None = None, *, height: int = 112) -> gr.HTML:
    """Shows its value `{"image": address | None, "title": str, "description"?: str, "facts": {name: text}}`."""
    return component("ui/components/data_preview.js", TEMPLATE.replace("HEIGHT", str(height)), value=value)
