"""What all tabs share: the run bar with its wiring, the form at the side, and the text with the equations below."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from playground.config import FieldSpec, RunConfig
from playground.runtimes.refusals import REFUSALS, answering
from playground.ui.components.data_preview import data_preview
from playground.ui.components.run_bar import run_bar
from playground.ui.components.time_slider import time_slider
from playground.ui.forms import QUIET, Form
from playground.ui.live import changing
from playground.ui.preview import preview

if TYPE_CHECKING:
    from playground.page.service import Service

TEXTS = Path(__file__).parents[1] / "page" / "text"
LATEX = [{"left": "$$", "right": "$$", "display": True}, {"left": "$", "right": "$", "display": False}]


def text(name: str, part: str) -> gr.Markdown:
    """A part of `text/<name>.md`: `lead`, above the pictures, or `body`, below them; parts are divided by a rule."""
    lead, _, body = (TEXTS / f"{name}.md").read_text("utf-8").partition("\n---\n")
    return gr.Markdown(lead if part == "lead" else body, latex_delimiters=LATEX, elem_classes=[f"text-{part}"])


class TrainingTab:
    """The parts of a training tab: a run bar above the pictures (`draw_pictures`), a form beside them, a text below.

    `groups` are those of settings that stand on their own, under a heading; `labs` are the sections below the
    pictures, each a title and a function that draws and wires it.
    """

    groups: tuple[str, ...] = ()
    heading = ""
    extra: tuple[FieldSpec, ...] = ()
    """Fields of the form that the config does not have."""
    labs: tuple[tuple[str, Callable[[TrainingTab], None]], ...] = ()

    def __init__(self, name: str, service: Service, config: type[RunConfig]) -> None:
        self.name, self.service, self.config = name, service, config
        self.form = Form(name, config, extra=self.extra, change=changing(service))
        text(name, "lead")
        with gr.Row(elem_classes=["tab-row"]):
            with gr.Column(scale=7, min_width=320, elem_classes=["tab-pictures"]):
                self.bar = run_bar(name, server_functions=service.server_functions())
                self.slider = time_slider(name, server_functions=service.server_functions())
                self.draw_pictures()
            with gr.Column(scale=3, min_width=280, elem_classes=["tab-form"]):
                self.draw_form()
        self.draw_labs()
        text(name, "body")
        self.wire()

    def draw_pictures(self) -> None:
        """The pictures of this tab, from top to bottom."""
        raise NotImplementedError

    def draw_labs(self) -> None:
        """The sections below the pictures; only the one that is open is in the page."""
        if not self.labs:
            return
        with gr.Tabs(elem_classes=["labs"], elem_id=f"labs-{self.name}"):
            for title, draw in self.labs:
                with gr.Tab(title):
                    draw(self)

    def draw_form(self) -> None:
        """Data first, then the settings that matter, then the rest, folded away."""
        self.form.draw("dataset")
        self.preview = data_preview(preview(self.form.specs["dataset"].default))
        together = self.form.group(*self.groups)
        main = [name for name in self.form.rest() if self.form.specs[name].main and name not in together]
        self.form.draw(*main)
        if together:
            self.draw_together()
        with gr.Accordion("More settings", open=False):
            self.form.draw(*self.form.rest())

    def draw_together(self) -> None:
        """The settings that stand in a group of their own."""
        gr.Markdown(self.heading)
        self.form.draw(*self.form.group(*self.groups))

    def wire(self) -> None:
        """Connects the buttons and the card of the data; live settings reach a running loop by themselves."""
        self.form.changed(["dataset"], lambda values: preview(values["dataset"]), [], self.preview)
        self.bar.train(self.start, None, self.bar, **QUIET)
        self.slider.fork(self.fork, None, [self.bar, self.slider], **QUIET)

    @answering
    def start(self, event: gr.EventData) -> dict[str, str]:
        """Train was pressed: a run id, or a sentence for the run bar."""
        return {"run": self.service.train({"model": self.config.model_fields["model"].default, **self.form.values(event)})}

    def fork(self, event: gr.EventData) -> tuple[dict[str, str], float]:
        """Continue from here was pressed: a run id, or a sentence for the run bar; and anything new for the slider."""
        return self._forked(event), time.time()

    @answering
    def _forked(self, event: gr.EventData) -> dict[str, str]:
        asked = event._data if isinstance(event._data, dict) else {}
        return {"run": self.service.fork(asked.get("run", ""), asked.get("step", 0), self.form.values(event))}

    def found(self, event: gr.EventData) -> dict[str, Any]:
        """The settings of the run that the run bar found again; the page says which, so they are looked up."""
        try:
            return self.service.registry.get((event._data or {}).get("run", "")).config
        except (*REFUSALS, AttributeError):
            raise gr.Error("That run is no longer kept here.") from None
