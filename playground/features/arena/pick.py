"""Who takes part in the arena: schedulers, numbers of evaluations, and whose model; and those that are left out, with the reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import gradio as gr

from playground.ui.component import component

TEMPLATE = """
<section class="pg pg-card arena-pick" aria-label="Who takes part">
  <div class="pg-head"><span class="pg-title">Who takes part</span><span class="pg-note"></span></div>
  <div class="arena-lead">A scheduler of diffusers decides at which noise levels the network is asked, and how its answers become a
    sample. The same trained network runs under each one that is picked, from the same initial noise. Dots mark those that draw fresh
    noise on the way.</div>
  <div class="arena-line"><span class="arena-what">Schedulers</span>
    <button type="button" class="pg-small" data-pick="some">the usual six</button>
    <button type="button" class="pg-small" data-pick="all">all that fit</button>
    <button type="button" class="pg-small" data-pick="none">none</button></div>
  <div class="arena-chips" role="group" aria-label="Schedulers"></div>
  <div class="arena-line"><span class="arena-what" title="Number of function evaluations: how often the network is asked for each sample">
    Evaluations of the network (NFE)</span><span class="arena-numbers" role="group" aria-label="Evaluations"></span></div>
  <div class="arena-line"><span class="arena-what">Model</span><b class="arena-model"></b>
    <button type="button" class="pg-small" data-do="above" hidden>use the model of this tab</button>
    <button type="button" class="pg-small" data-do="open" title="A zipped folder that DiffusionPipeline.save_pretrained wrote, with a UNet2DModel">open a diffusers folder…</button>
    <button type="button" class="pg-small" data-do="save" title="The model of this tab as a folder that DiffusionPipeline.from_pretrained loads, without this app">save for diffusers</button>
    <input type="file" accept=".zip,application/zip" hidden aria-label="A zipped diffusers folder"></div>
  <div class="arena-message" role="status"></div>
  <details class="arena-out"><summary>Left out</summary><dl></dl></details>
</section>
"""


def arena_pick(tab: str, *, schedulers: Sequence[str], evaluations: Sequence[int], server_functions: list[Callable]) -> gr.HTML:
    """Its value is `{"schedulers": names, "evaluations": numbers, "folder": name | None}`; begins with the defaults given. `tab` is the
    channel of the model. Needs `arena_schedulers`, `arena_open`."""
    value = {"schedulers": list(schedulers), "evaluations": list(evaluations), "folder": None}
    return component(
        "features/arena/pick.js", TEMPLATE, value=value, tab=tab, some=list(schedulers), server_functions=server_functions
    )
