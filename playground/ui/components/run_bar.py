"""The run bar: Train, Pause, Stop and Continue, and everything a person wants to know about a run while it goes.

It follows one run with the server function `pull` and publishes the frames to the views of its tab.

    bar = run_bar("vae", server_functions=[pull, command])
    # start(...) -> {"run": id} | {"error": sentence}; restore(event: gr.EventData) reads event.run and event.config
    bar.train(start, inputs=[...], outputs=[bar], show_progress="hidden")
    bar.attached(restore, outputs=[...])

`pull([run, version, static_seen, visible])` answers with a frame, within about ten seconds even when nothing changed;
`command([run, name])` takes pause, resume, stop or continue and answers `{"ok": true}` (`{"run": id}` if the run goes
on under another id) or `{"error": sentence}`. The value is `{"run": id}` once a run is followed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import gradio as gr

from playground.ui.component import component

TEMPLATE = """
<section class="pg pg-card run" aria-label="Training run">
  <div class="run-buttons">
    <button type="button" class="run-train" data-do="train">Train</button>
    <button type="button" class="run-plain" data-do="pause" disabled>Pause</button>
    <button type="button" class="run-plain" data-do="stop" disabled>Stop</button>
    <button type="button" class="run-plain" data-do="continue" hidden>Continue</button>
    <!-- save -->
  </div>
  <div class="run-which"><select class="run-name" aria-label="Run that is shown" hidden></select>
    <span class="run-status" role="status"><i></i><b></b></span></div>
  <div class="run-bar" role="progressbar" aria-label="Progress" aria-valuemin="0" aria-valuemax="100"><div></div></div>
  <div class="run-facts">
    <span class="run-fact"><b data-fact="step">–</b> <i data-fact="steps"></i></span>
    <span class="run-fact"><b data-fact="seconds">–</b> <i>so far</i></span>
    <span class="run-fact"><b data-fact="eta">–</b> <i>left</i></span>
    <span class="run-fact"><b data-fact="rate">–</b> <i>steps/s</i></span>
    <span class="run-fact"><b data-fact="parameters">–</b> <i>parameters</i></span>
    <span class="run-device" data-fact="device" hidden></span>
  </div>
  <div class="run-message"></div>
</section>
"""

SAVE = """<button type="button" class="run-plain run-save" popovertarget="save-{tab}" aria-haspopup="dialog" disabled>Save</button>
    <div class="pg-words save-menu" id="save-{tab}" popover role="dialog" aria-label="Save this run" tabindex="0">
      <p class="save-head"><b>Take this run away</b> <span class="save-said" role="status"></span></p><div class="save-forms"></div>
    </div>"""


def run_bar(
    tab: str,
    *,
    server_functions: Sequence[Callable],
    hint: str = "Press Train: the pictures below change while the model learns.",
    busy_word: str = "Training",
    train_label: str = "Train",
    counted: str = "step",
    named: bool = False,
    kept: str | None = None,
) -> gr.HTML:
    """The run bar of `tab`, which is also the key of the run id in the page's address; `counted` is what one step of its runs is
    called; `kept` is the run that it shows before there is another one. A run that is
    `named` has a name, and older ones of this browser can be shown again: those that the server function `known` says are kept; and it can be
    taken away, in the forms that the server function `forms` lists. Events: `train`, `attached`."""
    return component(
        "ui/components/run_bar.js",
        TEMPLATE.replace("<!-- save -->", SAVE.format(tab=tab) if named else "")
        .replace(">Train<", f">{train_label}<")
        .replace("<i>steps/s</i>", f"<i>{counted}s/s</i>"),
        events=["train", "attached"],
        server_functions=list(server_functions),
        tab=tab,
        hint=hint,
        busy_word=busy_word,
        train_label=train_label,
        counted=counted,
        named=named,
        kept=kept,
    )
