"""What all tabs share: an instrument that fits the window. Above all the run bar and the time slider; below them, side by side, what one looks
into (`draw_view`), what comes out (`draw_outcome`), over which a bench of the dock opens, and the form."""

from __future__ import annotations

import time
from collections.abc import Callable
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from playground.config import FieldSpec, RunConfig
from playground.runtimes.refusals import REFUSALS, answering
from playground.ui import prose, words
from playground.ui.components.data_preview import data_preview
from playground.ui.components.run_bar import run_bar
from playground.ui.components.time_slider import time_slider
from playground.ui.following import joined
from playground.ui.forms import QUIET, Form
from playground.ui.live import changing, knowing, saving
from playground.ui.preview import preview

if TYPE_CHECKING:
    from playground.page.service import Service

TEXTS = Path(__file__).parents[1] / "page" / "text"
LATEX = [{"left": "$$", "right": "$$", "display": True}, {"left": "$", "right": "$", "display": False}]
CLOSED = "Outcome"


def slug(title: str) -> str:
    """A bench in the page's address: "Bound and gap" is bound-and-gap."""
    return title.lower().replace(" ", "-")


def texts(name: str) -> list[str]:
    """The parts of `text/<name>.md`: the lead, the theory of the model, and what to try with its settings; rules divide them."""
    return (TEXTS / f"{name}.md").read_text("utf-8").split("\n---\n")


class TrainingTab:
    """The parts of a training tab. `groups` are those of settings that stand on their own, under a heading; `benches` are the benches of the
    dock, each a title and a function that draws and wires it."""

    groups: tuple[str, ...] = ()
    heading = ""
    extra: tuple[FieldSpec, ...] = ()
    """Fields of the form that the config does not have."""
    benches: tuple[tuple[str, Callable[[TrainingTab], None]], ...] = ()
    cards: tuple[str, ...] = ()
    """Cards outside the dock whose theory stands in the drawer, too."""

    def __init__(self, name: str, service: Service, config: type[RunConfig]) -> None:
        self.name, self.service, self.config = name, service, config
        self.form = Form(name, config, extra=self.extra, change=changing(service))
        with gr.Row(elem_classes=["instrument-top"]):
            functions = [*service.server_functions(), knowing(service), saving(service)]
            self.bar = run_bar(name, server_functions=functions, named=True, kept=service.kept(name))
            self.slider = time_slider(name, server_functions=service.server_functions())
        with gr.Row(elem_classes=["instrument-row"]):
            with gr.Column(scale=5, min_width=250, elem_classes=["instrument-form"]):
                self.draw_form()
            with gr.Column(scale=9, min_width=320, elem_classes=["instrument-view"]):
                gr.Markdown(texts(name)[0], latex_delimiters=LATEX, elem_classes=["text-lead"])
                self.draw_theory()
                self.draw_view()
            with gr.Column(scale=10, min_width=320, elem_classes=["instrument-middle"]):
                with gr.Column(elem_classes=["instrument-outcome"]):
                    self.draw_outcome()
                self.draw_dock()
        self.wire()

    def draw_view(self) -> None:
        """What one looks into while the model learns: large, always in sight."""
        raise NotImplementedError

    def draw_outcome(self) -> None:
        """What comes out of the model and how good it is, from top to bottom."""
        raise NotImplementedError

    @classmethod
    def bench_names(cls) -> list[str]:
        """What the benches of the dock are called in addresses."""
        return [slug(title) for title in (CLOSED, *(title for title, _ in cls.benches))]

    def draw_dock(self) -> None:
        """The dock, whose benches open over the outcome; only the one that is open is in the page. The first closes them all."""

        def nothing(tab: TrainingTab) -> gr.HTML:
            return gr.HTML('<div class="no-bench"></div>', apply_default_css=False)

        benches = ((CLOSED, nothing), *self.benches)
        with gr.Tabs(elem_classes=["dock"], elem_id=f"dock-{self.name}") as self.dock:
            for (title, draw), name in zip(benches, self.bench_names()):
                with gr.Tab(title, id=name):
                    if said := words.head(title):
                        gr.HTML(said, apply_default_css=False, elem_classes=["playground-view"])
                    draw(self)

    def draw_theory(self) -> None:
        """The drawer of equations and sources, of the model and of its benches; it has its text from its first opening on."""
        titles = [title for title, _ in self.benches]
        said = f"{texts(self.name)[1]}\n\n{words.theory(*titles, *self.cards)}"
        with gr.Column(elem_classes=["theory"], elem_id=f"theory-of-{self.name}"):
            body = gr.Markdown(latex_delimiters=LATEX, elem_classes=["text-body"])
        opener = gr.Button("Theory", elem_classes=["theory-open"], elem_id=f"theory-{self.name}", size="sm")
        opener.click(None, None, body, js=f"() => {dumps(said)}", api_visibility="private")

    def draw_form(self) -> None:
        """Data first, then the settings that matter, then the rest, folded away."""
        gr.HTML(
            words.popover("What to try", "What to try with the settings", prose.html(texts(self.name)[2])),
            apply_default_css=False,
            elem_classes=["playground-view"],
        )
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
        return {
            "run": self.service.train(
                {"model": self.config.model_fields["model"].default, **self.form.values(event), **joined(event)}
            )
        }

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
